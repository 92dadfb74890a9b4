"""Two processes in the place of one: this one finds letters, the one beside it classifies them.

To import what a page needs holds Python's lock for as long as a small page takes to be read:
two processes on two cores import side by side, threads one after the other. So they part before
there is anything to do. The one beside reads the command line, tells what it asks for, and loads
the models, while this one imports what finds letters. Later it classifies rows of a page while
the next ones are cropped here, and those before are searched.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import pickle
import signal
import struct
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, NoReturn

from ocr.process import cores

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ocr.alphabet import Alphabet
    from ocr.classifiers import Classifier

SHARED = 16 << 20  # bytes of each memory that both processes see; what is not used is free
CROP = 32 * 32  # values, float32
PLACES = struct.Struct("=QQ")  # a request: first and last+1 of the crops to classify


class Memory(NamedTuple):
    """What both processes see: a ring of crops, its answers, and the arrays of what is told."""

    crops: mmap.mmap
    answers: mmap.mmap
    arrays: mmap.mmap


def pays() -> bool:
    """Whether a second process is quicker: not where NumPy is there already, or no second core."""
    return (
        sys.platform == "linux"  # others cannot fork, or not safely
        and "numpy" not in sys.modules
        and cores() > 1
    )


def fork() -> ClassifierBeside | Server:
    """Part in two: a classifier to ask here, in a new process the server behind it.

    It has to be done before there are threads.

    Raises
    ------
    OSError
        If no more processes or files are allowed, or no more memory.
    """
    memory = Memory(*(mmap.mmap(-1, SHARED) for _ in Memory._fields))
    requests, to_server = _pipe()
    answers, from_server = _pipe()
    process = os.fork()
    if process:
        requests.close()
        from_server.close()
        return ClassifierBeside(process, memory, to_server, answers)
    to_server.close()
    answers.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the other process to hear
    return Server(memory, requests, from_server)


class ClassifierBeside:
    """What a server in another process loads, behind the classifier contract.

    Attributes
    ----------
    load : callable
        Called here where the server ends before its time, so that it is not missed, and errors
        are told as they are. To be set before the classifier is used.
    ends_after_next : bool
        Whether the server may end once it has answered for the next page.
    """

    load: Callable[[], Classifier]

    def __init__(self, process: int, memory: Memory, requests: BinaryIO, answers: BinaryIO) -> None:
        self.ends_after_next = False
        self._process = process
        self._memory = memory
        self._requests, self._answers = requests, answers
        self._asked: deque[slice] = deque()  # crops whose answers have not been taken
        self._seen = 0  # bytes of the memory for arrays

    def heard(self) -> Any:
        """What the server tells; None where it ended before."""
        try:
            told, sizes = pickle.load(self._answers)
        except (EOFError, pickle.UnpicklingError):
            return None
        arrays = []
        for size in sizes:
            arrays.append(memoryview(self._memory.arrays)[self._seen : self._seen + size])
            self._seen += aligned(size)
        return pickle.loads(told, buffers=arrays)

    @cached_property
    def alphabet(self) -> Alphabet:
        """What each output stands for."""
        told: Alphabet | None = self.heard()
        return self._here.alphabet if told is None else told

    def log_probs(self, crops: NDArray[np.float32]) -> NDArray[np.float32]:
        """Log-probabilities, float32 [N, C], of crops, float32 [N, 32, 32]."""
        return next(self.log_probs_ahead([crops]))

    def log_probs_ahead(
        self, parts: Iterable[NDArray[np.float32]]
    ) -> Iterator[NDArray[np.float32]]:
        """Log-probabilities of each part of a page's crops, in order.

        All parts are taken before the first answer is given: they are classified while later
        ones are made, and while the caller makes use of the answers for earlier ones.
        """
        import numpy as np

        self._take_answers()  # of a page that was given up
        crops, answers = self._places
        ready: deque[NDArray[np.float32]] = deque()
        pieces = []
        end = 0
        for part in parts:
            cut = np.split(part, range(len(answers), len(part), len(answers)))
            pieces.append(len(cut))
            for piece in cut:
                while (start := self._place(len(piece), end)) is None:
                    ready.append(self._take_answer())
                end = start + len(piece)
                crops[start:end] = piece
                self._ask(slice(start, end))
        if self.ends_after_next:
            self._requests.close()
        for count in pieces:
            took = [ready.popleft() if ready else self._take_answer() for _ in range(count)]
            yield np.concatenate(took)

    @cached_property
    def _places(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return _places(self._memory, len(self.alphabet))

    def _place(self, count: int, end: int) -> int | None:
        """Where so many crops fit behind the last ones, or at the start again; None for nowhere."""
        room = len(self._places[1])
        oldest = self._asked[0].start if self._asked else -1
        if oldest < end:  # nothing behind `end` is waiting
            if end + count <= room:
                return end
            return 0 if not self._asked or count <= oldest else None
        return end if end + count <= oldest else None

    def _ask(self, where: slice) -> None:
        with contextlib.suppress(BrokenPipeError):  # told when the answer is taken
            self._requests.write(PLACES.pack(where.start, where.stop))
        self._asked.append(where)

    def _take_answer(self) -> NDArray[np.float32]:
        crops, answers = self._places
        where = self._asked.popleft()
        if self._answers.read(1):
            return answers[where].copy()
        return self._here.log_probs(crops[where])

    def _take_answers(self) -> list[NDArray[np.float32]]:
        return [self._take_answer() for _ in range(len(self._asked))]

    @cached_property
    def _here(self) -> Classifier:
        return self.load()

    def close(self) -> None:
        """End the process, whatever it does, and whoever waits for its answer."""
        with contextlib.suppress(ChildProcessError):  # where SIGCHLD is ignored
            if os.waitpid(self._process, os.WNOHANG) == (0, 0):
                os.kill(self._process, signal.SIGKILL)
                os.waitpid(self._process, 0)
        self._answers.close()  # after that: a thread may wait for an answer, and holds its lock
        self._requests.close()


class Server:
    """The other end of a `ClassifierBeside`."""

    def __init__(self, memory: Memory, requests: BinaryIO, answers: BinaryIO) -> None:
        self._memory = memory
        self._requests, self._answers = requests, answers
        self._filled = 0  # bytes of the memory for arrays

    def tell(self, message: object) -> None:
        """Have the other process hear something, if it is still there."""
        arrays: list[pickle.PickleBuffer] = []
        told = pickle.dumps(message, 5, buffer_callback=arrays.append)
        contents = [array.raw() for array in arrays]
        if self._filled + sum(aligned(len(content)) for content in contents) > SHARED:
            told, contents = pickle.dumps(message), []
        for content in contents:
            self._memory.arrays[self._filled : self._filled + len(content)] = content
            self._filled += aligned(len(content))
        left = memoryview(pickle.dumps((told, [len(content) for content in contents])))
        with contextlib.suppress(BrokenPipeError):
            while left:  # a process that is stopped and continued may have written a part
                left = left[self._answers.write(left) :]

    def serve(self, load: Callable[[], Classifier], *first: Callable[[], object]) -> NoReturn:
        """Classify until the other end is closed, as it is where that process has ended.

        Parameters
        ----------
        load : callable
            Loads the classifier.
        *first : callable
            What they return is told before, each in a tuple.
        """
        try:
            for load_other in first:
                self.tell((load_other(),))
            classifier = load()
            self.tell(classifier.alphabet)
            crops, log_probs = _places(self._memory, len(classifier.alphabet))
            _warm_up(classifier)
            while request := self._requests.read(PLACES.size):
                where = slice(*PLACES.unpack(request))
                log_probs[where] = classifier.log_probs(crops[where])
                self._answers.write(b".")
        finally:
            self.end()  # the other process tells what is wrong

    def end(self) -> NoReturn:
        """End this process: the other one does the rest."""
        os._exit(0)


def aligned(size: int) -> int:
    """Bytes that an array takes, so that the next one begins where any type may."""
    return -(-size // 64) * 64


def _pipe() -> tuple[BinaryIO, BinaryIO]:
    reading, writing = os.pipe()
    return os.fdopen(reading, "rb"), os.fdopen(writing, "wb", buffering=0)


def _places(memory: Memory, outputs: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Where crops, float32 [n, 32, 32], and their log-probabilities, [m, C], pass, m <= n."""
    import numpy as np

    crops = np.frombuffer(memory.crops, np.float32)
    answers = np.frombuffer(memory.answers, np.float32)
    count = min(len(crops) // CROP, len(answers) // outputs)
    return crops.reshape(-1, 32, 32), answers[: count * outputs].reshape(count, outputs)


def _warm_up(classifier: Classifier) -> None:
    """Classify nothing in particular: threads and memory come with the first batch."""
    import numpy as np

    classifier.log_probs(np.zeros((4, 32, 32), np.float32))
