"""Glyphs drawn from fonts: training data that every machine has."""

from __future__ import annotations

import importlib.util
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from ocr.data.cropping import crop_of, of_crops, other_case
from ocr.data.samples import Samples
from ocr.decode.geometry import SCALED
from ocr.errors import DataError
from ocr.export.fonts import MISSING, SYSTEM_FOLDERS, glyph_pixels, has_glyph
from ocr.segment.crops import SIZE

PER_CHARACTER = 200  # samples; enough that a dozen fonts are each seen at many weights and slants
SUFFIXES = (".ttf", ".otf")
SYMBOL_NAMES = (
    "symbol",
    "dingbat",
    "d050000l",  # the dingbats that come with Ghostscript
    "wingding",
    "webding",
    "emoji",
    "icon",
    "ornament",
    "math",
)
SIZES = (28, 48, 72)  # px an em: from coarse, which is blurred by scaling up, to fine
THINNEST, BOLDEST = -1, 3  # px taken from or added to each side of a stroke, at 72 px an em
SLANT = 0.25  # of the height, to either side: an italic leans about 0.2
NARROWEST, WIDEST = 0.75, 1.25


def synthesize(
    alphabet: str, *, seed: int, per_character: int = PER_CHARACTER, folder: Path | None = None
) -> Samples:
    """Draw every character of the alphabet that some font has.

    Parameters
    ----------
    alphabet : str
    seed : int
    per_character : int
        Samples of each character, each with its own font, size, weight, slant and width;
        fewer where some styles of a family lack the character.
    folder : Path, optional
        Fonts to draw from, or one font; by default Pillow's own, the DejaVu fonts that come with
        Matplotlib if it is installed, and the fonts of the system.

    Raises
    ------
    DataError
        A folder without fonts that have letters.
    """
    families = families_below(folder)
    rng = np.random.default_rng(seed)
    pairs = [
        (character, font)
        for character in alphabet
        for font in picked(families, character, count=per_character, rng=rng)
    ]
    crops = [crop_of(draw(character, font, rng=rng)) for character, font in pairs]
    characters = np.array([character for character, _ in pairs], "<U1")
    return of_crops(
        np.array(crops, np.uint8).reshape(-1, SIZE, SIZE),
        characters,
        alphabet=alphabet,
        either=other_case(characters, SCALED),
    )


def families_below(folder: Path | None) -> list[list[ImageFont.FreeTypeFont]]:
    """Families of the fonts in a folder, or of all there are; DataError if there are none."""
    families = families_of(text_fonts(all_fonts() if folder is None else fonts_in(folder)))
    if not families:
        raise DataError(f"{folder} has no fonts with letters (put .ttf or .otf files in it)")
    return families


def all_fonts() -> Iterator[ImageFont.FreeTypeFont]:
    """Fonts of Pillow, of Matplotlib if it is installed, and of the system."""
    default = ImageFont.load_default(SIZES[0])
    if isinstance(default, ImageFont.FreeTypeFont):
        yield default
    # found without importing it, which takes a second
    matplotlib = importlib.util.find_spec("matplotlib")
    if matplotlib is not None and matplotlib.origin is not None:
        yield from fonts_in(Path(matplotlib.origin).parent / "mpl-data/fonts/ttf", "DejaVu*")
    for folder in SYSTEM_FOLDERS:
        yield from fonts_in(Path(folder).expanduser())


def fonts_in(folder: Path, pattern: str = "*") -> Iterator[ImageFont.FreeTypeFont]:
    """Readable fonts anywhere below a folder, in the order of their paths; or a font itself."""
    for path in [folder] if folder.is_file() else sorted(folder.rglob(pattern)):
        if path.suffix.lower() in SUFFIXES and not is_symbol_font(path):
            try:
                yield ImageFont.truetype(str(path), SIZES[0])
            except OSError:
                continue


def is_symbol_font(path: Path) -> bool:
    """Whether a font shows pictures where letters are asked for."""
    if any(name in path.name.lower() for name in SYMBOL_NAMES):
        return True
    try:
        ImageFont.truetype(str(path), SIZES[0], encoding="symb")
    except OSError:
        return False
    return True


def text_fonts(fonts: Iterator[ImageFont.FreeTypeFont]) -> Iterator[ImageFont.FreeTypeFont]:
    """Fonts that have letters, each name once."""
    names = set()
    for font in fonts:
        if font.getname() not in names and has_letters(font):
            names.add(font.getname())
            yield font


def has_letters(font: ImageFont.FreeTypeFont) -> bool:
    """Whether a font has Latin letters, each its own, and not in frames."""
    # a font of last resort draws one mark for a whole script
    marks = {glyph_pixels(font, character) for character in (*"ABab", MISSING)}
    # where a full stop is as high as a letter, both are drawn as keys or in boxes
    (_, stop_top, _, stop_bottom), (_, top, _, bottom) = font.getbbox("."), font.getbbox("A")
    return len(marks) == 5 and stop_bottom - stop_top < (bottom - top) / 2


def families_of(fonts: Iterator[ImageFont.FreeTypeFont]) -> list[list[ImageFont.FreeTypeFont]]:
    """Fonts that share a family name, together."""
    families = defaultdict(list)
    for font in fonts:
        families[font.getname()[0]].append(font)
    return list(families.values())


def picked(
    families: list[list[ImageFont.FreeTypeFont]],
    character: str,
    *,
    count: int,
    rng: np.random.Generator,
) -> list[ImageFont.FreeTypeFont]:
    """Fonts that have a character, each family as likely as any other, however many its styles."""
    able = [family for family in families if has_glyph(family[0], character)]
    chosen = [able[i] for i in rng.integers(len(able), size=count)] if able else []
    fonts = [family[rng.integers(len(family))] for family in chosen]
    return [font for font in fonts if has_glyph(font, character)]


def draw(
    character: str, font: ImageFont.FreeTypeFont, *, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Ink [h, w], 255 on 0, of a character at a random size, weight, slant and width."""
    size = int(rng.choice(SIZES))
    weight = round(rng.uniform(THINNEST, BOLDEST) * size / SIZES[-1])
    image = draw_upright(character, font.font_variant(size=size), weight=weight)
    slant, stretch = rng.uniform(-SLANT, SLANT), rng.uniform(NARROWEST, WIDEST)
    return np.asarray(slanted(image, slant=slant, stretch=stretch))


def draw_upright(character: str, font: ImageFont.FreeTypeFont, *, weight: int) -> Image.Image:
    """Character with `weight` px added to each side of its strokes, or taken from it."""
    bolder = max(weight, 0)
    left, top, right, bottom = (
        round(side) for side in font.getbbox(character, stroke_width=bolder)
    )
    margin = 2  # px, so that thinning and slanting find paper all around
    image = Image.new("L", (right - left + 2 * margin, bottom - top + 2 * margin))
    ImageDraw.Draw(image).text(
        (margin - left, margin - top), character, fill=255, font=font, stroke_width=bolder
    )
    if weight >= 0:
        return image
    thinner = image.filter(ImageFilter.MinFilter(3))
    # hairlines that would vanish stay
    return Image.blend(image, thinner, 0.8)


def slanted(image: Image.Image, *, slant: float, stretch: float) -> Image.Image:
    """Image leaning to the right by `slant` of its height and `stretch` times as wide."""
    lean = abs(slant) * image.height
    width = round((image.width + lean) * stretch)
    # from (x, y) of the answer to the image; the top moves right where slant is positive
    start = -lean if slant > 0 else 0.0
    matrix = (1 / stretch, slant, start, 0.0, 1.0, 0.0)
    return image.transform(
        (width, image.height), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR
    )
