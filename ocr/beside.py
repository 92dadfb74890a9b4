"""A classifier in a process of its own, which starts while this one does other things.

To import NumPy and ONNX Runtime holds Python's lock for as long as a small page takes to be
read: two processes on two cores do so side by side, threads one after the other.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import struct
import sys
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, BinaryIO, NoReturn

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ocr.alphabet import Alphabet
    from ocr.classifiers import Classifier

COUNT = struct.Struct("=Q")  # crops of a request, which follow as float32


def pays() -> bool:
    """Whether a second process is quicker: not where NumPy is there already, or no second core."""
    return (
        sys.platform == "linux"  # others cannot fork, or not safely
        and "numpy" not in sys.modules
        and len(os.sched_getaffinity(0)) > 1
    )


class ClassifierBeside:
    """What a function loads, in a forked process, behind the classifier contract.

    Parameters
    ----------
    load : callable
        Called there. Where that fails, or the process ends before its time, it is called
        here, so that errors are told as they are.

    Attributes
    ----------
    ends_after_next : bool
        Whether the process may end while what it answers to the next request is made use of.
    """

    def __init__(self, load: Callable[[], Classifier]) -> None:
        self.ends_after_next = False
        self._load = load
        requests, self._requests = _pipe()
        self._answers, answers = _pipe()
        self._process = os.fork()
        if not self._process:
            self._requests.close()
            self._answers.close()
            _serve(load, requests, answers)
        requests.close()
        answers.close()

    @cached_property
    def alphabet(self) -> Alphabet:
        """What each output stands for."""
        from ocr.alphabet import Alphabet

        line = self._answers.readline()
        return Alphabet(**json.loads(line)) if line else self._here.alphabet

    def log_probs(self, crops: NDArray[np.float32]) -> NDArray[np.float32]:
        """Log-probabilities, float32 [N, C], of crops, float32 [N, 32, 32]."""
        import numpy as np

        outputs = len(self.alphabet)
        try:
            self._requests.write(COUNT.pack(len(crops)) + crops.tobytes())
            self._requests.flush()
            answer = self._answers.read(4 * len(crops) * outputs)
            if self.ends_after_next:
                self._requests.close()
        except BrokenPipeError:
            answer = b""
        if len(answer) < 4 * len(crops) * outputs:
            return self._here.log_probs(crops)
        return np.frombuffer(answer, np.float32).reshape(len(crops), outputs)

    @cached_property
    def _here(self) -> Classifier:
        return self._load()

    def close(self) -> None:
        """End the process."""
        with contextlib.suppress(BrokenPipeError):  # it ended before
            self._requests.close()
        os.waitpid(self._process, 0)


def _pipe() -> tuple[BinaryIO, BinaryIO]:
    reading, writing = os.pipe()
    return os.fdopen(reading, "rb"), os.fdopen(writing, "wb")


def _serve(load: Callable[[], Classifier], requests: BinaryIO, answers: BinaryIO) -> NoReturn:
    """Answer until the other end is closed, as it is where that process has ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the other process to hear
    try:
        classifier = load()
        alphabet = classifier.alphabet
        hello = {"characters": alphabet.characters, "reject": alphabet.reject}
        answers.write(json.dumps(hello).encode() + b"\n")
        answers.flush()
        _warm_up(classifier)
        while head := requests.read(COUNT.size):
            answers.write(classifier.log_probs(_crops(requests, *COUNT.unpack(head))).tobytes())
            answers.flush()
    finally:
        os._exit(0)  # the other process tells what is wrong


def _warm_up(classifier: Classifier) -> None:
    """Classify nothing in particular: the first batch takes twice as long as any other."""
    import numpy as np

    classifier.log_probs(np.zeros((64, 32, 32), np.float32))


def _crops(requests: BinaryIO, count: int) -> NDArray[np.float32]:
    import numpy as np

    data = requests.read(4 * 32 * 32 * count)
    return np.frombuffer(data, np.float32).reshape(count, 32, 32)
