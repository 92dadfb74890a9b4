from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from ocr.classifiers.mlp import ACTIVATIONS, MLP, Activation, Architecture, sigmoid
from ocr.cli import commands
from ocr.errors import DataError, MissingExtraError, OutputError
from ocr.study import (
    STUDIES,
    autoencoder,
    compression,
    confusion,
    find,
    gradient,
    nist36,
    pictures,
    weights,
)
from ocr.study.compression import mean_psnr, principal_components, project
from ocr.study.networks import BEST_RATE, REPORT, build_network, fit, measure, targets
from ocr.study.nist36 import CHARACTERS, Letters
from ocr.training.numpy_learner import cross_entropy
from tests.test_imports import loaded_by

SIZES = {"train": 4, "valid": 2, "test": 2}  # of each character


def blobs(per_class: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Images of 36 classes: two bars where the class says, as dark as chance will have it."""
    rng = np.random.default_rng(seed)
    characters = np.array([*CHARACTERS] * per_class)
    images = np.zeros((len(characters), 24, 24), np.uint8)
    for image, character in zip(images, characters, strict=True):
        across, down = divmod(CHARACTERS.index(character), 6)
        image[2:22, 2 + 3 * across : 5 + 3 * across] = rng.integers(150, 256)
        image[2 + 3 * down : 5 + 3 * down, 2:22] = rng.integers(150, 256)
    return images, characters


def write(path: Path, per_class: int, seed: int) -> None:
    images, characters = blobs(per_class, seed)
    np.savez(path, images=images, chars=characters)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of three parts, as `ocr data split` writes it."""
    folder = tmp_path_factory.mktemp("nist36")
    for seed, (part, count) in enumerate(SIZES.items()):
        write(folder / f"{part}.npz", count, seed)
    return folder


@pytest.fixture(scope="session")
def train(folder: Path) -> Letters:
    return nist36.load(str(folder), seed=0).train


def small_network(activation: str) -> MLP:
    network = build_network(
        Architecture((8, 6), activation), np.random.default_rng(0), dtype=np.float64
    )
    for name in ("b0", "b1", "b2"):  # where a sum is exactly 0, as of dead units, relu has a kink
        network.parameters[name] += 0.1
    return network


def check_gradients(network: MLP, letters: Letters) -> dict[str, float]:
    return gradient.check(
        network,
        letters.crops,
        lambda outputs: cross_entropy(outputs, targets(letters)),
        np.random.default_rng(1),
    )


# the data


def test_parts_of_a_folder_are_taken_as_they_are(folder):
    letters = nist36.load(str(folder), seed=0)
    assert {n: len(p) for n, p in letters.parts().items()} == {
        "train": 144,
        "validation": 72,
        "test": 72,
    }
    assert letters.train.crops.dtype == np.float32
    assert letters.train.crops.max() == 1 and letters.train.crops.min() == 0


def test_the_course_s_mat_files_are_read(tmp_path):
    scipy_io = pytest.importorskip("scipy.io")
    rng = np.random.default_rng(0)
    for part, count in SIZES.items():
        data = 1 - rng.integers(0, 2, (36 * count, 1024)).astype(float)
        labels = np.eye(36)[np.arange(36 * count) % 36]
        scipy_io.savemat(
            tmp_path / f"nist36_{part}.mat", {f"{part}_data": data, f"{part}_labels": labels}
        )
    letters = nist36.load(str(tmp_path), seed=0)
    assert len(letters.train) == 144
    assert letters.test.labels.tolist() == [*range(36)] * 2


def test_other_sources_are_drawn_balanced_without_a_letter_twice(tmp_path):
    write(tmp_path / "all.npz", 9, 0)
    letters = nist36.load(str(tmp_path / "all.npz"), seed=1, per_class=SIZES)
    for part, count in zip(letters.parts().values(), SIZES.values(), strict=True):
        assert np.bincount(part.labels).tolist() == [count] * 36


def test_the_same_seed_draws_the_same_letters_and_another_others(tmp_path):
    write(tmp_path / "all.npz", 20, 0)
    one, same, other = (
        nist36.load(str(tmp_path / "all.npz"), seed=s, per_class=SIZES) for s in (1, 1, 2)
    )
    assert np.array_equal(one.train.crops, same.train.crops)
    assert not np.array_equal(one.train.crops, other.train.crops)


def test_parts_that_are_drawn_do_not_overlap(tmp_path):
    images, characters = blobs(8, 0)
    images[:, 12, 12] = 255  # a gray level of its own for each image of a class
    for i, image in enumerate(images):
        image[2:22, 11:13] = 100 + 18 * (i // 36)
    np.savez(tmp_path / "all.npz", images=images, chars=characters)
    letters = nist36.load(str(tmp_path / "all.npz"), seed=0, per_class=SIZES)
    every = np.concatenate([p.pixels for p in letters.parts().values()])
    assert len(np.unique(every, axis=0)) == len(every) == 36 * 8


def test_signs_that_may_be_small_letters_come_last(tmp_path):
    images, characters = blobs(10, 0)
    ambiguous = np.repeat([1, 0], [36 * 2, 36 * 8])
    images[ambiguous == 1] //= 3  # paler, which shows below which were drawn
    np.savez(
        tmp_path / "all.npz",
        images=images,
        chars=characters,
        case_ambiguous=ambiguous & np.char.isalpha(characters),
    )
    letters = nist36.load(str(tmp_path / "all.npz"), seed=0, per_class=SIZES)
    every = np.concatenate([p.crops[p.labels < 26] for p in letters.parts().values()])
    assert every.max(axis=(1, 2)).min() > 0.5


def test_too_few_of_a_character_are_named(tmp_path):
    write(tmp_path / "all.npz", 9, 0)
    with pytest.raises(DataError, match=r"has 9 samples of 'A' and the study draws 450"):
        nist36.load(str(tmp_path / "all.npz"), seed=0)


# gradient


@pytest.mark.parametrize("activation", [*ACTIVATIONS])
def test_back_propagation_agrees_with_differences(train, activation):
    errors = check_gradients(small_network(activation), train)
    assert set(errors) == {"w0", "b0", "w1", "b1", "w2", "b2"}
    assert max(errors.values()) < 1e-6


@pytest.mark.parametrize("activation", [*ACTIVATIONS])
def test_a_wrong_slope_is_found_in_the_layers_before_it(train, activation, monkeypatch):
    right = ACTIVATIONS[activation]
    wrong = Activation(right.value, lambda a: 1.01 * right.slope(a))
    monkeypatch.setitem(ACTIVATIONS, activation, wrong)
    errors = check_gradients(small_network(activation), train)
    assert min(errors["w0"], errors["b0"], errors["w1"], errors["b1"]) > 1e-3
    assert max(errors["w2"], errors["b2"]) < 1e-6


def test_the_check_leaves_the_network_as_it_was(train):
    network = small_network("tanh")
    before = {name: array.copy() for name, array in network.parameters.items()}
    check_gradients(network, train)
    assert all(np.array_equal(before[name], a) for name, a in network.parameters.items())


def trained(train: Letters, activation: str, scale: float | None) -> MLP:
    architecture = Architecture((64,), activation)
    rng = np.random.default_rng(0)
    network = build_network(architecture, rng, scale=scale, dtype=np.float64)
    fit(network, train, train, epochs=20, rate=BEST_RATE, seed=0, name="test")
    return network


def test_zeros_do_not_learn_and_xavier_does(train):
    zeros, xavier = trained(train, "tanh", 0), trained(train, "tanh", None)
    assert measure(zeros, train)[0] > 3.5
    assert measure(xavier, train)[0] < 1
    assert gradient.count_different_units(zeros) == 1
    assert gradient.count_different_units(xavier) == 64
    assert not zeros.parameters["w0"].any()


def test_sigmoid_units_that_start_alike_stay_alike(train):
    zeros = trained(train, "sigmoid", 0)
    assert zeros.parameters["w0"].any()
    assert gradient.count_different_units(zeros) == 1


def test_xavier_keeps_the_spread_that_a_small_scale_loses(train):
    architecture = Architecture((64,) * 6, "tanh")
    rng = np.random.default_rng(0)
    outputs, gradients = gradient.standard_deviations(build_network(architecture, rng), train)
    assert min(outputs) > 0.1
    assert max(gradients) < 10 * min(gradients)
    outputs, _ = gradient.standard_deviations(build_network(architecture, rng, scale=0.01), train)
    assert outputs[-1] < 1e-4 * outputs[0]


def test_sigmoid_gradients_vanish_and_tanh_s_do_not(train):
    ratios = {}
    for activation in ("sigmoid", "tanh"):
        network = build_network(Architecture((64,) * 6, activation), np.random.default_rng(0))
        norms = gradient.gradient_norms(network, train)
        ratios[activation] = norms[0] / norms[-1]
    assert ratios["sigmoid"] < 0.01
    assert ratios["tanh"] > 0.1


# weights, confusion


def test_pixels_of_a_blur_correlate_and_those_of_noise_do_not():
    noise = np.random.default_rng(0).normal(size=(8, 32, 32))
    assert abs(weights.neighbor_correlation(noise)) < 0.05
    assert weights.neighbor_correlation(noise.cumsum(axis=1).cumsum(axis=2)) > 0.9


def test_filters_stand_upright():
    network = build_network(REPORT, np.random.default_rng(0))
    network.parameters["w0"][5 * 32 + 7, 3] = 9  # row 5, column 7 of unit 3
    assert weights.filters_of(network)[3, 5, 7] == 9


def test_every_error_stands_in_the_matrix(train):
    network = build_network(REPORT, np.random.default_rng(0))
    matrix = confusion.confusions(network, train)
    assert matrix.sum(axis=1).tolist() == [SIZES["train"]] * 36
    assert matrix.trace() / matrix.sum() == pytest.approx(measure(network, train)[1])


def test_pairs_are_ranked_by_errors_of_both_directions():
    matrix = 9 * np.eye(36, dtype=np.int64)
    for truth, read, times in (("5", "S", 2), ("S", "5", 2), ("O", "0", 3)):
        matrix[CHARACTERS.index(truth), CHARACTERS.index(read)] = times
    assert confusion.confused_pairs(matrix)[:2] == [("5S", 2, 2), ("0O", 0, 3)]


# compression


def test_gradient_of_the_squared_error_is_right(train):
    architecture = Architecture((8, 6), "relu")
    network = build_network(architecture, np.random.default_rng(0), outputs=1024, dtype=np.float64)
    network.parameters["b0"] += 0.1
    network.parameters["b1"] += 0.1
    pixels = train.pixels.astype(np.float64)
    errors = gradient.check(
        network,
        train.crops,
        lambda outputs: autoencoder.squared_error(outputs, pixels),
        np.random.default_rng(0),
    )
    assert max(errors.values()) < 1e-6


def test_numpy_and_torch_go_the_same_way_to_the_last_digit(train):
    torches = pytest.importorskip("ocr.study.torch_autoencoder", exc_type=ImportError)
    exact = Letters(train.crops.astype(np.float64), train.labels)
    rng = np.random.default_rng(0)
    network = build_network(autoencoder.REPORT, rng, outputs=1024, dtype=np.float64)
    twin = torches.copy_to_torch(network)
    ours = autoencoder.fit(network, exact, epochs=12, seed=0)  # the rate is halved after ten
    theirs = torches.fit_copy(twin, exact, epochs=12, seed=0)
    assert ours == pytest.approx(theirs, rel=1e-9)
    assert ours[-1] < ours[0] / 2
    restored = torches.restore(twin, exact)
    assert restored == pytest.approx(autoencoder.restore(network, exact), abs=1e-9)


def test_pca_is_what_an_eigen_decomposition_gives():
    rng = np.random.default_rng(0)
    rows = np.clip(rng.normal(0.5, 0.1, (60, 5)) @ rng.normal(size=(5, 40)) / 4 + 0.5, 0, 1)
    rows = np.clip(rows + rng.normal(0, 0.05, rows.shape), 0, 1)
    mean, components = principal_components(rows, 3)
    centered = rows - rows.mean(axis=0)
    _, vectors = np.linalg.eigh(centered.T @ centered)
    largest = vectors[:, -3:]
    expected = centered @ largest @ largest.T + rows.mean(axis=0)
    assert mean_psnr(rows, project(rows, mean, components)) == pytest.approx(
        mean_psnr(rows, expected)
    )
    assert components @ components.T == pytest.approx(largest @ largest.T)


def test_pca_s_projection_has_the_rank_of_its_code(train):
    _, components = principal_components(train.pixels, 32)
    projection = components @ components.T
    assert projection.shape == (1024, 1024)
    assert np.trace(projection) == pytest.approx(32)  # of a projection, the trace is the rank
    assert projection @ projection == pytest.approx(projection, abs=1e-9)


def test_psnr_is_taken_of_each_image_then_averaged():
    images = np.zeros((2, 4))
    restored = np.array([[0.1] * 4, [0.01] * 4])  # 20 dB and 40 dB
    assert mean_psnr(images, restored) == pytest.approx(30)


def test_the_twin_gives_what_the_network_gives(train):
    torches = pytest.importorskip("ocr.study.torch_autoencoder", exc_type=ImportError)
    network = autoencoder.untrained(1)
    expected = sigmoid(network.forward(train.crops)[-1])
    assert torches.restore(torches.copy_to_torch(network), train) == pytest.approx(
        expected, abs=1e-5
    )


# whole studies

PICTURES = {
    "gradient": {"zeros.png", "spread.png", "vanishing.png"},
    "learning-rate": {"learning-rate.png"},
    "weights": {"weights-start.png", "weights-trained.png"},
    "confusion": {"confusion-train.png", "confusion-validation.png", "confusion-test.png"},
    "compression": {"autoencoder-loss.png", "reconstructions.png", "components.png"},
}
SHORT = {"compression": {"epochs": 2, "better_epochs": 2}}
ROWS = {
    "gradient": r"zeros, tanh +3\.\d+ .* 1\n",
    "learning-rate": r"best +0\.3 .* 77\.2 %",
    "weights": r"trained +0\.\d+",
    "confusion": r"0 O +\d+ +\d+ +\d+\n",
    "compression": r"shape  1024 x 1024\nrank +32\n",
}

Run = Callable[[str, Path], str]


@pytest.fixture
def run(folder: Path) -> Run:
    def invoke(name: str, output: Path) -> str:
        said: list[str] = []
        short = SHORT.get(name, {"epochs": 2})
        find(name)(str(folder), output, seed=0, say=said.append, **short)
        return "\n".join(said) + "\n"

    return invoke


@pytest.mark.parametrize("name", [*PICTURES])
def test_a_study_prints_its_table_and_draws(run, tmp_path, name):
    pytest.importorskip("matplotlib", reason="needs the extra study")
    if name == "compression":
        pytest.importorskip("torch")
    assert re.search(ROWS[name], run(name, tmp_path))
    assert {path.name for path in tmp_path.iterdir()} == PICTURES[name]
    for path in tmp_path.iterdir():
        assert path.stat().st_size < 150_000
        with Image.open(path) as picture:
            assert picture.format == "PNG"
            assert np.ptp(np.asarray(picture.convert("L"))) > 100


def test_the_same_seed_prints_the_same_table(run, tmp_path):
    pytest.importorskip("matplotlib", reason="needs the extra study")
    assert run("confusion", tmp_path) == run("confusion", tmp_path)


def test_tables_go_to_stdout_and_progress_to_stderr(folder, tmp_path, monkeypatch):
    pytest.importorskip("matplotlib", reason="needs the extra study")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_WAIT_POLICY", "PASSIVE")
    result = CliRunner().invoke(commands.main, ["study", "weights", "--data", str(folder)])
    assert result.exit_code == 0
    assert result.stdout.startswith("First layer's weights")
    assert "epoch 40/40" in result.stderr
    assert result.stderr.endswith("pictures in study-weights\n")
    assert (tmp_path / "study-weights" / "weights-trained.png").exists()


def test_every_study_has_its_command_and_its_help():
    listed = CliRunner().invoke(commands.main, ["study", "--help"]).stdout
    for name in STUDIES:
        assert name in listed
        shown = CliRunner().invoke(commands.main, ["study", name, "--help"])
        assert shown.exit_code == 0
        assert f"[default:study-{name}]" in "".join(shown.stdout.split())


def test_every_study_is_in_the_docs():
    text = (Path(__file__).parents[1] / "docs" / "studies.md").read_text(encoding="utf-8")
    for name in STUDIES:
        assert f"\n\n## {name}\n\n" in text
        assert f"\n    ocr study {name}" in text
    shown = set(re.findall(r"\]\(studies/([^)]+\.png)\)", text))
    there = {path.name for path in (Path(__file__).parents[1] / "docs" / "studies").iterdir()}
    assert shown == there


def test_an_unknown_study_is_a_usage_error():
    assert CliRunner().invoke(commands.main, ["study", "nothing"]).exit_code == 2


def test_a_missing_source_is_a_data_error(tmp_path):
    pytest.importorskip("matplotlib", reason="needs the extra study")
    arguments = ["study", "weights", "--data", "missing.npz", "-o", str(tmp_path / "out")]
    assert CliRunner().invoke(commands.main, arguments).exit_code == DataError.exit_code
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_made_is_an_output_error(tmp_path):
    (tmp_path / "file").write_text("")
    arguments = ["study", "weights", "-o", str(tmp_path / "file" / "out")]
    result = CliRunner().invoke(commands.main, arguments)
    assert result.exit_code == OutputError.exit_code
    assert "cannot write" in result.stderr


@pytest.mark.parametrize("library", ["matplotlib", "skimage"])
def test_without_its_libraries_a_study_names_the_extra(folder, tmp_path, monkeypatch, library):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtraError, match=r"ocr\[study\]"):
        find("weights")(str(folder), tmp_path, seed=0, say=print)


def test_without_torch_compression_names_the_extra(folder, tmp_path, monkeypatch):
    pytest.importorskip("matplotlib", reason="needs the extra study")
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "ocr.study.torch_autoencoder", raising=False)
    monkeypatch.delattr("ocr.study.torch_autoencoder", raising=False)
    with pytest.raises(MissingExtraError, match=r"ocr\[torch\]"):
        compression.study(str(folder), tmp_path, seed=0, say=print)


def test_help_of_a_study_loads_nothing_heavy():
    code = "from ocr.cli.commands import main; main(['study', '--help'], standalone_mode=False)"
    assert loaded_by(code) == set()


# pictures


def test_a_grid_is_filled_row_by_row():
    images = np.arange(3, dtype=np.uint8)[:, None, None] * np.ones((1, 2, 2), np.uint8)
    sheet = np.asarray(pictures.arrange_grid(images, columns=2, scale=1))
    assert sheet.shape == (10, 10)
    assert (sheet[2, 2], sheet[2, 6], sheet[6, 2], sheet[6, 6]) == (0, 1, 2, 255)


def test_ink_is_black_and_a_weight_of_zero_gray():
    assert pictures.ink_to_gray(np.array([[[1.0, 0.0]]])).tolist() == [[[0, 255]]]
    assert pictures.weights_to_gray(np.array([[[-2.0, 0.0, 2.0]]])).tolist() == [[[1, 128, 255]]]
