"""Model files of every kind: found, described, loaded, and refused."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from ocr.alphabet import Alphabet
from ocr.classifiers import describe, find, load, restrict
from ocr.classifiers.card import CROP_FORMAT, Card
from ocr.classifiers.mlp import new_mlp, save_mlp
from ocr.errors import MissingExtraError, ModelError, OutputError
from tests.fakes import UniformClassifier

ABC = Alphabet("ABC", reject=True)
GOOD = {"architecture": "cnn", "alphabet": "ABC", "reject": True, "crop": CROP_FORMAT}
NOISE = np.random.default_rng(0).random((3, 32, 32), np.float32)


def mlp_file(folder: Path, name: str = "model.npz") -> Path:
    save_mlp(new_mlp("mlp", ABC, np.random.default_rng(0)), folder / name, {})
    return folder / name


def onnx_file(folder: Path, *, architecture: str = "report-mlp", card: Card | None = None) -> Path:
    pytest.importorskip("torch")
    pytest.importorskip("onnx")
    from ocr.classifiers.cnn import ARCHITECTURES
    from ocr.classifiers.onnx_file import save_onnx

    network = ARCHITECTURES[architecture](len(ABC))
    save_onnx(folder / "model.onnx", network, card or Card.describe(architecture, ABC, {}))
    return folder / "model.onnx"


# the card


def test_a_card_comes_back_from_its_text():
    card = Card.describe("cnn", Alphabet("É", reject=True), {"data": ["pens"], "seed": 3})
    assert Card.parse(card.to_json(), Path("m")) == card
    assert (card.alphabet, card.architecture) == (Alphabet("É", reject=True), "cnn")


def test_what_is_put_into_a_card_never_overrides_what_the_model_is():
    assert Card.describe("cnn", ABC, {"alphabet": "XYZ", "crop": "huge"}).values == GOOD


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "{}",
        "[]",
        "3",
        json.dumps(GOOD | {"alphabet": "AA"}),
        json.dumps(GOOD | {"alphabet": 5}),
        json.dumps({k: v for k, v in GOOD.items() if k != "architecture"}),
    ],
)
def test_what_is_no_card_is_a_model_error(text):
    with pytest.raises(ModelError, match="cannot use m.onnx: not a model of ocr"):
        Card.parse(text, Path("m.onnx"))


def test_crops_of_another_format_are_refused():
    with pytest.raises(ModelError, match="its crops are fit-20-28, not fit-24-32"):
        Card.parse(json.dumps(GOOD | {"crop": "fit-20-28"}), Path("m.onnx"))


# finding


def test_a_model_is_found_by_name_before_path(tmp_path, monkeypatch):
    (tmp_path / "models").mkdir()
    monkeypatch.setattr("ocr.classifiers.models_dir", lambda: tmp_path / "models")
    shipped, own = mlp_file(tmp_path / "models", "small.npz"), mlp_file(tmp_path)
    assert find("small") == shipped
    assert find(own) == find(str(own)) == own


def test_a_model_that_is_nowhere_is_reported():
    with pytest.raises(ModelError, match="no model nosuch .ocr models lists"):
        find("nosuch")


def test_a_name_that_the_system_refuses_is_a_model_error(monkeypatch):
    def refuse(path):
        raise OSError(36, "File name too long", str(path))

    monkeypatch.setattr(Path, "is_file", refuse)
    with pytest.raises(ModelError, match=r"cannot read a\.npz: file name too long"):
        find("a.npz")


def test_a_file_of_another_kind_is_reported(tmp_path):
    (tmp_path / "model.pt").write_bytes(b"")
    with pytest.raises(ModelError, match="not an .onnx or .npz model file"):
        find(tmp_path / "model.pt")


# loading


def test_both_kinds_load_and_describe_themselves(tmp_path):
    for path in (mlp_file(tmp_path), onnx_file(tmp_path)):
        assert load(path).alphabet == ABC
        assert describe(path)["alphabet"] == "ABC"


@pytest.mark.parametrize("backend", ["onnx", "torch"])
@pytest.mark.parametrize("content", [b"", b"no model", b"\x08\x08\x12\x03ocr"])
def test_a_foreign_onnx_file_is_a_model_error(tmp_path, backend, content):
    if backend == "torch":
        pytest.importorskip("torch")
        pytest.importorskip("onnx")
    (tmp_path / "m.onnx").write_bytes(content)
    with pytest.raises(ModelError, match=r"cannot use .*m\.onnx"):
        load(tmp_path / "m.onnx", backend=backend)


@pytest.mark.parametrize("backend", ["onnx", "torch"])
def test_a_card_of_another_alphabet_is_a_model_error(tmp_path, backend):
    path = onnx_file(tmp_path)
    onnx = pytest.importorskip("onnx")
    model = onnx.load(path)
    model.metadata_props[0].value = json.dumps(
        GOOD | {"architecture": "report-mlp", "reject": False}
    )
    onnx.save(model, path)
    with pytest.raises(ModelError, match="cannot use"):
        load(path, backend=backend)


def test_a_file_that_lacks_weights_cannot_be_trained_on(tmp_path):
    path = onnx_file(tmp_path)
    onnx = pytest.importorskip("onnx")
    model = onnx.load(path)
    for tensor in model.graph.initializer:
        tensor.name = tensor.name.replace("1.weight", "one.weight")
    onnx.save(model, path)
    with pytest.raises(ModelError, match="not a trainable model"):
        load(path, backend="torch")


def test_without_torch_the_remedy_is_reported(tmp_path, monkeypatch):
    (tmp_path / "m.onnx").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "ocr.classifiers.onnx_file", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'ocr\[torch\]'"):
        load(tmp_path / "m.onnx", backend="torch")


# saving


@pytest.mark.parametrize("architecture", ["cnn", "report-cnn", "report-mlp"])
def test_a_network_comes_back_bit_by_bit(tmp_path, architecture):
    first = onnx_file(tmp_path, architecture=architecture)
    before = first.read_bytes()
    from ocr.classifiers.onnx_file import load_torch, save_onnx

    classifier, card = load_torch(first)
    save_onnx(first, classifier.network, card)
    assert first.read_bytes() == before


def test_an_unwritable_onnx_file_is_an_output_error(tmp_path):
    onnx_file(tmp_path)
    with pytest.raises(OutputError, match=r"cannot write .*model\.onnx"):
        onnx_file(tmp_path / "none")


def test_statistics_of_batch_norm_are_kept(tmp_path):
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnx")
    from ocr.classifiers.cnn import ARCHITECTURES, TorchClassifier
    from ocr.classifiers.onnx_file import save_onnx

    network = ARCHITECTURES["cnn"](len(ABC))
    network.train()
    network(torch.rand(64, 1, 32, 32))
    save_onnx(tmp_path / "m.onnx", network, Card.describe("cnn", ABC, {}))
    expected = TorchClassifier(network, ABC).log_probs(NOISE)
    for backend in ("onnx", "torch"):
        answers = load(tmp_path / "m.onnx", backend=backend).log_probs(NOISE)
        np.testing.assert_allclose(answers, expected, atol=1e-4)


# restriction


def test_a_restricted_classifier_shares_all_among_what_is_left():
    few = restrict(UniformClassifier(ABC), "CA9")
    assert few.alphabet == Alphabet("AC", reject=True)
    np.testing.assert_allclose(few.log_probs(NOISE), np.log(1 / 3), rtol=1e-6)


def test_a_restriction_keeps_the_odds(tmp_path):
    whole = load(mlp_file(tmp_path))
    all_, some = whole.log_probs(NOISE), restrict(whole, "BC").log_probs(NOISE)
    np.testing.assert_allclose(some[:, 0] - some[:, 1], all_[:, 1] - all_[:, 2], atol=1e-5)


def test_a_restriction_to_strangers_is_a_model_error():
    with pytest.raises(ModelError, match="knows none of '12'"):
        restrict(UniformClassifier(ABC), "12")
