from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from ocr.alphabet import Alphabet  # noqa: E402
from ocr.classifiers.cnn import ARCHITECTURES, TorchClassifier  # noqa: E402
from ocr.errors import DataError  # noqa: E402
from ocr.training.numpy_learner import cross_entropy  # noqa: E402
from ocr.training.ranks import ALONE, Ranks  # noqa: E402
from ocr.training.torch_learner import TorchLearner, is_mixed, pick_device  # noqa: E402

ABCD = Alphabet("ABCD")


def learner(name: str = "report-mlp", *, seed: int = 0, alphabet: Alphabet = ABCD) -> TorchLearner:
    return TorchLearner(name, alphabet, seed=seed)


def batch() -> tuple[np.ndarray, np.ndarray]:
    """Noise, with one row of ink that tells which of four letters it is."""
    crops = np.random.default_rng(1).random((8, 32, 32), np.float32) * np.float32(0.2)
    letters = np.arange(8) % 4
    crops[np.arange(8), 8 + 4 * letters] = 1
    return crops, np.stack([letters, letters], axis=1)


def same_arrays(one: dict[str, np.ndarray], two: dict[str, np.ndarray]) -> bool:
    return one.keys() == two.keys() and all(np.array_equal(one[k], two[k]) for k in one)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_learner_learns_a_batch_by_heart(name):
    pupil = learner(name)
    first, _ = pupil.fit_batch(*batch(), 0.01)
    for _ in range(30):
        loss, correct = pupil.fit_batch(*batch(), 0.01)
    assert loss < first / 4
    assert correct == 8


@pytest.mark.parametrize("targets", [[[0, 0], [3, 3]], [[0, 1], [3, 2]], [[0, 1], [3, 3]]])
def test_the_loss_is_that_of_the_numpy_learner(targets):
    pupil, (crops, _) = learner(), batch()
    expected, _ = cross_entropy(pupil.log_probs(crops[:2]), np.array(targets))
    assert pupil.fit_batch(crops[:2], np.array(targets), 0.0)[0] == pytest.approx(expected)


def test_either_target_counts_as_correct():
    crops, _ = batch()
    likeliest = learner().log_probs(crops).argmax(1)
    pairs = np.stack([(likeliest + 1) % 4, likeliest], axis=1)
    assert learner().fit_batch(crops, pairs, 0.01)[1] == 8
    assert learner().fit_batch(crops, pairs[:, [0, 0]], 0.01)[1] == 0


def test_the_same_seed_learns_the_same_and_another_does_not():
    one, two, other = learner(), learner(), learner(seed=1)
    for pupil in (one, two, other):
        pupil.fit_batch(*batch(), 0.01)
    assert same_arrays(one.state(), two.state())
    assert not same_arrays(one.state(), other.state())


def test_random_numbers_of_others_stay_as_they_were():
    before = torch.get_rng_state()
    learner()
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_resumed_learner_ends_where_an_undisturbed_one_does(name):
    steady, stopped, resumed = learner(name), learner(name), learner(name, seed=9)
    for pupil in (steady, stopped):
        pupil.fit_batch(*batch(), 0.01)
    resumed.load_state(stopped.state())
    for pupil in (steady, resumed):
        for _ in range(3):
            pupil.fit_batch(*batch(), 0.01)
    assert same_arrays(steady.state(), resumed.state())


def test_a_state_is_numpy_and_a_copy():
    pupil = learner()
    pupil.fit_batch(*batch(), 0.01)
    state = pupil.state()
    assert {type(array) for array in state.values()} == {np.ndarray}
    kept = {name: array.copy() for name, array in state.items()}
    pupil.fit_batch(*batch(), 0.01)
    assert same_arrays(state, kept)


@pytest.mark.parametrize("name", ["report-cnn", "cnn"])
def test_a_state_of_another_network_is_a_data_error(name):
    other = learner(name)
    other.fit_batch(*batch(), 0.01)
    with pytest.raises(DataError, match="another network"):
        learner().load_state(other.state())


def test_fine_tuning_takes_over_hidden_layers_and_shared_outputs():
    source = TorchClassifier(ARCHITECTURES["report-mlp"](4), Alphabet("DXA", reject=True))
    alphabet = Alphabet("ABCD", reject=True)
    fresh, pupil = (learner(alphabet=alphabet) for _ in range(2))
    pupil.start_from(source)
    given = {k: v.numpy() for k, v in source.network.state_dict().items()}
    kept, taken = (
        {k: v.numpy() for k, v in p.network.state_dict().items()} for p in (fresh, pupil)
    )
    np.testing.assert_array_equal(taken["1.weight"], given["1.weight"])
    np.testing.assert_array_equal(taken["3.weight"][[0, 3, 4]], given["3.weight"][[2, 0, 3]])
    np.testing.assert_array_equal(taken["3.bias"][[0, 3, 4]], given["3.bias"][[2, 0, 3]])
    np.testing.assert_array_equal(taken["3.weight"][1:3], kept["3.weight"][1:3])


@pytest.mark.parametrize("targets", [[[0, 0], [3, 3]], [[0, 1], [3, 2]], [[0, 1], [3, 3]]])
def test_the_smoothed_loss_is_that_of_the_numpy_learner(targets):
    pupil = TorchLearner("report-mlp", ABCD, seed=0, label_smoothing=0.2)
    crops, wanted = batch()[0][:2], np.array(targets)
    expected, error = cross_entropy(pupil.log_probs(crops), wanted, 0.2)
    assert pupil.fit_batch(crops, wanted, 0.0)[0] == pytest.approx(expected)
    bias = pupil.network[-1].bias.grad
    np.testing.assert_allclose(bias.numpy(), error.sum(0), atol=1e-6)


def test_mixed_precision_learns_and_keeps_its_weights_whole(monkeypatch):
    monkeypatch.setattr("ocr.training.torch_learner.is_mixed", lambda device: True)
    exact, pupil = learner(), learner("report-cnn")
    first, _ = pupil.fit_batch(*batch(), 0.01)
    for _ in range(30):
        loss, correct = pupil.fit_batch(*batch(), 0.01)
    assert loss < first / 4
    assert correct == 8
    assert {v.dtype for k, v in pupil.state().items() if k.startswith("weight/")} == {
        exact.state()["weight/1.bias"].dtype
    }


def test_each_process_takes_a_gpu_of_its_own_where_there_are_any(monkeypatch):
    assert pick_device(ALONE).type == ("cuda" if torch.cuda.is_available() else "cpu")
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    devices = [pick_device(Ranks(rank, 3)) for rank in range(3)]
    assert [str(device) for device in devices] == ["cuda:0", "cuda:1", "cuda:0"]


def test_only_a_gpu_computes_in_mixed_precision(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_bf16_supported", lambda: True)
    assert is_mixed(torch.device("cuda"))
    assert not is_mixed(torch.device("cpu"))
    monkeypatch.setattr("torch.cuda.is_bf16_supported", lambda: False)
    assert not is_mixed(torch.device("cuda"))


def test_held_statistics_stay_while_weights_learn() -> None:
    learner = TorchLearner("cnn", Alphabet("AB"), seed=0)
    learner.hold_statistics()
    before = learner.state()
    crops = np.random.default_rng(0).random((4, 32, 32), np.float32)
    learner.fit_batch(crops, np.array([[0, 0], [1, 1], [0, 0], [1, 1]]), 1e-3)
    changed = {k for k, v in learner.state().items() if not np.array_equal(v, before.get(k))}
    assert "weight/0.weight" in changed
    assert not any("running" in name for name in changed)
