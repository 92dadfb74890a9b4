"""A classifier in a process beside answers as it would here, whatever happens to that process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ocr import classifiers
from ocr.models_dir import models_dir
from ocr.process import cores

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems do not fork")

SAMPLE = models_dir().parent / "samples" / "label.png"

# in a process without threads, as forking one that has them is not safe
FORKED = """
import os, signal, sys
import numpy as np
from ocr import beside, classifiers

def load():
    return classifiers.load("upper-digits")

classifier = beside.fork()
if isinstance(classifier, beside.Server):
    classifier.serve(load)
classifier.load = load
crops = np.load(sys.argv[1])
if sys.argv[2] == "killed":
    classifier.alphabet
    os.kill(classifier._process, signal.SIGKILL)
np.save(sys.argv[3], classifier.log_probs(crops))
assert classifier.log_probs(crops[:0]).shape == (0, 37)
classifier.ends_after_next = True
assert len(classifier.log_probs(crops[:2])) == 2
classifier.close()
"""


@pytest.mark.parametrize("fate", ["alive", "killed"])
def test_answers_are_those_of_the_classifier(fate: str, tmp_path: Path) -> None:
    crops = np.random.default_rng(0).random((300, 32, 32), np.float32)
    np.save(tmp_path / "crops.npy", crops)
    answer = tmp_path / "answer.npy"
    subprocess.run(
        [sys.executable, "-c", FORKED, str(tmp_path / "crops.npy"), fate, str(answer)], check=True
    )
    assert np.array_equal(np.load(answer), classifiers.load("upper-digits").log_probs(crops))


RING = """
import itertools
import numpy as np
from ocr import beside
from ocr.alphabet import Alphabet

class Darkest:
    alphabet = Alphabet("AB")
    def log_probs(self, crops):
        return crops[:, 0, :2]

beside.SHARED = 10 * 4 * beside.CROP
classifier = beside.fork()
if isinstance(classifier, beside.Server):
    classifier.serve(Darkest)
numbers = itertools.count()
sizes = [3, 0, 4, 7, 10, 1, 25, 0, 9, 2]
parts = [np.array([np.full((32, 32), next(numbers)) for _ in range(n)], np.float32) for n in sizes]
parts = [part.reshape(-1, 32, 32) for part in parts]
for part, answer in zip(parts, classifier.log_probs_ahead(parts), strict=True):
    assert answer[:, 0].tolist() == part[:, 0, 0].tolist()
next(classifier.log_probs_ahead(parts))  # a page that is given up
assert classifier.log_probs(parts[0]).tolist() == parts[0][:, 0, :2].tolist()
classifier.close()
"""


def test_more_crops_than_there_is_memory_for_are_answered_in_order() -> None:
    subprocess.run([sys.executable, "-c", RING], check=True, timeout=20)


STOPPED = """
import os, signal, time
from ocr import beside

other = beside.fork()
if isinstance(other, beside.Server):
    other.tell("x" * (17 << 20))  # more than a pipe holds
    other.tell("y")
    other.end()
time.sleep(0.5)  # until it waits for us to read
os.kill(other._process, signal.SIGSTOP)
time.sleep(0.1)
os.kill(other._process, signal.SIGCONT)
assert len(other.heard()) == 17 << 20
assert other.heard() == "y"
other.close()
"""


def test_process_that_is_stopped_and_continued_tells_all() -> None:
    subprocess.run([sys.executable, "-c", STOPPED], check=True, timeout=20)


TOLD = """
import numpy as np
from ocr import beside

beside.SHARED = 1000
messages = ["a", np.arange(3), [np.ones(50), np.arange(70)], np.arange(200), None, np.zeros(0)]
other = beside.fork()
if isinstance(other, beside.Server):
    for message in messages:
        other.tell(message)
    other.end()
for message in messages:
    np.testing.assert_equal(other.heard(), message)
assert other.heard() is None
other.close()
"""


def test_what_is_told_is_heard_whether_its_arrays_fit_into_memory_or_not() -> None:
    subprocess.run([sys.executable, "-c", TOLD], check=True, timeout=20)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["--help"], 0), ([], 2), ([SAMPLE, "--bad"], 2), ([SAMPLE, "-l", "gone.npz"], 4)],
    ids=str,
)
def test_what_the_other_process_tells_has_its_exit_code(arguments: list[object], code: int) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ocr", "read", *map(str, arguments)], capture_output=True
    )
    assert done.returncode == code
    assert bool(done.stdout) == (code == 0)
    assert bool(done.stderr) == (code != 0)


@pytest.mark.parametrize("images", [(SAMPLE,), (SAMPLE, SAMPLE), ("gone.png", SAMPLE)], ids=str)
def test_model_that_is_missing_is_told_once(images: tuple[object, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ocr", "read", "--model", "nowhere", *map(str, images)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 4
    assert done.stderr.count("\n") == 1
    assert "no model nowhere" in done.stderr


def test_no_process_is_left_when_the_reader_is_killed() -> None:
    code = (
        "import time; from ocr import beside, classifiers; c = beside.fork()\n"
        "isinstance(c, beside.Server) and c.serve(lambda: classifiers.load('upper-digits'))\n"
        "c.alphabet; print(c._process, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
    ) as reader:
        assert reader.stdout is not None
        beside = int(reader.stdout.readline())
        reader.send_signal(signal.SIGKILL)
    assert _ends(beside)


def _ends(process: int) -> bool:
    import time

    for _ in range(100):
        try:
            os.kill(process, 0)
            state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except (ProcessLookupError, FileNotFoundError):
            return True
        if state == "Z":  # ended; whoever adopted it has not looked yet
            return True
        time.sleep(0.05)
    return False


BUSY = """
import threading, time
from ocr import beside

classifier = beside.fork()
if isinstance(classifier, beside.Server):
    classifier.serve(lambda: time.sleep(30))
waiting = threading.Thread(target=lambda: classifier.alphabet, daemon=True)
waiting.start()
time.sleep(0.2)  # until it waits
start = time.monotonic()
classifier.close()
assert time.monotonic() - start < 5
import os
os._exit(0)
"""


def test_end_does_not_wait_for_a_model_that_is_loading() -> None:
    subprocess.run([sys.executable, "-c", BUSY], check=True, timeout=20)


LARGE = """
import sys
from ocr.alphabet import Alphabet
from ocr import beside

class Large:
    alphabet = Alphabet("".join(map(chr, range(0x4E00, 0x9E00))))
    def log_probs(self, crops):
        return crops.reshape(len(crops), -1)

other = beside.fork()
if isinstance(other, beside.Server):
    other.serve(Large)
other.close()
"""


def test_classifier_that_nobody_asked_ends_whatever_its_alphabet() -> None:
    subprocess.run([sys.executable, "-c", LARGE], check=True, timeout=20)


@pytest.mark.parametrize("stream", ["1", "2"])
def test_closed_stream_is_no_error(stream: str, tmp_path: Path) -> None:
    written = tmp_path / "text"
    run = f"{sys.executable} -c 'from ocr.cli import run; run()'"
    command = f'{run} read "$1" -o "$2" {stream}>&-'
    done = subprocess.run(["sh", "-c", command, "sh", str(SAMPLE), str(written)])
    assert done.returncode == 0
    assert written.read_text()


def program(setting: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """The program, after some code, with its arguments."""
    code = f"import atexit, os, signal, sys, time\n{setting}\nfrom ocr.cli import run; run()"
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        start_new_session=True,
    )


COUNTED = """
forks = []
os.register_at_fork(after_in_parent=lambda: forks.append(1))
heavy = "click", "onnxruntime"
tell = lambda: print(len(forks), *[m for m in heavy if m in sys.modules], file=sys.stderr)
atexit.register(tell)
"""


@pytest.mark.skipif(cores() < 2, reason="needs a second core")
def test_pages_are_read_by_a_process_without_click_and_classifier() -> None:
    done = program(COUNTED, "read", SAMPLE)
    assert (done.stdout.count("\n"), done.stderr) == (3, "1\n")


SLOW = """
from ocr.cli.reading import Job
load = Job.language_model
Job.language_model = lambda job: time.sleep(0.5) or load(job)
"""


def test_language_model_may_take_longer_than_the_classifier() -> None:
    assert program(SLOW, "read", SAMPLE).stdout == program("", "read", SAMPLE).stdout


INTERRUPTED = """
from ocr.cli.reading import Job
Job.classifier = lambda job: os.killpg(0, signal.SIGINT) or time.sleep(5)
"""


@pytest.mark.skipif(cores() < 2, reason="needs a second core")
def test_ctrl_c_is_heard_by_the_process_that_reads() -> None:
    done = program(INTERRUPTED, "read", SAMPLE)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


BROKEN = """
from ocr import sources
sources.expand = lambda images: 1 / 0
"""


def test_mistake_of_ours_is_told_once() -> None:
    done = program(BROKEN, "read", SAMPLE)
    assert done.returncode == 1
    assert done.stderr.count("Traceback") == 1
