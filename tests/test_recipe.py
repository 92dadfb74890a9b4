from __future__ import annotations

import pytest

from ocr.alphabet import Alphabet
from ocr.errors import ModelError
from ocr.training.recipe import BACKENDS, has_reject, make_learner, schedule_of

AB = Alphabet("AB")


def test_only_our_own_networks_know_what_is_no_letter():
    assert has_reject("torch", "cnn")
    assert not has_reject("torch", "report-mlp")
    assert not has_reject("numpy", "mlp")


def test_every_numpy_architecture_has_its_schedule():
    from ocr.classifiers.mlp import ARCHITECTURES

    assert BACKENDS["numpy"].schedules.keys() == ARCHITECTURES.keys()


def test_every_torch_architecture_has_its_schedule():
    pytest.importorskip("torch")
    from ocr.classifiers.cnn import ARCHITECTURES

    assert BACKENDS["torch"].schedules.keys() == ARCHITECTURES.keys()


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_unknown_architecture_is_a_model_error(backend):
    with pytest.raises(ModelError, match="--backend has others"):
        schedule_of(backend, "transformer")


def test_starting_from_another_torch_architecture_is_a_model_error(tmp_path):
    pytest.importorskip("torch")
    pytest.importorskip("onnx")
    make_learner("torch", "report-mlp", AB, seed=0, init=None).save_model(tmp_path / "m.onnx", {})
    with pytest.raises(ModelError, match="--arch report-mlp"):
        make_learner("torch", "report-cnn", AB, seed=0, init=tmp_path / "m.onnx")
