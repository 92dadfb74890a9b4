"""Glyphs drawn from fonts: training data that every machine has."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from ocr.errors import DataError
from ocr.segment.crops import SIZE
from ocr.training.cropping import crop_of, of_crops
from ocr.training.samples import Samples

PER_CHARACTER = 200  # samples; enough that a dozen fonts are each seen at many weights and slants
SUFFIXES = (".ttf", ".otf")
SYSTEM_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.fonts",
    "~/.local/share/fonts",
    "~/Library/Fonts",
    "/Library/Fonts",
    "/System/Library/Fonts",
    "C:\\Windows\\Fonts",
)
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
MISSING = "\uffff"  # never a character, so its glyph is the font's mark for a missing one
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
        Samples of each character, each with its own font, size, weight, slant and width.
    folder : Path, optional
        Fonts to draw from; by default Pillow's own, the DejaVu fonts that come with
        Matplotlib if it is installed, and the fonts of the system.

    Raises
    ------
    DataError
        A folder without fonts that have letters.
    """
    fonts = list(text_fonts(all_fonts() if folder is None else fonts_in(folder)))
    if not fonts:
        raise DataError(f"{folder} has no fonts with letters (put .ttf or .otf files in it)")
    rng = np.random.default_rng(seed)
    drawn = [
        (character, draw(character, font, rng=rng))
        for character in alphabet
        if (able := [font for font in fonts if has_glyph(font, character)])
        for font in _in_turn(able, per_character, rng)
    ]
    crops = [crop_of(ink) for _, ink in drawn]
    return of_crops(
        np.array(crops, np.uint8).reshape(-1, SIZE, SIZE),
        np.array([character for character, _ in drawn], "<U1"),
        alphabet=alphabet,
    )


def all_fonts() -> Iterator[ImageFont.FreeTypeFont]:
    """Fonts of Pillow, of Matplotlib if it is installed, and of the system, at the largest size."""
    default = ImageFont.load_default(SIZES[-1])
    if isinstance(default, ImageFont.FreeTypeFont):
        yield default
    # found without importing it, which takes a second
    matplotlib = importlib.util.find_spec("matplotlib")
    if matplotlib is not None and matplotlib.origin is not None:
        yield from fonts_in(Path(matplotlib.origin).parent / "mpl-data/fonts/ttf", "DejaVu*")
    for folder in SYSTEM_FOLDERS:
        yield from fonts_in(Path(folder).expanduser())


def fonts_in(folder: Path, pattern: str = "*") -> Iterator[ImageFont.FreeTypeFont]:
    """Readable fonts anywhere below a folder, in the order of their paths."""
    for path in sorted(folder.rglob(pattern)):
        if path.suffix.lower() in SUFFIXES and not is_symbol_font(path):
            try:
                yield ImageFont.truetype(str(path), SIZES[-1])
            except OSError:
                continue


def is_symbol_font(path: Path) -> bool:
    """Whether a font shows pictures where letters are asked for."""
    if any(name in path.name.lower() for name in SYMBOL_NAMES):
        return True
    try:
        ImageFont.truetype(str(path), SIZES[-1], encoding="symb")
    except OSError:
        return False
    return True


def text_fonts(fonts: Iterator[ImageFont.FreeTypeFont]) -> Iterator[ImageFont.FreeTypeFont]:
    """Fonts that have letters, each name once."""
    names = set()
    for font in fonts:
        has_letters = has_glyph(font, "A") and has_glyph(font, "a") and differ(font, "A", "B")
        if has_letters and font.getname() not in names:
            names.add(font.getname())
            yield font


def has_glyph(font: ImageFont.FreeTypeFont, character: str) -> bool:
    """Whether a font has a mark of its own for a character."""
    return font.getmask(character).getbbox() is not None and differ(font, character, MISSING)


def differ(font: ImageFont.FreeTypeFont, one: str, other: str) -> bool:
    """Whether a font draws two characters differently."""
    first, second = font.getmask(one), font.getmask(other)
    return first.size != second.size or bytes(first) != bytes(second)


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


def _in_turn(
    fonts: list[ImageFont.FreeTypeFont], count: int, rng: np.random.Generator
) -> list[ImageFont.FreeTypeFont]:
    """`count` of the fonts, each as often as any other, starting with any."""
    order = rng.permutation(len(fonts))
    return [fonts[order[i % len(fonts)]] for i in range(count)]
