"""The program: one process, its exit codes, and how it ends."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ocr.models_dir import models_dir

SAMPLE = models_dir().parent / "samples" / "label.png"
TEXT = "FRAGILE!\nBOX 13 OF 28\nKEEP DRY\n"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals differ there")


def program(*arguments: object, before: str = "") -> subprocess.CompletedProcess[str]:
    """Run the program after some code, in a session of its own."""
    code = f"{before}\nfrom ocr.cli.main import run; run()"
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        start_new_session=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["--help"], 0), ([], 2), ([SAMPLE, "--bad"], 2), ([SAMPLE, "-l", "gone.npz"], 4)],
    ids=str,
)
def test_only_help_goes_to_standard_output(arguments: list[object], code: int) -> None:
    done = program("read", *arguments)
    assert done.returncode == code
    assert bool(done.stdout) == (code == 0)
    assert bool(done.stderr) == (code != 0)


@pytest.mark.parametrize("images", [(SAMPLE,), (SAMPLE, SAMPLE), ("gone.png", SAMPLE)], ids=str)
def test_missing_model_is_reported_once(images: tuple[object, ...]) -> None:
    done = program("read", "--model", "nowhere", *images)
    assert done.returncode == 4
    assert done.stderr.count("\n") == 1
    assert "no model nowhere" in done.stderr


COUNT_PROCESSES = """
import atexit, os, sys
started = []
os.register_at_fork(before=lambda: started.append(1))
atexit.register(lambda: print(len(started), file=sys.stderr))
"""


def test_read_starts_no_other_process() -> None:
    done = program("read", SAMPLE, before=COUNT_PROCESSES)
    assert (done.stdout, done.stderr) == (TEXT, "0\n")


SLOW_LANGUAGE = """
import time
from ocr.decode import language
load = language.language_model
language.language_model = lambda name: time.sleep(0.5) or load(name)
"""


def test_language_model_may_take_longer_than_the_classifier() -> None:
    assert program("read", SAMPLE, before=SLOW_LANGUAGE).stdout == TEXT


# a model that computes without end, and somebody who gives it up
ENDLESS = """
import os, signal, threading, time
from ocr import classifiers
class Endless:
    alphabet = classifiers.load("default").alphabet
    def log_probs(self, crops):
        threading.Timer(0.1, os.kill, (os.getpid(), signal.{name})).start()
        time.sleep(30)
classifiers.load = lambda *arguments, **options: Endless()
"""


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", -signal.SIGTERM)])
def test_endless_model_can_be_interrupted(name: str, code: int) -> None:
    done = program("read", SAMPLE, before=ENDLESS.format(name=name))
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")


def test_interrupt_during_imports_is_not_swallowed() -> None:
    # numpy among others turns KeyboardInterrupt into ImportError in places
    code = """
import os, signal, sys
class Finder:
    def find_spec(self, name, *others):
        if name == "numpy":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder())
"""
    done = program("read", SAMPLE, before=code)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.mark.parametrize("stream", ["1", "2"])
def test_closed_stream_is_no_error(stream: str, tmp_path: Path) -> None:
    written = tmp_path / "text"
    run = f"{sys.executable} -c 'from ocr.cli.main import run; run()'"
    command = f'{run} read "$1" -o "$2" {stream}>&-'
    done = subprocess.run(["sh", "-c", command, "sh", str(SAMPLE), str(written)])
    assert done.returncode == 0
    assert written.read_text() == TEXT


def test_traceback_of_a_bug_is_printed_once() -> None:
    done = program(
        "read",
        SAMPLE,
        before="from ocr.input import sources; sources.expand = lambda images: 1 / 0",
    )
    assert done.returncode == 1
    assert done.stderr.count("Traceback") == 1
