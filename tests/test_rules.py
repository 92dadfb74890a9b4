from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ocr.segment.rules import find_rules

Mask = NDArray[np.bool_]


def rule(*, slope: float = 0.0, bend: float = 0.0, left: int = 0, thickness: int = 2) -> Mask:
    """Page of 200 by 600 px with one rule, at y = 100 in the middle."""
    mask = np.zeros((200, 600), np.bool_)
    for x in range(left, 600):
        y = round(100 + slope * (x - 300) + bend * ((x - 300) / 300) ** 2)
        mask[y : y + thickness, x] = True
    return mask


def letters(foot: int = 102) -> Mask:
    """Word of stems with bars, 5 px thick and 40 px tall, that stand on a rule."""
    mask = np.zeros((200, 600), np.bool_)
    for x in range(150, 400, 40):
        mask[foot - 40 : foot, x : x + 5] = mask[foot - 40 : foot, x + 20 : x + 25] = True
        mask[foot - 22 : foot - 17, x : x + 25] = True
    return mask


@pytest.mark.parametrize("slope", [-0.08, -0.03, 0, 0.03, 0.08])
def test_rule_alone_is_found_whole(slope: float) -> None:
    assert (find_rules(rule(slope=slope)) == rule(slope=slope)).mean() > 0.999


@pytest.mark.parametrize(
    "kind",
    [{}, {"slope": 0.02}, {"bend": 6.0}, {"left": 60}],
    ids=["level", "tilted", "bent", "left"],
)
def test_rule_is_followed_through_letters_that_stay(kind: dict[str, float]) -> None:
    line, word = rule(**kind), letters()  # type: ignore[arg-type]
    rest = (line | word) & ~find_rules(line | word)
    assert (rest & word).sum() > 0.97 * word.sum()
    assert (rest & ~word).sum() < 0.05 * (line & ~word).sum()


def test_rules_under_every_row_are_found() -> None:
    page = rule() | np.roll(rule(), 40, axis=0) | np.roll(rule(), -50, axis=0)
    assert (find_rules(page) == page).all()


def test_letters_without_rules_have_none() -> None:
    assert not find_rules(letters()).any()


def test_bar_of_a_large_letter_is_no_rule() -> None:
    large = np.zeros((300, 260), np.bool_)
    large[20:23, 20:240] = large[20:280, 128:131] = True  # a T by a fine pen
    assert not find_rules(large).any()


def test_short_dash_is_no_rule() -> None:
    dash = np.zeros((200, 600), np.bool_)
    dash[100:102, 200:300] = True
    assert not find_rules(dash).any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (9, 9)])
@pytest.mark.parametrize("ink", [False, True])
def test_tiny_pages_have_no_rules(shape: tuple[int, int], ink: bool) -> None:
    assert not find_rules(np.full(shape, ink)).any()


def test_feet_of_printed_letters_are_no_rule() -> None:
    text = np.zeros((200, 600), np.bool_)
    for x in range(20, 580, 12):  # stems with serifs 3 px apart
        text[100:120, x : x + 3] = True
        text[118:120, x - 3 : x + 6] = text[100:102, x - 3 : x + 6] = True
    assert not find_rules(text).any()


def test_rule_that_leaves_the_image_beside_the_writing_is_found() -> None:
    word = np.zeros((200, 600), np.bool_)
    for x in range(30, 570, 14):
        word[60:102, x : x + 10] = True  # the rule shows for 4 px in 14, and for 20 at the end
    assert (find_rules(word | rule()) & ~word).sum() > 0.9 * (rule() & ~word).sum()


def test_underline_is_followed_past_feet_that_merge_with_it() -> None:
    line = rule(left=40) & (np.arange(600) < 560)
    feet = np.zeros((200, 600), np.bool_)
    for x in range(80, 520, 24):
        feet[96:100, x : x + 14] = True
    assert (find_rules(line | feet) == line & ~feet.any(0)).all()


def test_only_rules_that_meet_others_are_found_where_they_have_to() -> None:
    down = np.zeros((200, 600), np.bool_)
    down[:150, 300:302] = True
    assert find_rules(rule(), met=down).any()
    assert not find_rules(rule(), met=np.roll(down, 105, axis=0)).any()


def test_stem_that_stands_on_a_finer_rule_stays() -> None:
    stem = np.zeros((200, 600), np.bool_)
    stem[98:104, 200:260] = True
    assert not (find_rules(stem | rule()) & stem & ~rule()).any()


def test_white_between_two_dashes_is_no_rule() -> None:
    mask = np.zeros((30, 400), np.bool_)
    mask[25:27, 20:380] = True
    mask[10, 100:103] = mask[10, 107:110] = mask[8:14, 104] = mask[8:14, 106] = True
    assert find_rules(mask)[25:27, 20:380].all()
    assert not find_rules(mask.T)[:, :20].any()


@pytest.mark.parametrize("seed", range(40))
def test_noise_of_any_shape_does_not_fail(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mask = rng.uniform(size=rng.integers(1, 260, 2)) < rng.uniform(0.02, 0.6)
    assert find_rules(mask, met=mask).shape == mask.shape
