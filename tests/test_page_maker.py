from __future__ import annotations

import numpy as np

from tests.page_maker import handprint_page
from tests.strokes import STROKES


def test_same_seed_draws_the_same_page() -> None:
    first, again, other = (handprint_page(["AB"], seed=seed) for seed in (1, 1, 2))
    assert first.tobytes() == again.tobytes() != other.tobytes()


def test_every_character_leaves_ink_of_its_own() -> None:
    for character in STROKES:
        page = handprint_page([character], seed=0, shade=0, noise=0)
        assert np.asarray(page.convert("L")).min() < 100, character


def test_ink_stays_on_the_page_when_it_is_tilted() -> None:
    page = np.asarray(handprint_page(["HELLO", "WORLD"], seed=0, tilt=5, shade=0, noise=0))
    edge = np.concatenate([page[0], page[-1], page[:, 0], page[:, -1]])
    assert edge.min() > 200


def test_light_ink_on_dark_paper() -> None:
    page = handprint_page(["HI"], seed=0, ink=(250, 250, 250), paper=(20, 60, 30))
    assert np.median(np.asarray(page)) < 80 < 220 < np.asarray(page).max()
