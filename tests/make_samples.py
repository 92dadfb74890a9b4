"""Draw samples/ again: ``python -m tests.make_samples``."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from tests.page_maker import handprint_page
from tests.trouble_pages import PAGES

SAMPLES = Path(__file__).parents[1] / "samples"

NOTE = [
    "SHOPPING FOR FRIDAY",
    "6 EGGS AND 2 LEMONS",
    "BROWN BREAD, MILK",
    "1 JAR OF QUINCE JELLY",
    "500 G FLOUR, YEAST",
    "A BOX OF WAX CANDLES",
    "BACK BY 7:45",
]
LABEL = ["FRAGILE!", "BOX 13 OF 28", "KEEP DRY"]
PRINT = [
    "The quick brown fox jumps",
    "over the lazy dog. Pack my box",
    "with five dozen liquor jugs.",
    "",
    "Order 2790, paid 13 June 1846.",
]
#: The difficult page that each sample shows.
DIFFICULT = {
    "letter": "ruled paper in shadow",
    "whiteboard": "whiteboard",
    "form": "a letter a square",
}


def main() -> None:
    """Write each image and its text."""
    note = handprint_page(NOTE, seed=7, letter_height=66, tilt=-1.2, size=(1600, 1000))
    note.save(SAMPLES / "note.jpg", quality=78)
    label = handprint_page(
        LABEL, seed=3, letter_height=72, ink=(25, 25, 25), paper=(205, 172, 128), noise=2
    )
    label.quantize(32).save(SAMPLES / "label.png", optimize=True)
    draw_print(PRINT).save(SAMPLES / "print.png", optimize=True)
    texts = {"note": NOTE, "label": LABEL, "print": PRINT}
    for name, page in DIFFICULT.items():
        PAGES[page].draw().save(SAMPLES / f"{name}.jpg", quality=78)
        texts[name] = list(PAGES[page].lines)
    for name, lines in texts.items():
        text = "".join(line + "\n" for line in lines if line)
        (SAMPLES / f"{name}.gt.txt").write_text(text, encoding="utf-8")


def draw_print(lines: list[str]) -> Image.Image:
    """Draw a page in Pillow's own typeface."""
    page = Image.new("L", (1000, 120 + 64 * len(lines)), 255)
    draw = ImageDraw.Draw(page)
    for row, line in enumerate(lines):
        draw.text((60, 60 + 64 * row), line, fill=20, font=ImageFont.load_default(44))
    return page


if __name__ == "__main__":
    main()
