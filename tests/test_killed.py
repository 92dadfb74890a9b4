"""A run that is killed without warning, again and again, ends as one left alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.test_train_command import NETWORKS, letters, model_of

KILLS = 3
# the command itself, with a checkpoint every few steps
TRAIN = """
import sys
from ocr.cli import main
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
    _, told = process.communicate(timeout=60)
    assert process.returncode == 0, told
    return told


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    while not path.exists() and process.poll() is None:
        time.sleep(0.002)


def log_of(model: Path) -> list[dict[str, float]]:
    lines = [json.loads(line) for line in Path(f"{model}.log.jsonl").read_text().splitlines()]
    for line in lines:
        del line["images_per_second"]
    return lines


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

    begun = time.monotonic()
    process = start(tmp_path, *options, "-o", "steady")
    wait_for(Path(f"{steady}.checkpoint.npz"), process)
    ready = time.monotonic()
    process.communicate(timeout=60)
    seconds = time.monotonic() - ready

    kills = 0
    for _ in range(KILLS):
        process = start(tmp_path, *options, "-o", "killed", *(["--resume"] if kills else []))
        if not kills:
            wait_for(checkpoint, process)
        time.sleep(rng.uniform(0, seconds / KILLS) + (ready - begun if kills else 0))
        process.kill()
        process.communicate()
        if process.returncode == 0:  # faster than the run before it: the kill came too late
            break
        assert process.returncode == -9
        kills += 1
    else:
        finish(tmp_path, *options, "-o", "killed", "--resume")
    assert kills, "no kill came in time"

    assert killed.read_bytes() == steady.read_bytes()
    assert log_of(killed) == log_of(steady)
    assert not [p.name for p in tmp_path.iterdir() if p.name.startswith(".")]
    assert not checkpoint.exists()
