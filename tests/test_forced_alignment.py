from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ocr.alphabet import Alphabet
from ocr.segment.lattice import Atom, Candidate, Lattice
from ocr.training.forced_alignment import align_line, emissions, posteriors

ABC = Alphabet("ABCc", reject=True)
REJECT = ABC.reject_index or 0


def row_of(count: int) -> Lattice:
    """Atoms of 10×20 px side by side, each a candidate, and each two neighbours one more."""
    atoms = [Atom(i, (12 * i, 0, 12 * i + 10, 20)) for i in range(count)]
    candidates = [Candidate(i, i + 1, atoms[i].box) for i in range(count)]
    candidates += [Candidate(i, i + 2, (12 * i, 0, 12 * i + 22, 20)) for i in range(count - 1)]
    return Lattice(atoms, candidates, 20.0, 0.0)


def saying(lattice: Lattice, outputs: list[int]) -> NDArray[np.float32]:
    """Log-probabilities of a classifier that gives each candidate one output, 9 in 10."""
    probabilities = np.full((len(lattice.candidates), len(ABC)), 0.1 / (len(ABC) - 1), np.float32)
    probabilities[np.arange(len(outputs)), outputs] = 0.9
    return np.log(probabilities)


def test_letters_that_are_read_right_are_labelled_and_joins_are_wrong_cuts() -> None:
    lattice = row_of(3)
    labels = align_line(lattice, saying(lattice, [0, 1, 2, REJECT, REJECT]), "A B C", ABC)
    assert labels.letters == [(0, 0), (1, 1), (2, 2)]
    assert labels.wrong == [3, 4]


def test_a_letter_that_is_misread_is_labelled_by_its_neighbours() -> None:
    lattice = row_of(3)
    labels = align_line(lattice, saying(lattice, [0, 0, 2, REJECT, REJECT]), "ABC", ABC)
    assert labels.letters == [(0, 0), (1, 1), (2, 2)]


def test_a_letter_in_two_pieces_is_one_candidate() -> None:
    lattice = row_of(3)
    labels = align_line(lattice, saying(lattice, [0, REJECT, REJECT, REJECT, 1]), "AB", ABC)
    assert labels.letters == [(0, 0), (4, 1)]
    assert set(labels.wrong) == {1, 2, 3}


def test_what_the_line_leaves_open_is_not_labelled() -> None:
    lattice = row_of(3)
    labels = align_line(lattice, saying(lattice, [0, REJECT, 0, REJECT, REJECT]), "A", ABC)
    assert labels.letters == []


def test_a_character_that_the_model_lacks_is_found_by_its_place() -> None:
    lattice = row_of(3)
    labels = align_line(lattice, saying(lattice, [0, 3, 1, REJECT, REJECT]), "AΩB", ABC)
    assert labels.letters == [(0, 0), (1, 1), (2, 2)]


def test_a_small_letter_may_be_typed_as_its_capital() -> None:
    lattice = row_of(1)
    emitted = emissions(lattice, saying(lattice, [0]), "a", ABC)
    assert emitted[0, 0] == pytest.approx(np.log(0.9))


def test_posteriors_of_a_line_that_fits_in_one_way_are_certain() -> None:
    lattice = row_of(2)
    emitted = np.array([[0.0, -30.0], [-30.0, 0.0], [-30.0, -30.0]])
    weights = posteriors(lattice, emitted, np.full(2, -30.0))
    assert weights == pytest.approx(np.array([[1.0, 0], [0, 1], [0, 0]]), abs=1e-2)


def test_every_characters_posteriors_sum_to_at_most_one() -> None:
    lattice = row_of(4)
    rng = np.random.default_rng(0)
    emitted = -5 * rng.random((len(lattice.candidates), 3))
    weights = posteriors(lattice, emitted, np.full(4, -1.0))
    assert (weights >= 0).all()
    assert (weights.sum(0) <= 1 + 1e-9).all()
