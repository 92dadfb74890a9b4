"""The benchmark runs, on whatever engines are here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.skipif(sys.platform == "win32", reason="wait4 is POSIX's")
def test_the_benchmark_prints_accuracy_and_speed() -> None:
    command = [sys.executable, "benchmarks/compare.py", "samples/label.png", "--engines", "ocr"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    accuracy, speed, warm = result.stdout.strip().split("\n\n")
    assert accuracy.splitlines()[1].split() == ["ocr", "0.0/0.0"]
    assert float(speed.splitlines()[1].split()[1]) > 0
    assert warm.splitlines()[0].split()[-1] == "crops/s"
