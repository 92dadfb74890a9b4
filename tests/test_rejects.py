from __future__ import annotations

import numpy as np
import pytest

from ocr.training.rejects import cut, joined, make_rejects, tight
from ocr.training.samples import Samples


def glyph(*, width: int = 6) -> np.ndarray:
    ink = np.zeros((32, 32), np.float32)
    left = (32 - width) // 2
    ink[4:28, left : left + width] = 1
    return ink


def samples(characters: str) -> Samples:
    crops = np.repeat(np.rint(glyph() * 255).astype(np.uint8)[None], len(characters), axis=0)
    labels = np.array([*characters], "<U1")
    return Samples(crops, labels, np.zeros_like(labels))


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_as_many_as_asked_for_without_a_label():
    made = make_rejects(samples("AB"), 25, rng())
    assert (made.crops.shape, made.crops.dtype) == ((25, 32, 32), np.uint8)
    assert set(made.characters) == set(made.either) == {""}


def test_crops_look_as_all_crops_do():
    crops = make_rejects(samples("AB"), 25, rng()).crops
    assert (crops.max(axis=(1, 2)) == 255).all()
    for crop in crops:
        rows, columns = np.nonzero(crop)
        assert max(np.ptp(rows), np.ptp(columns)) + 1 == 24
        assert not crop[:4].any() and not crop[:, :4].any()


@pytest.mark.parametrize("characters", ["", "-=."])
def test_marks_are_not_taken_apart(characters):
    assert len(make_rejects(samples(characters), 5, rng())) == 0


def test_the_same_seed_makes_the_same():
    one, two = (make_rejects(samples("ABC"), 9, rng()).crops for _ in range(2))
    np.testing.assert_array_equal(one, two)


def test_joined_glyphs_are_wider_than_one():
    widths = [tight(joined(np.stack([glyph()] * 3), rng())).shape[1] for _ in range(9)]
    assert min(widths) >= 2 * 6 - 2


@pytest.mark.parametrize("width", [4, 24])
def test_a_cut_leaves_a_part_of_full_height(width):
    some = [cut(glyph(width=width), np.random.default_rng(seed)) for seed in range(20)]
    assert all(part.shape[0] == 24 and 1 <= part.shape[1] < width for part in some)


def test_tight_cuts_to_the_ink():
    assert tight(glyph()).shape == (24, 6)


def test_tight_leaves_a_blank_as_it_is():
    assert tight(np.zeros((5, 7), np.float32)).shape == (5, 7)
