from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from ocr.alphabet import Alphabet
from ocr.cli import commands
from ocr.data import datasets
from ocr.data.samples import Samples
from ocr.errors import DataError
from ocr.study import find, nist36
from ocr.study.nist36 import CHARACTERS
from tests.test_study import SIZES, blobs, write

backends = pytest.importorskip("ocr.study.backends")


def write_signs(path: Path, characters: str, per_class: int) -> None:
    """Noise, a pattern for each sign, so that no two images are alike."""
    rng = np.random.default_rng(0)
    names = np.array([*characters] * per_class)
    np.savez(path, images=rng.integers(0, 256, (len(names), 24, 24)).astype(np.uint8), chars=names)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of three parts, with files of digits next to it."""
    folder = tmp_path / "nist36"
    folder.mkdir()
    for seed, (part, count) in enumerate(SIZES.items()):
        write(folder / f"{part}.npz", count, seed)
    for name, count in (("digits", 10), ("more", 3)):
        write_signs(tmp_path / f"{name}.npz", "0123456789", count)
    return folder


def run(folder: Path, output: Path) -> list[str]:
    said: list[str] = []
    digits = {"mnist": str(folder.parent / "digits.npz")}
    digits["mnist_test"] = str(folder.parent / "more.npz")
    find("backends")(str(folder), output, seed=0, say=said.append, epochs=1, **digits)
    return said


def keys(samples: Samples) -> set[bytes]:
    return {crop.tobytes() for crop in samples.crops}


def test_the_study_prints_a_table_of_each_set_and_draws(folder, tmp_path):
    pytest.importorskip("matplotlib", reason="needs the extra study")
    pytest.importorskip("torch", reason="needs the extra torch")
    said = run(folder, tmp_path)
    assert [table.partition(":")[0] for table in said] == ["NIST36", "MNIST"]
    for table in said:
        for network in backends.NETWORKS:
            assert re.search(rf"^(numpy|torch) {network} .*\d+ *$", table, re.MULTILINE)
    assert re.search(r"torch report-mlp .* 98.0 %, 80.0 % +67,940 ", said[0])
    assert re.search(r"torch report-cnn .* 98.1 %, 98.0 % ", said[1])
    assert re.search(r"torch cnn .* - ", said[0])
    assert (tmp_path / "backends.png").stat().st_size < 150_000


def test_all_sources_are_read_before_anything_is_trained(folder, tmp_path, monkeypatch):
    pytest.importorskip("matplotlib", reason="needs the extra study")
    monkeypatch.setattr(backends, "train_and_measure", lambda *_, **__: pytest.fail("trained"))
    (tmp_path / "more.npz").unlink()
    with pytest.raises(DataError, match=r"more\.npz"):
        run(folder, tmp_path)


def test_parts_of_emnist_do_not_overlap_and_have_all_signs(tmp_path, monkeypatch):
    monkeypatch.setattr(backends, "EMNIST_PER_CLASS", 20)
    write_signs(tmp_path / "all.npz", backends.EMNIST_CHARACTERS, 25)
    task = backends.emnist(str(tmp_path / "all.npz"), seed=0)
    parts = [keys(part) for part in (task.train, task.valid, task.test)]
    assert [len(part) for part in parts] == [62 * 14, 62 * 2, 62 * 4]
    assert len(set.union(*parts)) == 62 * 20
    assert len(task.alphabet) == 62


def test_a_draw_has_no_letter_twice_and_all_of_fewer(tmp_path):
    write_signs(tmp_path / "all.npz", "01", 10)
    samples = datasets.load(str(tmp_path / "all.npz"), alphabet="01", seed=0)
    assert len(keys(backends.draw(samples, 7, seed=0))) == 7
    assert keys(backends.draw(samples, 7, seed=0)) != keys(backends.draw(samples, 7, seed=1))
    assert keys(backends.draw(samples, 50, seed=0)) == keys(samples)


def test_only_this_tool_s_own_network_sees_distorted_letters(folder, monkeypatch):
    pytest.importorskip("torch", reason="needs the extra torch")
    asked = []

    def watched(*arguments, settings, **others):
        asked.append(settings.augment)
        return train(*arguments, settings=settings, **others)

    train = backends.train
    monkeypatch.setattr(backends, "train", watched)
    letters = nist36.load(str(folder), seed=0)
    task = backends.Task(*(backends.to_samples(part) for part in letters.parts().values()))
    for network in backends.NETWORKS:
        backends.train_and_measure(task, network, seed=0, epochs=1, name="")
    assert dict(zip(backends.NETWORKS, asked, strict=True)) == {
        "mlp": False,
        "report-mlp": False,
        "report-cnn": False,
        "cnn": True,
    }


def test_numpy_and_torch_count_the_same_parameters_of_the_same_network():
    pytest.importorskip("torch", reason="needs the extra torch")
    alphabet = Alphabet(CHARACTERS)
    counts = [
        backends.count_parameters(
            backends.make_learner(backends.NETWORKS[name], name, alphabet, seed=0, init=None)
        )
        for name in ("mlp", "report-mlp")
    ]
    assert counts == [1024 * 64 + 64 + 64 * 36 + 36] * 2


def test_letters_stay_as_they_are_on_the_way_to_training(folder):
    images, characters = blobs(SIZES["test"], seed=2)
    samples = backends.to_samples(nist36.load(str(folder), seed=0).test)
    assert samples.characters.tolist() == characters.tolist()
    assert samples.crops.dtype == np.uint8
    assert samples.crops.max() == 255
    assert len(samples) == len(images)


def test_the_command_takes_other_digits(folder, tmp_path):
    pytest.importorskip("matplotlib", reason="needs the extra study")
    arguments = ["study", "backends", "--data", str(folder), "--mnist", "missing.npz"]
    result = CliRunner().invoke(commands.main, [*arguments, "-o", str(tmp_path / "out")])
    assert result.exit_code == DataError.exit_code
    assert "missing.npz" in result.stderr
