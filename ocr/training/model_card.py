"""MODEL.md: what a person should know of a model that was trained, to be read beside it."""

from __future__ import annotations

import platform
import shlex
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import ocr
from ocr.classifiers import describe, load
from ocr.data.samples import Samples
from ocr.evaluation.classifier import ClassifierScore, decisions, tally
from ocr.files import write_whole

WORST = 8  # classes, and as many pairs
FEW = 5  # crops of a class, below which its accuracy says nothing


def card_path(model: Path) -> Path:
    """Where the card of a model lies: beside it."""
    return model.with_name(model.name + ".md")


def write_model_card(
    model: Path, training: Samples, validation: Samples, *, command: str, gain: str = ""
) -> None:
    """Write the card of a model just trained; its file tells most of what the card says.

    Parameters
    ----------
    model : Path
        The model file; the card goes beside it.
    training, validation : Samples
    command : str
        What was typed, with names for paths.
    gain : str
        What held-out lines or letters say of a model that began with another.
    """
    told = describe(model)
    score = lenient_score(model, validation)
    parts = [
        f"# {model.name}",
        _read_with(model, told),
        "## Data",
        _data(told, training, validation),
        "## Training",
        _training(told, command),
        "## Accuracy",
        *([gain[0].upper() + gain[1:] + "."] if gain else []),
        _accuracy(told, score),
        _versions(told),
    ]
    write_whole(card_path(model), ("\n\n".join(parts) + "\n").encode())


def lenient_score(model: Path, samples: Samples) -> ClassifierScore:
    """Score a model as validation does: of two right answers either counts."""
    classifier = load(model)
    read = decisions(classifier, samples.crops)
    letters = np.array([*classifier.alphabet.characters, ""])
    second_is_read = (samples.either != "") & (samples.either == letters[read])
    return tally(classifier, np.where(second_is_read, samples.either, samples.characters), read)


def _read_with(model: Path, told: dict[str, Any]) -> str:
    return (
        f"Reads {len(told['alphabet'])} characters: {_code(told['alphabet'])}\n\n"
        f"    ocr read --model {shlex.quote(model.name)} IMAGE"
    )


def _data(told: dict[str, Any], training: Samples, validation: Samples) -> str:
    rows = [_counts("training", training), _counts("validation", validation)]
    head = ("", "crops", "classes", "fewest", "median", "most", "not a letter")
    sources = ", ".join(_code(source) for source in told["data"])
    return f"From {sources}. Fewest, median and most are a class's crops.\n\n{_table(head, rows)}"


def _counts(name: str, samples: Samples) -> tuple[str, ...]:
    letters = samples.characters[samples.characters != ""]
    _, counts = np.unique(letters, return_counts=True)
    few, middle, many = np.percentile(counts, [0, 50, 100]).astype(int)
    numbers = (len(samples), len(counts), few, middle, many, len(samples) - len(letters))
    return name, *(f"{n:,}" for n in numbers)


def _training(told: dict[str, Any], command: str) -> str:
    settings = {
        "architecture": told["architecture"],
        "started from": told["init"] or "random weights",
        **told["settings"],
        "steps": told["steps"],
    }
    if settings.get("time_budget") is not None:
        del settings["epochs"]  # not looked at
        settings["time_budget"] = f"{settings['time_budget']:g} s"
    rows = [(k.replace("_", " "), _value(v)) for k, v in settings.items() if v is not None]
    return f"    {command}\n\n{_table(('setting', 'value'), rows)}"


def _value(setting: Any) -> str:
    return f"{setting:g}" if isinstance(setting, float) else str(setting)


def _accuracy(told: dict[str, Any], score: ClassifierScore) -> str:
    blend = told.get("blend", 1)
    blended = "" if blend == 1 else f", its weights blended with {1 - blend:.0%} of those before"
    overall = (
        f"{told['valid_accuracy']:.2%} of {score.count:,} validation crops are read right, "
        f"after epoch {told['epoch']}, the best{blended}."
    )
    accuracy, counts = score.class_accuracy, score.class_counts
    poor = [c for c in counts if counts[c] >= FEW and accuracy[c] < 1]
    poor.sort(key=lambda c: accuracy[c])
    worst = [(_shown(c), f"{accuracy[c]:.1%}", str(counts[c])) for c in poor[:WORST]]
    pairs = [(_shown(c.truth), _shown(c.read), str(c.times)) for c in score.confusions[:WORST]]
    return "\n\n".join(
        [overall]
        + ([f"Worst classes:\n\n{_table(('class', 'right', 'crops'), worst)}"] if worst else [])
        + ([f"Most confused:\n\n{_table(('truth', 'read', 'times'), pairs)}"] if pairs else [])
    )


def _versions(told: dict[str, Any]) -> str:
    named = {"ocr": ocr.__version__, "Python": platform.python_version(), "NumPy": np.__version__}
    if "torch" in sys.modules:
        named["torch"] = str(sys.modules["torch"].__version__)
    return "Made with " + ", ".join(f"{name} {version}" for name, version in named.items()) + "."


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _shown(label: str) -> str:
    return "not a letter" if label == "" else _code(label).replace("|", "\\|")


def _code(text: str) -> str:
    return f"`` {text} ``" if "`" in text else f"`{text}`"
