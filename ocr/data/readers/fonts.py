"""Draw characters from fonts: training data that every machine has."""

from __future__ import annotations

import importlib.util
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from ocr.data.cropping import crop_image, make_samples, other_case
from ocr.data.samples import Samples, Source, no_parts
from ocr.decode.geometry import SCALED
from ocr.errors import DataError
from ocr.export.fonts import MISSING, SYSTEM_FOLDERS, glyph_pixels, has_glyph

NAME = "fonts"
PER_CHARACTER = 200  # samples; enough that a dozen fonts are each seen at many weights and slants
SUFFIXES = (".ttf", ".otf")
SYMBOL_NAMES = ["symbol", "dingbat", "wingding", "webding", "emoji", "icon", "ornament", "math"]
SYMBOL_NAMES += ["d050000l"]  # the dingbats that come with Ghostscript
SIZES = (28, 48, 72)  # px an em: from coarse, which is blurred by scaling up, to fine
MIN_WEIGHT, MAX_WEIGHT = -1, 3  # px added to each side of a stroke, at 72 px an em
MAX_SLANT = 0.25  # of the height, to either side: an italic leans about 0.2
MIN_STRETCH, MAX_STRETCH = 0.75, 1.25  # of the width

Font = ImageFont.FreeTypeFont

list_parts = no_parts


def recognizes(source: Source) -> bool:
    """Return whether a source is ``fonts`` (of this system) or ``fonts:PATH``."""
    return str(source) == NAME or str(source).startswith(f"{NAME}:")


def read(
    source: Source, *, alphabet: str | None, seed: int = 0, part: str | None = None
) -> Samples:
    """Draw every character of the alphabet from the fonts of the system or of a folder."""
    if alphabet is None:
        raise DataError(f"{source} can draw any characters (choose them by --alphabet)")
    return synthesize(alphabet, seed=seed, folder=folder_of(str(source)))


def folder_of(source: str) -> Path | None:
    """Return the path that ``fonts:PATH`` names, which must exist; None for ``fonts``."""
    folder = source.removeprefix(NAME).removeprefix(":")
    if folder and not Path(folder).exists():
        raise DataError(f"cannot read {folder}: no such file or folder (check the path)")
    return Path(folder) if folder else None


def synthesize(
    alphabet: str, *, seed: int, per_character: int = PER_CHARACTER, folder: Path | None = None
) -> Samples:
    """Draw every character of the alphabet that some font has.

    Each of the `per_character` samples has its own font, size, weight, slant and width; there are
    fewer where some styles of a family lack the character. `folder` is a folder of fonts or one
    font, by default those of `_find_all_fonts`; DataError if it has none with letters.
    """
    families = find_families(folder)
    rng = np.random.default_rng(seed)
    pairs = [
        (character, font)
        for character in alphabet
        for font in _pick_fonts(families, character, count=per_character, rng=rng)
    ]
    crops = [crop_image(_draw_varied(character, font, rng=rng)) for character, font in pairs]
    characters = np.array([character for character, _ in pairs], "<U1")
    either = other_case(characters, SCALED)
    return make_samples(crops, characters, alphabet=alphabet, either=either)


def find_families(folder: Path | None) -> list[list[Font]]:
    """Return the fonts with letters in a folder, or of the system, grouped by family name.

    Raises DataError if there are none.
    """
    families: dict[str | None, list[Font]] = defaultdict(list)
    names = set()
    for font in _find_all_fonts() if folder is None else _find_fonts(folder):
        if font.getname() not in names and has_letters(font):
            names.add(font.getname())
            families[font.getname()[0]].append(font)
    if not families:
        raise DataError(f"{folder} has no fonts with letters (put .ttf or .otf files in it)")
    return list(families.values())


def _find_all_fonts() -> Iterator[Font]:
    """Yield the fonts of Pillow, of Matplotlib if it is installed, and of the system."""
    default = ImageFont.load_default(SIZES[0])
    if isinstance(default, Font):
        yield default
    matplotlib = importlib.util.find_spec("matplotlib")  # importing it takes a second
    if matplotlib is not None and matplotlib.origin is not None:
        yield from _find_fonts(Path(matplotlib.origin).parent / "mpl-data/fonts/ttf", "DejaVu*")
    for folder in SYSTEM_FOLDERS:
        yield from _find_fonts(Path(folder).expanduser())


def _find_fonts(folder: Path, pattern: str = "*") -> Iterator[Font]:
    """Yield the readable fonts anywhere below a folder in the order of their paths, or one font."""
    for path in [folder] if folder.is_file() else sorted(folder.rglob(pattern)):
        if path.suffix.lower() in SUFFIXES and not _is_symbol_font(path):
            try:
                yield ImageFont.truetype(str(path), SIZES[0])
            except OSError:
                continue


def _is_symbol_font(path: Path) -> bool:
    """Return whether a font has pictures in the place of letters."""
    if any(name in path.name.lower() for name in SYMBOL_NAMES):
        return True
    try:
        ImageFont.truetype(str(path), SIZES[0], encoding="symb")
    except OSError:
        return False
    return True


def has_letters(font: Font) -> bool:
    """Return whether a font has Latin letters, each different, and not in boxes."""
    # a font of last resort draws one mark for a whole script
    masks = {glyph_pixels(font, character) for character in (*"ABab", MISSING)}
    # where a full stop is as high as a letter, both are drawn as keys or in boxes
    (_, stop_top, _, stop_bottom), (_, top, _, bottom) = font.getbbox("."), font.getbbox("A")
    return len(masks) == 5 and stop_bottom - stop_top < (bottom - top) / 2


def _pick_fonts(
    families: list[list[Font]], character: str, *, count: int, rng: np.random.Generator
) -> list[Font]:
    """Pick fonts that have a character, each family equally often, however many its styles."""
    able = [family for family in families if has_glyph(family[0], character)]
    chosen = [able[i] for i in rng.integers(len(able), size=count)] if able else []
    fonts = [family[rng.integers(len(family))] for family in chosen]
    return [font for font in fonts if has_glyph(font, character)]


def _draw_varied(character: str, font: Font, *, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return the ink [h, w], 255 on 0, of a character at random size, weight, slant and width."""
    size = int(rng.choice(SIZES))
    weight = round(rng.uniform(MIN_WEIGHT, MAX_WEIGHT) * size / SIZES[-1])
    image = _draw_upright(character, font.font_variant(size=size), weight=weight)
    slant, stretch = rng.uniform(-MAX_SLANT, MAX_SLANT), rng.uniform(MIN_STRETCH, MAX_STRETCH)
    return np.asarray(slant_image(image, slant=slant, stretch=stretch))


def _draw_upright(character: str, font: Font, *, weight: int) -> Image.Image:
    """Draw a character with `weight` px added to each side of its strokes, or taken from it."""
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
    # blended with the original, so that hairlines do not vanish
    return Image.blend(image, image.filter(ImageFilter.MinFilter(3)), 0.8)


def slant_image(image: Image.Image, *, slant: float, stretch: float) -> Image.Image:
    """Return an image leaning to the right by `slant` of its height, `stretch` times as wide."""
    lean = abs(slant) * image.height
    width = round((image.width + lean) * stretch)
    # from (x, y) of the result to the image; the top moves right where slant is positive
    start = -lean if slant > 0 else 0.0
    matrix = (1 / stretch, slant, start, 0.0, 1.0, 0.0)
    return image.transform(
        (width, image.height), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR
    )
