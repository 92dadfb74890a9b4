"""Draws pages of hand-print by writers whom no model was trained on, to measure `ocr train` with.

    python tools/writers_pages.py UNIPEN_FOLDER OUTPUT

Writers of UNIPEN that are kept apart for testing (`ocr.data.readers.unipen`) and wrote nearly all
small letters twice or more get a folder each: page-0 to page-4 to train on, page-5 to read.
The signs of page-5 are none of those on the others. Words are those of this project's licence,
set letter by letter on a line, at the size and place that each letter has in a hand.
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
from ocr.data.words import UNIT, at_size
from ocr.decode.geometry import shape_table

Strokes = tuple[NDArray[np.float32], ...]
Hand = dict[str, list[Strokes]]

LETTERS = "abcdefghijklmnopqrstuvwxyz"
ENOUGH = 20  # of these, written at least twice
PAGES, LINES, LONG = 6, 8, 26  # pages a writer, lines a page, characters a line at least
PITCH = 2.2 * UNIT  # px from line to line
PEN = 0.09  # of a sign's extent
MARGIN = 40  # px


def main() -> None:
    """Parse the command line, and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("unipen", type=Path)
    parser.add_argument("output", type=Path)
    options = parser.parse_args()
    licence = Path(__file__).resolve().parent.parent / "LICENSE"
    words = re.findall(r"[a-z]{2,9}", licence.read_text(encoding="utf-8").lower())
    for number, (donor, hand) in enumerate(sorted(hands_in(options.unipen).items())):
        folder = options.output / f"writer-{number}"
        folder.mkdir(parents=True)
        rng = np.random.default_rng(number)
        for page in range(PAGES):
            apart = page == PAGES - 1
            own = {c: signs[1::2] if apart else signs[::2] for c, signs in hand.items()}
            lines = [spelled(words, own, rng) for _ in range(LINES)]
            written(lines, own, rng).save(folder / f"page-{page}.png")
            (folder / f"page-{page}.gt.txt").write_text("\n".join(lines) + "\n")
        print(folder, donor)


def hands_in(folder: Path) -> dict[str, Hand]:
    """Signs of each writer kept apart who wrote enough of the alphabet."""
    hands: dict[str, Hand] = defaultdict(lambda: defaultdict(list))
    for file in unipen.list_files(folder):
        for sign in unipen.read_glyphs(file, alphabet=LETTERS):
            if unipen.is_test_donor(sign.donor):
                hands[sign.donor][sign.character].append(sign.strokes)
    twice = {
        donor: {c: signs for c, signs in hand.items() if len(signs) > 1}
        for donor, hand in hands.items()
    }
    return {donor: hand for donor, hand in twice.items() if len(hand) >= ENOUGH}


def spelled(words: list[str], hand: Hand, rng: np.random.Generator) -> str:
    """Words of which the hand has every letter."""
    line: list[str] = []
    while sum(map(len, line)) < LONG:
        word = words[rng.integers(len(words))]
        if set(word) <= set(hand):
            line.append(word)
    return " ".join(line)


def written(lines: list[str], hand: Hand, rng: np.random.Generator) -> Image.Image:
    """Page in dark ink on pale paper, with a camera's noise."""
    width = round(1.2 * UNIT * max(map(len, lines))) + 2 * MARGIN
    ink = np.zeros((round(PITCH * (len(lines) + 1)), width), np.float32)
    for row, line in enumerate(lines, start=1):
        left = MARGIN
        for character in line:
            if character == " ":
                left += round(rng.normal(0.7 * UNIT, 2))
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
    """Ink of one of the hand's signs, and the pixels from its foot to the baseline."""
    strokes = hand[character][rng.integers(len(hand[character]))]
    extent = float(np.ptp(np.concatenate(strokes), axis=0).max()) or 1.0
    drawn = (unipen.draw_strokes(strokes, pen=PEN * extent) * 255).astype(np.uint8)
    return at_size(drawn, shape_table(character)[0], rng)


if __name__ == "__main__":
    main()
