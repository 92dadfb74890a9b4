"""Models that were fine-tuned on pages or few letters, tested without pages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ocr.alphabet import Alphabet
from ocr.classifiers import describe
from ocr.classifiers.mlp import load_mlp
from ocr.data.samples import Samples
from ocr.errors import DataError
from ocr.evaluation.alignment import Alignment
from ocr.training import fine_tune_on_letters, fine_tune_on_pages
from ocr.training.fine_tune_on_pages import Handwriting
from ocr.training.numpy_learner import NumpyLearner
from tests.fakes import UniformClassifier

AB = Alphabet("AB")


@pytest.fixture
def saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Handwriting, NumpyLearner, Path]:
    """Handwriting, its learner two epochs on, and the model that is the first epoch's."""
    monkeypatch.setattr(fine_tune_on_pages, "measure", lambda held, reader, language: edits(reader))
    monkeypatch.setattr("ocr.training.fine_tuning.validate", lambda learner, samples: (0.5, 1.0))
    monkeypatch.setattr(fine_tune_on_pages, "samples_of", lambda lines, alphabet: None)
    learner = NumpyLearner("mlp", AB, seed=0)
    before = learner.state()
    learner.network.parameters["w0"][:] = 1.0
    learner.save_model(tmp_path / "mine.npz", {"epoch": 1})
    learner.network.parameters["w0"][:] = 2.0
    return (
        Handwriting((), UniformClassifier(AB), [], [], frozenset(), before),
        learner,
        tmp_path / "mine.npz",
    )


def edits(reader: object) -> Alignment:
    """The fewer, the nearer the weights are to 1."""
    weights = reader.network.parameters["w0"] if isinstance(reader, NumpyLearner) else np.ones(1)
    return Alignment({("a", "a"): 100, ("a", "b"): int(100 * abs(1 - weights.mean()))})


def test_the_best_epoch_is_blended_not_the_last(
    saved: tuple[Handwriting, NumpyLearner, Path],
) -> None:
    handwriting, learner, output = saved
    fine_tune_on_pages.finish(handwriting, learner, output)
    assert (describe(output)["epoch"], describe(output)["blend"]) == (1, 1.0)
    assert (load_mlp(output).parameters["w0"] == 1.0).all()


def test_a_model_that_is_blended_is_not_blended_again(
    saved: tuple[Handwriting, NumpyLearner, Path],
) -> None:
    handwriting, learner, output = saved
    fine_tune_on_pages.finish(handwriting, learner, output)
    blended = output.read_bytes()
    handwriting.before["w0"][:] = 0.0  # would draw it back
    fine_tune_on_pages.finish(handwriting, learner, output)
    assert output.read_bytes() == blended


@pytest.mark.parametrize("times", [1, 2])  # once more is as of a run that was killed at its end
def test_the_best_epoch_on_few_letters_is_blended_once(tmp_path: Path, times: int) -> None:
    learner = NumpyLearner("mlp", AB, seed=0)
    few = fine_tune_on_letters.begin(flat("AB"), learner)
    learner.network.parameters["b1"][:] = 4.0, 0.0  # all is A
    output = tmp_path / "mine.npz"
    learner.save_model(output, {"epoch": 1})
    learner.network.parameters["b1"][:] = 0.0, 4.0  # the last epoch: all is B
    for _ in range(times):
        line = fine_tune_on_letters.finish(few, flat("AAA"), learner, output)
    assert line.endswith("100.0% after")
    card = describe(output)
    share = card["blend"]
    expected = (1 - share) * few.before["b1"] + share * np.array([4.0, 0.0])
    np.testing.assert_allclose(load_mlp(output).parameters["b1"], expected, atol=1e-6)
    assert (card["epoch"], card["valid_accuracy"]) == (1, 1.0)


def flat(characters: str) -> Samples:
    """Samples that show nothing but are labelled."""
    crops = np.zeros((len(characters), 32, 32), np.uint8)
    return Samples(crops, np.array([*characters], "<U1"), np.full(len(characters), "", "<U1"))


@pytest.fixture
def part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Samples]:
    """Gather training samples of pages with A and an archive with B, given the known characters."""
    monkeypatch.setattr(
        fine_tune_on_pages, "samples_of_lines", lambda *_, seed: (flat("AAAA"), flat("A"))
    )
    monkeypatch.setattr(fine_tune_on_pages, "draw_from_fonts", lambda *_: [flat("ABCD")])
    archive = tmp_path / "b.npz"
    images = np.zeros((20, 20, 20), np.uint8)
    images[:, 4:16, 8:12] = 255
    np.savez(archive, images=images, chars=np.array(["B"] * 20))

    def gathered(known: str) -> Samples:
        handwriting = Handwriting((), UniformClassifier(AB), [], [], frozenset(known), None)
        sources, alphabet = [str(archive)], Alphabet("ABCD")
        return fine_tune_on_pages.gather_samples(
            handwriting, sources, alphabet, per_class=None, seed=0
        )[0]

    return gathered


def test_letters_beside_pages_may_be_a_part_of_what_the_model_knows(
    part: Callable[[str], Samples],
) -> None:
    samples = part("ABCD")
    assert len(samples) == 4 + 18 + 4  # of pages, of the archive without those held out, of fonts
    assert set(samples.characters) == {*"ABCD"}


def test_a_letter_that_nothing_shows_and_no_model_knows_is_told(
    part: Callable[[str], Samples],
) -> None:
    with pytest.raises(DataError, match="no sample of 'D' in"):
        part("C")
