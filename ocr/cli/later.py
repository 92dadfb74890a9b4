"""What is worked out beside us, in a thread."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Generic, TypeVar

T = TypeVar("T")


class Later(Generic[T]):
    """What a function returns or raises, worked out from now on.

    A future of `concurrent.futures` would do, but for the 5 ms that its import takes of a page's
    150. The process may end before it is known.
    """

    def __init__(self, function: Callable[[], T]) -> None:
        self._function = function
        self._error: BaseException | None = None
        self._thread = Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        try:
            self._value = self._function()
        except BaseException as error:
            self._error = error

    def is_known(self) -> bool:
        """Whether `result` would return, or raise, at once."""
        return not self._thread.is_alive()

    def wait(self) -> None:
        """Wait until it is known."""
        self._thread.join()

    def result(self) -> T:
        """Wait for it; what was raised is raised here."""
        self.wait()
        if self._error is not None:
            raise self._error
        return self._value
