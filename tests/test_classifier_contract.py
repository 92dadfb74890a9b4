from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ocr.alphabet import Alphabet
from ocr.classifiers import Classifier, describe, load, restrict
from ocr.classifiers.mlp import new_mlp, save_mlp
from ocr.training.learner import Learner
from tests.fakes import PerfectClassifier, UniformClassifier

ABC = Alphabet("ABC", reject=True)
BAR, RING = np.zeros((2, 32, 32), np.float32)
BAR[4:28, 15:18] = 1
RING[4:28, 4:28] = 1
RING[7:25, 7:25] = 0


def taught(learner: Learner) -> None:
    """Teach that a bar is an A and a ring is a B, in ink 1 on paper 0."""
    crops, targets = np.stack([BAR, RING] * 8), np.array([[0, 0], [1, 1]] * 8)
    for _ in range(20):
        learner.fit_batch(crops, targets, 0.01)


def mlp(folder: Path, name: str = "mlp") -> Classifier:
    from ocr.training.numpy_learner import NumpyLearner

    learner = NumpyLearner(name, ABC, seed=0)
    taught(learner)
    learner.save_model(folder / "model.npz", {"seed": 0})
    return load(folder / "model.npz")


def torch(folder: Path, name: str = "report-cnn", *, backend: str = "torch") -> Classifier:
    pytest.importorskip("torch")
    pytest.importorskip("onnx")
    from ocr.training.torch_learner import TorchLearner

    learner = TorchLearner(name, ABC, seed=0)
    taught(learner)
    learner.save_model(folder / "model.onnx", {"seed": 0})
    return load(folder / "model.onnx", backend=backend)


TRAINED: dict[str, Callable[[Path], Classifier]] = {
    "mlp": mlp,
    "mlp-wide": lambda folder: mlp(folder, "mlp-wide"),
    "torch cnn": lambda folder: torch(folder, "cnn"),
    "torch report-cnn": torch,
    "torch report-mlp": lambda folder: torch(folder, "report-mlp"),
    "onnx cnn": lambda folder: torch(folder, "cnn", backend="onnx"),
    "onnx report-cnn": lambda folder: torch(folder, backend="onnx"),
    "onnx report-mlp": lambda folder: torch(folder, "report-mlp", backend="onnx"),
    "restricted mlp": lambda folder: restrict(mlp(folder), "BA"),
    "restricted onnx": lambda folder: restrict(torch(folder, "cnn", backend="onnx"), "BA"),
}
FAKES: dict[str, Callable[[Path], Classifier]] = {
    "perfect": lambda folder: PerfectClassifier(ABC),
    "uniform": lambda folder: UniformClassifier(ABC),
    "restricted uniform": lambda folder: restrict(UniformClassifier(ABC), "C"),
}


@pytest.fixture(scope="module", params=[*TRAINED, *FAKES])
def classifier(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Classifier:
    return {**TRAINED, **FAKES}[request.param](tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module", params=TRAINED)
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    return TRAINED[request.param](tmp_path_factory.mktemp("models"))


def noise(count: int) -> np.ndarray:
    return np.random.default_rng(1).random((count, 32, 32), np.float32)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_answers_are_float32_rows_of_one_output_a_character(classifier, count):
    answers = classifier.log_probs(noise(count))
    assert type(answers) is np.ndarray
    assert (answers.shape, answers.dtype) == ((count, len(classifier.alphabet)), np.float32)


def test_probabilities_of_a_row_sum_to_one(classifier):
    total = np.logaddexp.reduce(classifier.log_probs(noise(9)), axis=1)
    np.testing.assert_allclose(total, 0, atol=1e-5)


def test_a_crop_is_read_alike_alone_and_in_any_company(classifier):
    crops = noise(600)  # more than the batch of any but the NumPy network
    together = classifier.log_probs(crops)
    alone = [classifier.log_probs(crops[i : i + 1]) for i in (0, 255, 256, 511, 512, 599)]
    np.testing.assert_allclose(
        np.concatenate(alone), together[[0, 255, 256, 511, 512, 599]], atol=1e-4
    )


def test_crops_need_not_lie_in_order_in_memory(classifier):
    crops = noise(6)
    np.testing.assert_allclose(
        classifier.log_probs(crops[::2]), classifier.log_probs(crops[::2].copy()), atol=1e-5
    )


def test_crops_stay_as_they_were(classifier):
    crops = noise(3)
    classifier.log_probs(crops)
    np.testing.assert_array_equal(crops, noise(3))


def test_ink_is_one_and_paper_is_zero(trained):
    answers = trained.log_probs(np.stack([BAR, RING]))
    read = [trained.alphabet.characters[i] for i in answers[:, :2].argmax(1)]
    assert read == ["A", "B"]
    assert (answers.max(1) > np.log(0.5)).all()


@pytest.mark.parametrize("name", ["cnn", "report-cnn", "report-mlp"])
def test_torch_and_onnx_runtime_agree(tmp_path, name):
    by_onnx = torch(tmp_path, name, backend="onnx")
    by_torch = load(tmp_path / "model.onnx", backend="torch")
    np.testing.assert_allclose(by_onnx.log_probs(noise(5)), by_torch.log_probs(noise(5)), atol=1e-4)


@pytest.mark.parametrize("make", [mlp, torch])
def test_a_model_file_describes_itself(tmp_path, make):
    make(tmp_path)
    (path,) = tmp_path.glob("model.*")
    card = describe(path)
    assert (card["alphabet"], card["reject"], card["seed"]) == ("ABC", True, 0)
    assert (card["architecture"], card["crop"]) == (
        {".npz": "mlp", ".onnx": "report-cnn"}[path.suffix],
        "fit-24-32",
    )


def test_a_model_without_numbers_of_its_own_can_be_saved(tmp_path):
    save_mlp(new_mlp("mlp", ABC, np.random.default_rng(0)), tmp_path / "m.npz", {})
    assert load(tmp_path / "m.npz").alphabet == ABC
