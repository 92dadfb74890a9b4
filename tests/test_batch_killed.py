"""A batch that is killed without warning, again and again, ends as one left alone."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.batch_fakes import outputs

KILLS = 3
PAGES = 60
# the command itself, with a manifest written often, and a reader that knows no letters
BATCH = """
import os
import sys
import ocr.batch.run
from ocr.batch import manifest
from ocr.cli.commands import main
from tests.batch_fakes import engine
if __name__ == "__main__":
    manifest.COMMIT_INTERVAL = 0.05
    ocr.batch.run.processes = lambda settings, count, page_timeout: engine(
        count, seconds=float(os.environ["SECONDS"])
    )
    main(["batch", *sys.argv[1:]], prog_name="ocr")
"""

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals are not sent there")


@pytest.fixture
def scans(tmp_path):
    rng = np.random.default_rng(0)
    folder = tmp_path / "scans"
    folder.mkdir()
    for number in range(PAGES):
        lines = rng.integers(0, 9, (rng.integers(1, 4), 5)).astype(str)
        (folder / f"{number}.png").write_text("\n".join(map("".join, lines)))
    return folder


def start(scans: Path, out: Path, seconds: float = 0.01) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", BATCH, scans, "-o", out, "--jobs", "2"],
        env={**os.environ, "SECONDS": str(seconds)},  # of each page
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for_outputs(out: Path, process: subprocess.Popen[str], count: int) -> None:
    while len(list(out.glob("*.txt"))) < count and process.poll() is None:
        time.sleep(0.002)


def group_of(process: subprocess.Popen[str]) -> list[str]:
    """Processes of a session that still run, as /proc tells."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended
            state, _, group = path.read_text().rpartition(")")[2].split()[:3]
            if int(group) == process.pid and state != "Z":
                found.append(path.parent.name)
    return found


def test_a_batch_killed_at_any_moment_ends_with_the_same_bytes(scans, tmp_path):
    steady = start(scans, tmp_path / "steady")
    _, told = steady.communicate(timeout=60)
    assert steady.returncode == 0, told
    rng = np.random.default_rng(1)
    for kill in range(KILLS):
        process = start(scans, tmp_path / "killed", seconds=0.05)
        wait_for_outputs(tmp_path / "killed", process, (kill + 1) * PAGES // (KILLS + 2))
        time.sleep(rng.uniform(0, 0.05))
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL, "the batch was over before it was killed"
    last = start(scans, tmp_path / "killed")
    _, told = last.communicate(timeout=60)
    assert last.returncode == 0, told
    read_last = int(told.split(" files, ")[-1].split()[0])
    assert read_last < PAGES * 3 // 4, "what was done before was done again"
    assert outputs(tmp_path / "killed") == outputs(tmp_path / "steady")


@pytest.mark.skipif(sys.platform != "linux", reason="others end after their page")
def test_no_worker_outlives_a_batch_that_is_killed(scans, tmp_path):
    process = start(scans, tmp_path / "out")
    wait_for_outputs(tmp_path / "out", process, 4)
    assert len(group_of(process)) > 2
    process.kill()
    process.communicate(timeout=60)  # whose other end the workers hold
    until = time.monotonic() + 10
    while group_of(process) and time.monotonic() < until:
        time.sleep(0.02)
    assert group_of(process) == []


def test_ctrl_c_ends_all_at_once_and_tells_how_to_go_on(scans, tmp_path):
    process = start(scans, tmp_path / "out")
    wait_for_outputs(tmp_path / "out", process, 4)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in told
    assert told.endswith("ocr: stopped; run the same command to continue\n")
    assert not [name for name in outputs(tmp_path / "out") if not name.endswith(".txt")]
