"""How much training fits into a time."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from ocr.training.ranks import Ranks

MEASURED_SHARE = 0.05  # of the budget goes into the measurement, but
MEASURED_MOST = 10.0  # seconds are enough
WARM_UP_STEPS = 2  # the first steps allocate what later ones use again


@dataclass(frozen=True)
class Pace:
    """Seconds that a step and a whole validation take."""

    step: float
    validation: float

    @classmethod
    def measure(
        cls,
        step: Callable[[], object],
        validate: Callable[[], object],
        *,
        seconds: float,
        ranks: Ranks,
    ) -> Pace:
        """Take steps for a small share of `seconds`, and validate once.

        All processes take as many steps and come to the same pace.
        """
        for _ in range(WARM_UP_STEPS):
            step()
        one = ranks.mean(_seconds(step))
        count = max(3, int(min(seconds * MEASURED_SHARE, MEASURED_MOST) / max(one, 1e-6)))
        start = time.monotonic()
        for _ in range(count):
            step()
        mean = (time.monotonic() - start) / count
        return cls(ranks.mean(mean), ranks.mean(_seconds(validate)))

    def scaled(self, factor: float) -> Pace:
        """Return the pace of a machine that takes `factor` as long.

        Examples
        --------
        >>> Pace(step=1, validation=5).scaled(2)
        Pace(step=2, validation=10)
        """
        return Pace(self.step * factor, self.validation * factor)


def steps_within(seconds: float, batches: int, pace: Pace) -> int:
    """Steps that fit into a time, a validation after each epoch's `batches` included.

    Never fewer than one.

    Examples
    --------
    >>> steps_within(60, 10, Pace(step=1, validation=5))
    40
    >>> steps_within(8, 10, Pace(step=1, validation=5))
    3
    """
    epochs, rest = divmod(max(seconds, 0), batches * pace.step + pace.validation)
    begun = max(0, int((rest - pace.validation) / pace.step))
    return max(1, int(epochs) * batches + begun)


def seconds_of(text: str) -> float:
    """Seconds of a duration such as 90s, 10m or 1h30m; ValueError for anything else.

    Examples
    --------
    >>> seconds_of("90s"), seconds_of("10m"), seconds_of("1h30m")
    (90.0, 600.0, 5400.0)
    """
    found = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", text)
    parts = [int(part or 0) for part in found.groups()] if found else []
    if not any(parts):
        raise ValueError(f"{text!r} is no duration")
    hours, minutes, seconds = parts
    return float(hours * 3600 + minutes * 60 + seconds)


def _seconds(call: Callable[[], object]) -> float:
    start = time.monotonic()
    call()
    return time.monotonic() - start
