"""A run that is killed without warning, again and again, ends as one left alone."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.test_train_command import NETWORKS, letters, log_of, model_of

KILLS = 2
# the command itself, with a checkpoint every few steps
TRAIN = """
import sys
from ocr.cli.commands import main
from ocr.training import checkpoint
checkpoint.CHECKPOINT_SECONDS = 0.01
main(["train", *sys.argv[1:]], standalone_mode=False)
"""


def start(folder: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", TRAIN, "--data", "letters.npz", "--alphabet", "ILT", *options],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(folder: Path, *options: str) -> str:
    process = start(folder, *options)
    _, messages = process.communicate(timeout=60)
    assert process.returncode == 0, messages
    return messages


def wait_for_checkpoints(path: Path, process: subprocess.Popen[str], count: int) -> None:
    """Return when so many have been written, or the run is over."""
    seen: set[int] = set()
    while len(seen) < count and process.poll() is None:
        with contextlib.suppress(FileNotFoundError):
            seen.add(path.stat().st_mtime_ns)
        time.sleep(0.001)


@pytest.mark.parametrize("network", NETWORKS, ids=["numpy", "torch"])
def test_a_run_killed_at_any_moment_ends_with_the_same_bytes(tmp_path, network):
    if "torch" in network:
        pytest.importorskip("torch")
        pytest.importorskip("onnx")
    letters(tmp_path / "letters.npz", "ILT", count=60)
    options = [*network, "--epochs", "12", "--batch-size", "8"]
    steady, killed = (tmp_path / model_of(network, name) for name in ("steady", "killed"))
    checkpoint = Path(f"{killed}.checkpoint.npz")
    rng = np.random.default_rng(0)

    finish(tmp_path, *options, "-o", "steady")
    for kill in range(KILLS):
        process = start(tmp_path, *options, "-o", "killed", *(["--resume"] if kill else []))
        wait_for_checkpoints(checkpoint, process, int(rng.integers(1, 5)))
        time.sleep(rng.uniform(0, 0.02))
        process.kill()
        process.communicate()
        assert process.returncode == -9, "the run was over before it was killed"
    finish(tmp_path, *options, "-o", "killed", "--resume")

    assert killed.read_bytes() == steady.read_bytes()
    assert log_of(killed) == log_of(steady)
    assert not [p.name for p in tmp_path.iterdir() if p.name.startswith(".")]
    assert not checkpoint.exists()
