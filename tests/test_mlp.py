from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from ocr.alphabet import Alphabet
from ocr.classifiers.card import Card
from ocr.classifiers.mlp import (
    ACTIVATIONS,
    ARCHITECTURES,
    BATCH,
    MLP,
    Architecture,
    load_mlp,
    log_softmax,
    new_mlp,
    save_mlp,
    sigmoid,
)
from ocr.errors import ModelError, OutputError

ABC = Alphabet("ABC", reject=True)


def network(activation: str, *, hidden: tuple[int, ...] = (6, 5)) -> MLP:
    """A network of random weights and biases in float64."""
    rng = np.random.default_rng(1)
    architecture = Architecture(hidden, activation)
    shapes = architecture.parameter_shapes(len(ABC))
    parameters = {name: rng.normal(0, 0.3, shape) for name, shape in shapes.items()}
    return MLP(architecture, parameters, Card.describe("test", ABC, {}))


def crops(count: int) -> np.ndarray:
    return np.random.default_rng(2).random((count, 32, 32), np.float32)


# forward


def test_the_report_network_has_one_hidden_layer_of_64():
    shapes = ARCHITECTURES["mlp"].parameter_shapes(36)
    assert shapes == {"w0": (1024, 64), "b0": (64,), "w1": (64, 36), "b1": (36,)}


def test_a_network_without_hidden_layers_is_a_product_and_a_sum():
    linear = network("relu", hidden=())
    ink = crops(2)
    logits = ink.reshape(2, 1024) @ linear.parameters["w0"] + linear.parameters["b0"]
    np.testing.assert_allclose(linear.forward(ink)[-1], logits)


def test_activations_at_hand_computed_points():
    z = np.array([-np.log(3), 0, np.log(3)])
    np.testing.assert_allclose(ACTIVATIONS["sigmoid"].value(z), [0.25, 0.5, 0.75])
    np.testing.assert_allclose(ACTIVATIONS["tanh"].value(z), [-0.8, 0, 0.8])
    np.testing.assert_allclose(ACTIVATIONS["relu"].value(z), [0, 0, np.log(3)])


def test_sigmoid_does_not_overflow():
    np.testing.assert_array_equal(sigmoid(np.array([-1e5, 1e5])), [0, 1])


def test_log_softmax_does_not_overflow():
    result = log_softmax(np.array([[1e5, 1e5], [0, -1e5]]))
    np.testing.assert_allclose(result, [[-np.log(2), -np.log(2)], [0, -1e5]])


def test_log_softmax_ignores_a_shift():
    logits = np.array([[1.0, 2.0, 4.0]])
    np.testing.assert_allclose(log_softmax(logits), log_softmax(logits - 7))


# backward


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_slope_is_the_derivative_of_the_activation(activation):
    z, step = np.array([-1.5, -0.2, 0.3, 2.0]), 1e-6
    value, slope = ACTIVATIONS[activation].value, ACTIVATIONS[activation].slope
    difference = (value(z + step) - value(z - step)) / (2 * step)
    np.testing.assert_allclose(slope(value(z)), difference, atol=1e-8)


@pytest.mark.parametrize("hidden", [(), (6,), (6, 5)])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_backward_agrees_with_central_differences_in_every_layer(activation, hidden):
    mlp, ink, step = network(activation, hidden=hidden), crops(3), 1e-5
    rng = np.random.default_rng(3)
    probe = rng.normal(size=(3, len(ABC)))  # the loss is the logits' product with it

    gradients = mlp.backward(mlp.forward(ink), probe)

    for name, parameter in mlp.parameters.items():
        flat = parameter.reshape(-1)
        for i in rng.choice(flat.size, min(flat.size, 12), replace=False):
            kept, losses = flat[i], []
            for moved in (kept + step, kept - step):
                flat[i] = moved
                losses.append((mlp.forward(ink)[-1] * probe).sum())
            flat[i] = kept
            difference = (losses[0] - losses[1]) / (2 * step)
            assert gradients[name].reshape(-1)[i] == pytest.approx(difference, rel=1e-6, abs=1e-8)


# initialisation


def test_weights_fill_the_glorot_interval_and_biases_are_zero():
    parameters = new_mlp("mlp", ABC, np.random.default_rng(0)).parameters
    bound = np.sqrt(6 / (1024 + 64))
    assert 0.99 * bound < np.abs(parameters["w0"]).max() <= bound
    assert parameters["w0"].std() == pytest.approx(bound / np.sqrt(3), rel=0.01)
    assert not parameters["b0"].any() and not parameters["b1"].any()


def test_the_same_seed_gives_the_same_network():
    one, two = (new_mlp("mlp", ABC, np.random.default_rng(5)).parameters for _ in range(2))
    for name in one:
        np.testing.assert_array_equal(one[name], two[name])


# the contract


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("count", [0, 1, BATCH + 1])
def test_log_probs_are_float32_rows_that_sum_to_one(name, count):
    result = new_mlp(name, ABC, np.random.default_rng(0)).log_probs(crops(count))
    assert result.shape == (count, 4) and result.dtype == np.float32
    np.testing.assert_allclose(np.logaddexp.reduce(result, axis=1), 0, atol=1e-5)


def test_a_crop_is_read_alike_alone_and_in_company():
    mlp, ink = new_mlp("mlp", ABC, np.random.default_rng(0)), crops(9)
    np.testing.assert_allclose(mlp.log_probs(ink)[4:5], mlp.log_probs(ink[4:5]), atol=1e-6)


# the file


def saved(folder: Path) -> Path:
    path = folder / "model.npz"
    save_mlp(new_mlp("mlp", ABC, np.random.default_rng(0)), path, {"seed": 0, "epoch": 7})
    return path


def rewritten(path: Path, **changes: np.ndarray) -> Path:
    """The same file with arrays put in, or left out where they are None."""
    arrays = dict(np.load(path)) | changes
    np.savez(path, **{name: a for name, a in arrays.items() if a is not None})
    return path


def with_card(path: Path, **changes: object) -> Path:
    card = json.loads(str(np.load(path)["card"])) | changes
    return rewritten(path, card=np.array(json.dumps(card)))


def test_a_loaded_network_reads_as_the_saved_one(tmp_path):
    mlp = new_mlp("mlp-wide", ABC, np.random.default_rng(0))
    save_mlp(mlp, tmp_path / "wide.npz", {})
    again = load_mlp(tmp_path / "wide.npz")
    assert again.alphabet == ABC
    assert again.architecture == mlp.architecture
    np.testing.assert_array_equal(again.log_probs(crops(3)), mlp.log_probs(crops(3)))


def test_the_file_describes_itself(tmp_path):
    assert load_mlp(saved(tmp_path)).card.values == {
        "architecture": "mlp",
        "hidden": [64],
        "activation": "sigmoid",
        "alphabet": "ABC",
        "reject": True,
        "crop": "fit-24-32",
        "seed": 0,
        "epoch": 7,
    }


def test_the_same_network_gives_the_same_bytes(tmp_path):
    first = saved(tmp_path).read_bytes()
    assert saved(tmp_path).read_bytes() == first


def test_nothing_but_the_model_is_left_in_the_folder(tmp_path):
    saved(tmp_path)
    saved(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["model.npz"]


def test_a_folder_that_is_missing_is_an_output_error(tmp_path):
    with pytest.raises(OutputError, match=r"cannot write .*model\.npz"):
        saved(tmp_path / "missing")


def test_a_target_that_is_a_folder_is_an_output_error_and_leaves_nothing(tmp_path):
    (tmp_path / "model.npz").mkdir()
    with pytest.raises(OutputError):
        saved(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["model.npz"]


def test_a_missing_file_is_a_model_error(tmp_path):
    with pytest.raises(ModelError, match="no such file"):
        load_mlp(tmp_path / "none.npz")


@pytest.mark.parametrize(
    "content", [b"", b"A B C\n", b"PK\x03\x04 cut off", pickle.dumps({"w0": 1})]
)
def test_a_foreign_file_is_a_model_error(tmp_path, content):
    path = tmp_path / "model.npz"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="cannot use"):
        load_mlp(path)


def test_a_single_array_is_a_model_error(tmp_path):
    path = tmp_path / "model.npz"
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(ModelError):
        load_mlp(path)


def test_a_truncated_or_damaged_file_is_a_model_error(tmp_path):
    path = saved(tmp_path)
    whole = path.read_bytes()
    middle = len(whole) // 2
    for damaged in (whole[:middle], whole[:middle] + b"!!!!" + whole[middle + 4 :]):
        path.write_bytes(damaged)
        with pytest.raises(ModelError):
            load_mlp(path)


def test_pickled_arrays_are_a_model_error(tmp_path):
    path = rewritten(saved(tmp_path), w0=np.array([{}], dtype=object))
    with pytest.raises(ModelError):
        load_mlp(path)


@pytest.mark.parametrize(
    "changes",
    [
        {"card": None},
        {"card": np.array("[]")},
        {"card": np.array("no JSON")},
        {"w1": None},
        {"w2": np.zeros((4, 4))},
        {"w0": np.zeros((1024, 65), np.float32)},
        {"b1": np.zeros(4, np.int64)},
        {"b1": np.array([0, 0, 0, np.nan])},
    ],
)
def test_arrays_that_make_no_model_are_a_model_error(tmp_path, changes):
    path = rewritten(saved(tmp_path), **changes)
    with pytest.raises(ModelError):
        load_mlp(path)


@pytest.mark.parametrize(
    "changes",
    [
        {"alphabet": "ABCD"},
        {"alphabet": "AAB"},
        {"reject": False},
        {"crop": "fit-20-28"},
        {"hidden": None},
        {"hidden": ["64"]},
        {"activation": "softplus"},
        {"activation": ["relu"]},
    ],
)
def test_a_card_that_does_not_fit_is_a_model_error(tmp_path, changes):
    path = with_card(saved(tmp_path), **changes)
    with pytest.raises(ModelError):
        load_mlp(path)
