"""Settings of a training run: its learning rates, and how many steps fit into a time."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from ocr.training.ranks import Ranks

WARM_UP = 0.1  # share of all steps in which the learning rate climbs
MEASURED_SHARE = 0.05  # of a time budget, spent on measuring the pace
MAX_MEASURED_SECONDS = 10.0  # s, upper limit of that time
UNTIMED_STEPS = 2  # the first steps allocate memory that later ones use again


def one_cycle(done: float, peak: float) -> float:
    """Return the learning rate when the share `done` of all steps is over.

    It climbs to the peak and falls along a cosine (Smith and Topin 2018, "Super-convergence").
    """
    if done < WARM_UP:
        return peak * (0.1 + 0.9 * done / WARM_UP)
    return peak * max(1e-3, 0.5 + 0.5 * math.cos(math.pi * (done - WARM_UP) / (1 - WARM_UP)))


@dataclass(frozen=True)
class Settings:
    """Settings of a training run: its length, learning rate, seed and options."""

    epochs: int
    batch_size: int
    learning_rate: float  # the peak
    seed: int
    patience: int | None = 5  # epochs without a better accuracy before stopping early; None: never
    augment: bool = True  # whether to distort the crops
    label_smoothing: float = 0.0
    balance: bool = False  # whether all characters are drawn equally often
    time_budget: float | None = None  # seconds of the whole run, whatever `epochs` is
    processes: int = 1  # number that share each batch


@dataclass(frozen=True)
class Pace:
    """Seconds that a step and a whole validation take."""

    step: float
    validation: float


def measure_pace(
    step: Callable[[], object], validate: Callable[[], object], *, seconds: float, ranks: Ranks
) -> Pace:
    """Take steps for a small share of `seconds`, and validate once.

    All processes take the same number of steps and return the same pace.
    """
    for _ in range(UNTIMED_STEPS):
        step()
    one = ranks.mean(_time(step))
    count = max(3, int(min(seconds * MEASURED_SHARE, MAX_MEASURED_SECONDS) / max(one, 1e-6)))
    mean = _time(lambda: [step() for _ in range(count)]) / count
    return Pace(ranks.mean(mean), ranks.mean(_time(validate)))


def _time(call: Callable[[], object]) -> float:
    start = time.monotonic()
    call()
    return time.monotonic() - start


def count_steps_within(seconds: float, steps_per_epoch: int, pace: Pace) -> int:
    """Return how many steps fit into a time, with a validation after each epoch; at least one.

    Examples
    --------
    >>> count_steps_within(60, 10, Pace(step=1, validation=5))
    40
    >>> count_steps_within(8, 10, Pace(step=1, validation=5))
    3
    """
    epochs, rest = divmod(max(seconds, 0), steps_per_epoch * pace.step + pace.validation)
    last_epoch = max(0, int((rest - pace.validation) / pace.step))
    return max(1, int(epochs) * steps_per_epoch + last_epoch)


def parse_duration(text: str) -> float:
    """Return the seconds of a duration such as 90s, 10m or 1h30m; ValueError for anything else.

    Examples
    --------
    >>> parse_duration("90s"), parse_duration("10m"), parse_duration("1h30m")
    (90.0, 600.0, 5400.0)
    """
    found = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", text)
    hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    if not hours + minutes + seconds:
        raise ValueError(f"{text!r} is not a duration")
    return float(hours * 3600 + minutes * 60 + seconds)
