from __future__ import annotations

import numpy as np
import pytest

from ocr.alphabet import Alphabet
from ocr.classifiers.mlp import ACTIVATIONS, MLP, Architecture, load_mlp, new_mlp
from ocr.errors import DataError, ModelError
from ocr.training.numpy_learner import Momentum, NumpyLearner, cross_entropy

ABCD = Alphabet("ABCD")
TARGETS = {
    "one right output": np.array([[0, 0], [3, 3], [2, 2]]),
    "either of two": np.array([[0, 1], [3, 2], [1, 3]]),
    "both kinds": np.array([[0, 1], [3, 3], [2, 0]]),
}


def learner(**options: object) -> NumpyLearner:
    return NumpyLearner("mlp", ABCD, seed=0, **options)


def batch(count: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Noise, with one row of ink that tells which of four letters it is."""
    rng = np.random.default_rng(1)
    crops = rng.random((count, 32, 32), np.float32) * np.float32(0.2)
    letters = np.arange(count) % 4
    crops[np.arange(count), 8 + 4 * letters] = 1
    return crops, np.stack([letters, letters], axis=1)


def same_arrays(one: dict[str, np.ndarray], two: dict[str, np.ndarray]) -> bool:
    return one.keys() == two.keys() and all(np.array_equal(one[k], two[k]) for k in one)


# the loss


def test_loss_of_one_right_output_is_its_surprise():
    loss, error = cross_entropy(np.log([[0.25, 0.75]]), np.array([[0, 0]]))
    assert loss == pytest.approx(-np.log(0.25))
    np.testing.assert_allclose(error, [[-0.75, 0.75]])


def test_loss_of_two_right_outputs_is_the_surprise_of_their_sum():
    loss, error = cross_entropy(np.log([[0.1, 0.3, 0.6]]), np.array([[0, 1]]))
    assert loss == pytest.approx(-np.log(0.4))
    np.testing.assert_allclose(error, [[0.1 - 0.25, 0.3 - 0.75, 0.6]])


def test_loss_and_error_are_means_over_the_batch():
    logits, targets = np.log([[0.25, 0.75]]), np.array([[0, 0]])
    loss, error = cross_entropy(logits, targets)
    twice, half = cross_entropy(np.repeat(logits, 2, axis=0), np.repeat(targets, 2, axis=0))
    assert twice == pytest.approx(loss)
    np.testing.assert_allclose(half, np.repeat(error / 2, 2, axis=0))


def test_loss_stays_finite_where_the_network_is_sure_and_wrong():
    loss, error = cross_entropy(np.array([[0.0, 0.0, 1e4]]), np.array([[0, 1]]))
    assert loss == pytest.approx(1e4 - np.log(2))
    np.testing.assert_allclose(error, [[-0.5, -0.5, 1]])


def float64_network(activation: str) -> MLP:
    rng = np.random.default_rng(2)
    architecture = Architecture((6, 5), activation)
    shapes = architecture.parameter_shapes(len(ABCD))
    parameters = {name: rng.normal(0, 0.3, shape) for name, shape in shapes.items()}
    return MLP(architecture, parameters, new_mlp("mlp", ABCD, rng).card)


@pytest.mark.parametrize("targets", TARGETS.values(), ids=TARGETS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_agree_with_central_differences(activation, targets):
    mlp, step = float64_network(activation), 1e-5
    rng = np.random.default_rng(3)
    crops = rng.random((3, 32, 32))
    signals = mlp.forward(crops)

    gradients = mlp.backward(signals, cross_entropy(signals[-1], targets)[1])

    for name, parameter in mlp.parameters.items():
        flat = parameter.reshape(-1)
        for i in rng.choice(flat.size, min(flat.size, 8), replace=False):
            kept, losses = flat[i], []
            for moved in (kept + step, kept - step):
                flat[i] = moved
                losses.append(cross_entropy(mlp.forward(crops)[-1], targets)[0])
            flat[i] = kept
            difference = (losses[0] - losses[1]) / (2 * step)
            assert gradients[name].reshape(-1)[i] == pytest.approx(difference, rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("targets", TARGETS.values(), ids=TARGETS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_agree_with_autograd(activation, targets):
    torch = pytest.importorskip("torch")
    mlp = float64_network(activation)
    crops = np.random.default_rng(3).random((3, 32, 32))
    signals = mlp.forward(crops)
    loss, error = cross_entropy(signals[-1], targets)
    gradients = mlp.backward(signals, error)

    leaves = {n: torch.tensor(p, requires_grad=True) for n, p in mlp.parameters.items()}
    x = torch.tensor(crops).reshape(3, 1024)
    for layer in range(3):
        x = x @ leaves[f"w{layer}"] + leaves[f"b{layer}"]
        x = getattr(torch, activation)(x) if layer < 2 else x
    p = torch.softmax(x, 1)
    right = [p[i, list(set(pair))].sum() for i, pair in enumerate(targets.tolist())]
    expected = -torch.stack(right).log().mean()
    expected.backward()

    assert loss == pytest.approx(expected.item())
    for name, leaf in leaves.items():
        np.testing.assert_allclose(gradients[name], leaf.grad.numpy(), rtol=1e-9, atol=1e-12)


# the optimizers


def test_momentum_by_hand():
    w = {"b0": np.array([1.0])}
    rule = Momentum(momentum=0.5)
    rule.step(w, {"b0": np.array([2.0])}, 0.1)
    assert w["b0"] == pytest.approx([0.8])
    rule.step(w, {"b0": np.array([2.0])}, 0.1)  # velocity 0.5 * 2 + 2
    assert w["b0"] == pytest.approx([0.5])


def test_weight_decay_pulls_weights_and_leaves_biases():
    w = {"w0": np.ones((1, 1)), "b0": np.ones(1)}
    Momentum(weight_decay=0.1).step(w, {"w0": np.zeros((1, 1)), "b0": np.zeros(1)}, 0.5)
    assert w["w0"] == pytest.approx(0.95)
    assert w["b0"] == pytest.approx(1)


def test_ten_steps_agree_with_those_of_torch():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(4)
    rule = Momentum(momentum=0.9, weight_decay=0.01)
    w = {"w0": rng.normal(size=(3, 2))}
    theirs = torch.tensor(w["w0"].copy(), requires_grad=True)
    optimizer = torch.optim.SGD([theirs], lr=0.05, momentum=0.9, weight_decay=0.01)
    for gradient in rng.normal(size=(10, 3, 2)):
        rule.step(w, {"w0": gradient}, 0.05)
        theirs.grad = torch.tensor(gradient)
        optimizer.step()
    np.testing.assert_allclose(w["w0"], theirs.detach().numpy(), rtol=1e-9)


# the learner


def test_a_learner_learns_a_batch_by_heart():
    pupil = learner()
    crops, targets = batch()
    first, _ = pupil.fit_batch(crops, targets, 0.01)
    for _ in range(60):
        loss, correct = pupil.fit_batch(crops, targets, 0.01)
    assert loss < first / 4
    assert correct == len(crops)
    np.testing.assert_array_equal(pupil.log_probs(crops).argmax(1), targets[:, 0])


def test_either_target_counts_as_correct():
    crops, targets = batch()
    likeliest = learner().log_probs(crops).argmax(1)
    pairs = np.stack([(likeliest + 1) % 4, likeliest], axis=1)
    assert learner().fit_batch(crops, pairs, 0.01)[1] == len(crops)
    assert learner().fit_batch(crops, pairs[:, [0, 0]], 0.01)[1] == 0


def test_a_step_keeps_float32():
    pupil = learner()
    pupil.fit_batch(*batch(), 0.01)
    assert {a.dtype for a in pupil.state().values()} == {np.dtype(np.float32)}


def test_the_same_seed_learns_the_same():
    one, two = learner(), learner()
    for pupil in (one, two):
        pupil.fit_batch(*batch(), 0.01)
    assert same_arrays(one.state(), two.state())


def test_a_resumed_learner_ends_where_an_undisturbed_one_does():
    steady, stopped = learner(), learner()
    resumed = NumpyLearner("mlp", ABCD, seed=9)
    for pupil in (steady, stopped):
        pupil.fit_batch(*batch(), 0.01)
    resumed.load_state(stopped.state())
    for pupil in (steady, resumed):
        pupil.fit_batch(*batch(), 0.01)
    assert same_arrays(steady.state(), resumed.state())


def test_a_state_is_a_copy():
    pupil = learner()
    pupil.fit_batch(*batch(), 0.01)
    state = pupil.state()
    kept = {name: array.copy() for name, array in state.items()}
    pupil.fit_batch(*batch(), 0.01)
    assert same_arrays(state, kept)
    pupil.load_state(state)
    pupil.fit_batch(*batch(), 0.01)
    assert same_arrays(state, kept)


def test_a_state_of_another_network_is_a_data_error():
    other = NumpyLearner("mlp-wide", ABCD, seed=0)
    with pytest.raises(DataError, match="another network"):
        learner().load_state(other.state())


def test_fine_tuning_takes_over_hidden_layers_and_shared_outputs():
    source = new_mlp("mlp", Alphabet("DXA"), np.random.default_rng(7))
    pupil, fresh = learner(), learner()
    pupil.start_from(source)
    taken, given = pupil.network.parameters, source.parameters
    np.testing.assert_array_equal(taken["w0"], given["w0"])
    np.testing.assert_array_equal(taken["w1"][:, [0, 3]], given["w1"][:, [2, 0]])
    np.testing.assert_array_equal(taken["w1"][:, 1:3], fresh.network.parameters["w1"][:, 1:3])


def test_fine_tuning_takes_over_the_reject_output():
    source = new_mlp("mlp", Alphabet("XY", reject=True), np.random.default_rng(7))
    pupil = NumpyLearner("mlp", Alphabet("ABCD", reject=True), seed=0)
    pupil.start_from(source)
    np.testing.assert_array_equal(
        pupil.network.parameters["w1"][:, 4], source.parameters["w1"][:, 2]
    )


def test_fine_tuning_from_other_layers_is_a_model_error():
    source = new_mlp("mlp-wide", ABCD, np.random.default_rng(7))
    with pytest.raises(ModelError, match="--arch mlp-wide"):
        learner().start_from(source)


def test_a_saved_model_reads_as_the_learner(tmp_path):
    pupil = learner()
    crops, targets = batch()
    pupil.fit_batch(crops, targets, 0.01)
    pupil.save_model(tmp_path / "model.npz", {"data": ["pens"]})
    model = load_mlp(tmp_path / "model.npz")
    assert model.card.values["data"] == ["pens"]
    np.testing.assert_array_equal(model.log_probs(crops), pupil.log_probs(crops))


# label smoothing


def test_smoothed_loss_is_partly_the_surprise_of_every_output():
    logits = np.log([[0.1, 0.3, 0.6]])
    loss, _ = cross_entropy(logits, np.array([[0, 1]]), 0.2)
    assert loss == pytest.approx(-0.8 * np.log(0.4) - 0.2 * np.log([0.1, 0.3, 0.6]).mean())


@pytest.mark.parametrize("targets", TARGETS.values(), ids=TARGETS)
def test_smoothed_error_agrees_with_central_differences(targets):
    logits, step = np.random.default_rng(4).normal(size=(3, 4)), 1e-5
    _, error = cross_entropy(logits, targets, 0.1)
    for place in np.ndindex(*logits.shape):
        moved = np.zeros_like(logits)
        moved[place] = step
        losses = [cross_entropy(logits + sign * moved, targets, 0.1)[0] for sign in (1, -1)]
        assert error[place] == pytest.approx((losses[0] - losses[1]) / (2 * step), abs=1e-9)


def test_a_learner_that_smooths_is_less_sure():
    sharp, smooth = learner(), learner(label_smoothing=0.3)
    for pupil in (sharp, smooth):
        for _ in range(200):
            pupil.fit_batch(*batch(), 0.5)
    surest = [np.exp(pupil.log_probs(batch()[0])).max() for pupil in (sharp, smooth)]
    assert surest[1] < 0.9 < surest[0]
