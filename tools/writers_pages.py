"""Draw pages in the hand-print of writers whom no model was trained on, to evaluate `ocr train`.

    python tools/writers_pages.py UNIPEN_FOLDER OUTPUT

Each UNIPEN writer of the test part (`ocr.data.readers.unipen`) who wrote nearly all lower-case
letters at least twice gets a folder: page-0 to page-4 to train on, page-5 to read. Page-5 uses
other signs than the rest. Words are taken from this project's license and set letter by letter on
a line, with the size and position that each letter has in handwriting.
"""

from __future__ import annotations

import argparse
import re
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocr.data.readers import unipen
from ocr.data.words import CAP_HEIGHT, scale_letter
from ocr.decode.geometry import shape_table

Strokes = tuple[NDArray[np.float32], ...]
Hand = dict[str, list[Strokes]]

LETTERS = "abcdefghijklmnopqrstuvwxyz"
MIN_LETTERS = 20  # of these, written at least twice
PAGES = 6  # per writer
LINES = 8  # per page
MIN_LENGTH = 26  # characters of a line, without spaces
PITCH = 2.2 * CAP_HEIGHT  # px between baselines
PEN = 0.09  # width of the pen, in extents of a sign
MARGIN = 40  # px


def main() -> None:
    """Parse the command line and draw the pages."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("unipen", type=Path)
    parser.add_argument("output", type=Path)
    options = parser.parse_args()
    license_file = Path(__file__).resolve().parent.parent / "LICENSE"
    words = re.findall(r"[a-z]{2,9}", license_file.read_text(encoding="utf-8").lower())
    for number, (donor, hand) in enumerate(sorted(load_hands(options.unipen).items())):
        folder = options.output / f"writer-{number}"
        folder.mkdir(parents=True)
        rng = np.random.default_rng(number)
        for page in range(PAGES):
            is_test = page == PAGES - 1
            own = {c: signs[1::2] if is_test else signs[::2] for c, signs in hand.items()}
            lines = [choose_words(words, own, rng) for _ in range(LINES)]
            draw_page(lines, own, rng).save(folder / f"page-{page}.png")
            (folder / f"page-{page}.gt.txt").write_text("\n".join(lines) + "\n")
        print(folder, donor)


def load_hands(folder: Path) -> dict[str, Hand]:
    """Load the signs of each test writer who wrote enough of the alphabet."""
    hands: dict[str, Hand] = defaultdict(lambda: defaultdict(list))
    for file in unipen.list_files(folder):
        for sign in unipen.read_glyphs(file, alphabet=LETTERS):
            if unipen.is_test_donor(sign.donor):
                hands[sign.donor][sign.character].append(sign.strokes)
    twice = {
        donor: {c: signs for c, signs in hand.items() if len(signs) > 1}
        for donor, hand in hands.items()
    }
    return {donor: hand for donor, hand in twice.items() if len(hand) >= MIN_LETTERS}


def choose_words(words: list[str], hand: Hand, rng: np.random.Generator) -> str:
    """Return a line of random words whose letters the writer wrote."""
    line: list[str] = []
    while sum(map(len, line)) < MIN_LENGTH:
        word = words[rng.integers(len(words))]
        if set(word) <= set(hand):
            line.append(word)
    return " ".join(line)


def draw_page(lines: list[str], hand: Hand, rng: np.random.Generator) -> Image.Image:
    """Draw a page in dark ink on light paper, with the noise of a camera."""
    width = round(1.2 * CAP_HEIGHT * max(map(len, lines))) + 2 * MARGIN
    ink = np.zeros((round(PITCH * (len(lines) + 1)), width), np.float32)
    for row, line in enumerate(lines, start=1):
        left = MARGIN
        for character in line:
            if character == " ":
                left += round(rng.normal(0.7 * CAP_HEIGHT, 2))
                continue
            letter, foot = set_letter(character, hand, rng)
            top = round(row * PITCH) - foot - letter.shape[0]
            area = ink[top : top + letter.shape[0], left : left + letter.shape[1]]
            np.maximum(area, letter, out=area)
            left += letter.shape[1] + max(1, round(rng.normal(4, 1.5)))
    light = 235 - 180 * np.minimum(ink, 1) + rng.normal(0, 4, ink.shape)
    return Image.fromarray(light.clip(0, 255).astype(np.uint8))


def set_letter(
    character: str, hand: Hand, rng: np.random.Generator
) -> tuple[NDArray[np.float32], int]:
    """Draw a sign of the writer; return its ink and the pixels from its foot to the baseline."""
    strokes = hand[character][rng.integers(len(hand[character]))]
    extent = float(np.ptp(np.concatenate(strokes), axis=0).max()) or 1.0
    drawn = (unipen.draw_strokes(strokes, pen=PEN * extent) * 255).astype(np.uint8)
    return scale_letter(drawn, shape_table(character)[0], rng)


if __name__ == "__main__":
    main()
