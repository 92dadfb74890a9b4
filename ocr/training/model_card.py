"""MODEL.md, the model card: data, settings and accuracy of a trained model."""

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

MAX_LISTED = 8  # of the worst classes, and of the most confused pairs
MIN_CROPS = 5  # of a class; of fewer its accuracy means nothing


def card_path(model: Path) -> Path:
    """Return the path of the card of a model: next to the model."""
    return model.with_name(model.name + ".md")


def write_model_card(
    model: Path, training: Samples, validation: Samples, *, command: str, gain: str = ""
) -> None:
    """Write the card of a model that was just trained with a command line.

    `gain` is a line about what fine-tuning gained on held-out lines or letters.
    """
    about = describe(model)
    score = lenient_score(model, validation)
    parts = [
        f"# {model.name}",
        _read_with(model, about),
        "## Data",
        _data(about, training, validation),
        "## Training",
        training_section(about, command),
        "## Accuracy",
        *([gain[0].upper() + gain[1:] + "."] if gain else []),
        _accuracy(about, score),
        versions(),
    ]
    write_whole(card_path(model), ("\n\n".join(parts) + "\n").encode())


def lenient_score(model: Path, samples: Samples) -> ClassifierScore:
    """Score a model as validation does: either of two right answers counts."""
    classifier = load(model)
    read = decisions(classifier, samples.crops)
    letters = np.array([*classifier.alphabet.characters, ""])
    second_is_read = (samples.either != "") & (samples.either == letters[read])
    return tally(classifier, np.where(second_is_read, samples.either, samples.characters), read)


def _read_with(model: Path, about: dict[str, Any]) -> str:
    return (
        f"Reads {len(about['alphabet'])} characters: {as_code(about['alphabet'])}\n\n"
        f"    ocr read --model {shlex.quote(model.name)} IMAGE"
    )


def _data(about: dict[str, Any], training: Samples, validation: Samples) -> str:
    rows = [_counts("training", training), _counts("validation", validation)]
    head = ("", "crops", "classes", "fewest", "median", "most", "not a letter")
    sources = ", ".join(as_code(source) for source in about["data"])
    return f"From {sources}. Fewest, median and most are a class's crops.\n\n{table(head, rows)}"


def _counts(name: str, samples: Samples) -> tuple[str, ...]:
    letters = samples.characters[samples.characters != ""]
    _, counts = np.unique(letters, return_counts=True)
    few, middle, many = np.percentile(counts, [0, 50, 100]).astype(int)
    numbers = (len(samples), len(counts), few, middle, many, len(samples) - len(letters))
    return name, *(f"{n:,}" for n in numbers)


def training_section(about: dict[str, Any], command: str) -> str:
    """Return the command line and the settings of a run."""
    settings = {
        "architecture": about["architecture"],
        "started from": about["init"] or "random weights",
        **about["settings"],
        "steps": about["steps"],
    }
    if settings.get("time_budget") is not None:
        del settings["epochs"]  # unused
        settings["time_budget"] = f"{settings['time_budget']:g} s"
    rows = [(k.replace("_", " "), _value(v)) for k, v in settings.items() if v is not None]
    return f"    {command}\n\n{table(('setting', 'value'), rows)}"


def _value(setting: Any) -> str:
    return f"{setting:g}" if isinstance(setting, float) else str(setting)


def _accuracy(about: dict[str, Any], score: ClassifierScore) -> str:
    blend = about.get("blend", 1)
    blended = "" if blend == 1 else f", its weights blended with {1 - blend:.0%} of those before"
    overall = (
        f"{about['valid_accuracy']:.2%} of {score.count:,} validation crops are read right, "
        f"after epoch {about['epoch']}, the best{blended}."
    )
    accuracy, counts = score.class_accuracy, score.class_counts
    poor = [c for c in counts if counts[c] >= MIN_CROPS and accuracy[c] < 1]
    poor.sort(key=lambda c: accuracy[c])
    worst = [(_name(c), f"{accuracy[c]:.1%}", str(counts[c])) for c in poor[:MAX_LISTED]]
    pairs = [(_name(c.truth), _name(c.read), str(c.times)) for c in score.confusions[:MAX_LISTED]]
    return "\n\n".join(
        [overall]
        + ([f"Worst classes:\n\n{table(('class', 'right', 'crops'), worst)}"] if worst else [])
        + ([f"Most confused:\n\n{table(('truth', 'read', 'times'), pairs)}"] if pairs else [])
    )


def versions() -> str:
    """Return a sentence that names the versions of what made a model."""
    versions = {
        "ocr": ocr.__version__,
        "Python": platform.python_version(),
        "NumPy": np.__version__,
    }
    if "torch" in sys.modules:
        versions["torch"] = str(sys.modules["torch"].__version__)
    return "Made with " + ", ".join(f"{name} {version}" for name, version in versions.items()) + "."


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Format a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _name(label: str) -> str:
    return "not a letter" if label == "" else as_code(label).replace("|", "\\|")


def as_code(text: str) -> str:
    """Format a text as code in Markdown."""
    return f"`` {text} ``" if "`" in text else f"`{text}`"
