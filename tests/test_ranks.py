"""Two processes that train one network."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ocr.alphabet import Alphabet
from ocr.classifiers import describe
from ocr.training.ranks import ALONE, Ranks, join_processes, world_size
from tests.test_train_command import letters

# the state that each process ends with is saved by its rank
TRAIN = """
import itertools, os, sys
import numpy as np
import torch
from ocr.cli import train
from ocr.cli.commands import main
from ocr.training import loop

kept = []
make = train.make_learner
def keep(*args, **options):
    kept.append(make(*args, **options))
    return kept[0]
train.make_learner = keep
stop = int(sys.argv[1])
taken = itertools.count(1)
def on_step(step):
    if next(taken) == stop:
        os._exit(1)
train.train = lambda *args, **options: loop.train(*args, **{**options, "on_step": on_step})
main(["train", *sys.argv[2:]], standalone_mode=False)
np.savez(f"rank{os.environ['RANK']}.npz", **kept[0].state())
"""


def torchrun(folder: Path, *options: str, stop: int = -1) -> subprocess.CompletedProcess[str]:
    (folder / "train.py").write_text(TRAIN)
    launcher = ["torch.distributed.run", "--nproc-per-node", "2", "--standalone", "--no-python"]
    command = [sys.executable, "train.py", str(stop), "--data", "letters.npz", "--alphabet", "ILT"]
    source = Path(__file__).parents[1]
    return subprocess.run(
        [sys.executable, "-m", *launcher, *command, "--batch-size", "13", *options],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_two_processes_end_with_the_same_weights_and_can_be_resumed(tmp_path):
    pytest.importorskip("torch")
    pytest.importorskip("onnx")
    letters(tmp_path / "letters.npz", "ILT")
    options = ["--arch", "cnn", "--epochs", "12", "--learning-rate", "0.02", "--no-augment"]
    steady = torchrun(tmp_path, *options, "-o", "steady")
    assert steady.returncode == 0, steady.stderr
    assert steady.stderr.count("crops to train on") == 1
    first, second = (np.load(tmp_path / f"rank{rank}.npz") for rank in (0, 1))
    # not to the bit what one process trains, as batches are normalised in parts, but as good
    assert describe(tmp_path / "steady.onnx")["valid_accuracy"] == 1
    assert any("running_mean" in name for name in first.files)
    for name in first.files:
        np.testing.assert_array_equal(first[name], second[name], err_msg=name)

    assert torchrun(tmp_path, *options, "-o", "killed", stop=8).returncode != 0
    assert (tmp_path / "killed.onnx.checkpoint.npz").exists()
    resumed = torchrun(tmp_path, *options, "-o", "killed", "--resume")
    assert resumed.returncode == 0, resumed.stderr
    one, two = ((tmp_path / f"{name}.onnx").read_bytes() for name in ("steady", "killed"))
    assert one == two


def test_parts_are_a_whole_batch():
    batch = np.arange(5)
    parts = [Ranks(rank, 3).part(batch) for rank in range(3)]
    assert [len(part) for part in parts] == [2, 2, 1]
    assert sorted(np.concatenate(parts)) == [0, 1, 2, 3, 4]
    assert len(Ranks(2, 3).part(batch[:2])) == 0


def test_one_process_is_alone(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert world_size() == 1
    with join_processes() as ranks:
        assert ranks is ALONE
    assert ranks.is_first
    assert ranks.mean(2.5) == 2.5


class TwoParts(Ranks):
    """Stands for the process of one half of a batch, with the sums of both at hand."""

    def __init__(self, other: np.ndarray | None = None) -> None:
        super().__init__(0, 2)
        object.__setattr__(self, "other", other)
        object.__setattr__(self, "given", None)

    def total(self, values: np.ndarray) -> np.ndarray:
        object.__setattr__(self, "given", values)
        return values if self.other is None else values + self.other


def test_gradients_of_unequal_parts_are_those_of_the_whole_batch():
    torch = pytest.importorskip("torch")
    from ocr.training.torch_learner import TorchLearner

    crops = np.random.default_rng(0).random((5, 32, 32), np.float32)
    targets = np.array([[0, 0], [1, 1], [0, 1], [1, 1], [0, 0]])
    alone = TorchLearner("report-mlp", Alphabet("AB"), seed=0)
    loss, correct = alone.fit_batch(crops, targets, 1e-3)

    small = TwoParts()
    TorchLearner("report-mlp", Alphabet("AB"), seed=0, ranks=small).fit_batch(
        crops[3:], targets[3:], 1e-3
    )
    large = TorchLearner("report-mlp", Alphabet("AB"), seed=0, ranks=TwoParts(small.given))
    shared = large.fit_batch(crops[:3], targets[:3], 1e-3)
    assert shared == (pytest.approx(loss, rel=1e-5), correct)
    for one, two in zip(alone.network.parameters(), large.network.parameters(), strict=True):
        torch.testing.assert_close(one.grad, two.grad, rtol=1e-4, atol=1e-6)


def test_a_process_without_a_crop_takes_the_step_of_the_others():
    torch = pytest.importorskip("torch")
    from ocr.training.torch_learner import TorchLearner

    crops = np.random.default_rng(0).random((2, 32, 32), np.float32)
    targets = np.array([[0, 0], [1, 1]])
    busy = TwoParts()
    TorchLearner("cnn", Alphabet("AB"), seed=0, ranks=busy).fit_batch(crops, targets, 1e-3)
    idle = TorchLearner("cnn", Alphabet("AB"), seed=0, ranks=TwoParts(busy.given))
    idle.fit_batch(crops[:0], targets[:0], 1e-3)
    alone = TorchLearner("cnn", Alphabet("AB"), seed=0)
    alone.fit_batch(crops, targets, 1e-3)
    for one, two in zip(alone.network.parameters(), idle.network.parameters(), strict=True):
        torch.testing.assert_close(one, two, rtol=1e-5, atol=1e-6)


def test_numpy_training_is_for_one_process(tmp_path, monkeypatch):
    from click.testing import CliRunner

    from ocr.cli.commands import main

    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["train", "--backend", "numpy"])
    assert result.exit_code == 2
    assert "trains in one process" in result.stderr
