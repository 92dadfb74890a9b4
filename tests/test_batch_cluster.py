"""A Dask cluster reads a batch as this machine does, though a worker dies half-way."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from ocr.batch import cluster
from ocr.batch.manifest import DONE, Manifest
from ocr.batch.settings import Settings
from ocr.batch.work import Job, Reader
from ocr.cli.commands import main
from ocr.errors import ClusterError, MissingExtraError, OcrError, OutputError
from ocr.models_dir import models_dir

distributed = pytest.importorskip("distributed", reason="needs the extra dask")
pytestmark = pytest.mark.skipif(
    not (models_dir() / "default.onnx").exists(), reason="the default model is not trained yet"
)

SAMPLES = Path(__file__).parents[1] / "samples"
COPIES = 4
NOWHERE = ["--scheduler", "tcp://127.0.0.1:1"]
LOCAL = ["--no-dashboard", "--host", "127.0.0.1"]


class Cluster:
    """A scheduler and two workers, each a process; they stand in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        self.scheduler = self._start("scheduler", "--port", "0", "--scheduler-file", "address")
        wait_until(lambda: (folder / "address").exists())
        self.address = json.loads((folder / "address").read_text())["address"]
        options = (self.address, "--nthreads", "1", "--no-nanny")
        self.workers = [self._start("worker", *options) for _ in range(2)]

    def _start(self, kind: str, *options: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *options, *LOCAL]
        with (self._folder / "log").open("a") as log:
            process = subprocess.Popen(command, cwd=self._folder, stdout=log, stderr=log)
        self._processes.append(process)
        return process

    def end(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()


@pytest.fixture
def cluster_of_two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    made = Cluster(tmp_path_factory.mktemp("cluster"))
    yield made
    made.end()


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    folder.mkdir()
    for name in "label.png", "print.png", "whiteboard.jpg":
        for copy in range(COPIES):
            shutil.copy(SAMPLES / name, folder / f"{copy}-{name}")
    return folder


def wait_until(holds: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.02)


def batch(scans: Path, *options: str) -> subprocess.Popen[str]:
    """`ocr batch` in the folder beside the scans, which is none of a worker's."""
    command = [sys.executable, "-m", "ocr", "batch", scans.name, *options]
    return subprocess.Popen(command, cwd=scans.parent, stderr=subprocess.PIPE, text=True)


def texts(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.txt")}


def read_here(scans: Path, out: Path) -> None:
    reader = Reader(Settings())
    for path in scans.iterdir():
        reader(Job(path.name, str(path), (str(out / f"{path.stem}.txt"),)), lambda page: None)


@pytest.mark.skipif(os.name == "nt", reason="signals are not sent there")
def test_a_worker_killed_half_way_is_done_without(
    cluster_of_two: Cluster, scans: Path, tmp_path: Path
) -> None:
    count = len(list(scans.iterdir()))
    doomed, _ = cluster_of_two.workers
    running = batch(scans, "-o", "out", "--scheduler", cluster_of_two.address)
    wait_until(lambda: len(texts(tmp_path / "out")) > 1)
    doomed.send_signal(signal.SIGSTOP)  # it holds what it was given, and the other reads on
    held: list[int] = []
    while len(held) < 30 or held[-1] != held[-30]:  # for 0.6 s
        held.append(len(texts(tmp_path / "out")))
        time.sleep(0.02)
    assert held[-1] < count
    doomed.kill()
    _, told = running.communicate(timeout=60)
    assert running.returncode == 0, told

    read_here(scans, tmp_path / "here")
    assert texts(tmp_path / "out") == texts(tmp_path / "here")
    assert not list((tmp_path / "out").glob(".*.txt.*"))  # nothing half-written
    with Manifest(tmp_path / "out" / "manifest.sqlite") as manifest:
        entries = manifest.entries().values()
        assert [(e.state, e.pages) for e in entries] == [(DONE, 1)] * count

    cluster_of_two.workers[1].send_signal(signal.SIGSTOP)
    running = batch(scans, "-o", "other", "--scheduler", cluster_of_two.address)
    wait_until((tmp_path / "other" / "manifest.sqlite").exists)
    time.sleep(1)  # until it waits for an answer
    cluster_of_two.scheduler.kill()
    _, told = running.communicate(timeout=60)
    assert running.returncode == ClusterError.exit_code, told
    *_, last = told.splitlines()
    assert last == "ocr: error: the scheduler was lost (run the same command to continue)"


def test_a_scheduler_that_is_not_there_is_told(scans: Path) -> None:
    hasty = (
        "from ocr.batch import cluster; cluster.TIMEOUT = 0.2; from ocr.cli.main import run; run()"
    )
    done = subprocess.run(
        [sys.executable, "-c", hasty, "batch", ".", "-o", "../out", *NOWHERE],
        cwd=scans,
        capture_output=True,
        text=True,
    )
    assert done.returncode == ClusterError.exit_code
    [line] = done.stderr.splitlines()
    assert line == (
        "ocr: error: no scheduler answers at tcp://127.0.0.1:1 (start one: dask scheduler)"
    )
    assert not (scans.parent / "out").exists()


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'ocr\[dask\]'"):
        cluster.cluster(Settings(), "tcp://127.0.0.1:1")


def test_what_is_for_one_machine_does_not_go_with_a_scheduler(tmp_path: Path) -> None:
    command = ["batch", str(tmp_path), "-o", "out", "--scheduler", "tcp://host:1", "--jobs", "2"]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 2
    assert "--jobs and --page-timeout are for this machine" in done.stderr


def test_a_file_that_kills_its_workers_is_set_aside() -> None:
    death = distributed.KilledWorker("task", None, 3)
    assert cluster._outcome(future(death)).failures[0].describe("a.png") == (
        "cannot read a.png: the workers that read it died, 4 times"
    )


def test_what_no_worker_can_do_ends_the_run() -> None:
    with pytest.raises(ClusterError, match=r"a worker cannot read: No module named 'ocr' \(inst"):
        cluster._outcome(future(ModuleNotFoundError("No module named 'ocr'")))
    with pytest.raises(OutputError):
        cluster._outcome(future(OutputError("cannot write x")))


def test_a_worker_with_another_model_or_version_does_not_read() -> None:
    with pytest.raises(OcrError, match="a worker has another model or version of ocr") as raised:
        cluster._read(Settings(), "another fingerprint", Job("a", "a", ()))
    assert (type(raised.value), raised.value.exit_code) == (OcrError, 4)  # so that it travels


def test_files_are_named_for_workers_in_other_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.onnx").touch()
    settings = cluster._with_whole_paths(Settings(model="mine.onnx"))
    assert settings == Settings(model=str(tmp_path / "mine.onnx"))
    assert cluster._with_whole_paths(Settings()) == Settings()
    assert cluster._absolute(Job("a", "a", ("out/a.txt",))).outputs == (
        str(tmp_path / "out" / "a.txt"),
    )


def future(error: Exception) -> Any:
    def result() -> None:
        raise error

    return SimpleNamespace(result=result)
