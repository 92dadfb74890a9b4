"""The contract of classifiers, and loading one from its model file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ocr.alphabet import Alphabet, characters_of
from ocr.errors import MissingExtraError, ModelError
from ocr.files import read_errors
from ocr.models_dir import SUFFIXES, models_dir
from ocr.threads import at_most_cores

if TYPE_CHECKING:
    from ocr.classifiers.mlp import MLP
    from ocr.classifiers.onnx import OnnxClassifier

ALIASES = {"latin": "default"}  # named after the alphabet of the model


class Classifier(Protocol):
    """Turns crops into log-probabilities."""

    @property
    def alphabet(self) -> Alphabet:
        """Meaning of each output."""
        ...

    def log_probs(self, crops: NDArray[np.float32]) -> NDArray[np.float32]:
        """Classify crops, float32 [N, 32, 32]; return log-probabilities, float32 [N, C].

        Crops are upright, ink 1.0 on paper 0.0; N may be 0. Each row's log-sum-exp is 0.
        """
        ...


def load(
    name_or_path: str | Path,
    *,
    backend: str = "onnx",
    alphabet: str | None = None,
    threads: int | None = None,
) -> Classifier:
    """Load a model that ships with ocr by its name, or any model from its file.

    Parameters
    ----------
    backend : {"onnx", "torch"}
        Library that runs an .onnx model; an .npz model always runs on NumPy.
    alphabet : str, optional
        The only characters it may answer, or the name of an alphabet.
    threads : int, optional
        Maximum number of cores it uses, by default all. For NumPy, only environment variables
        can bound them.

    Raises
    ------
    ModelError
        If the model does not exist, is not a model, or knows none of the characters.
    """
    if threads is not None:
        threads = at_most_cores(threads)
    path = find(name_or_path)
    classifier: Classifier
    if backend == "torch" and path.suffix != ".npz":
        classifier = _load_torch(path, threads)
    else:
        classifier = _load_file(path, threads)
    return classifier if alphabet is None else restrict(classifier, characters_of(alphabet))


def _load_file(path: Path, threads: int | None = None) -> MLP | OnnxClassifier:
    if path.suffix == ".npz":
        from ocr.classifiers.mlp import load_mlp

        return load_mlp(path)
    from ocr.classifiers.onnx import OnnxClassifier

    return OnnxClassifier(path, threads=threads)


def _load_torch(path: Path, threads: int | None) -> Classifier:
    try:
        import torch

        from ocr.classifiers.onnx_file import load_torch
    except ModuleNotFoundError as error:
        raise MissingExtraError("reading with torch", "torch") from error
    if threads is not None:
        torch.set_num_threads(threads)
    return load_torch(path)[0]


def find(name_or_path: str | Path) -> Path:
    """Return the path of a model given by name or path; ModelError if it does not exist."""
    name = ALIASES.get(str(name_or_path), name_or_path)
    shipped = [models_dir() / f"{name}{suffix}" for suffix in SUFFIXES]
    with read_errors(name_or_path, ModelError):
        for path in (*shipped, Path(name_or_path)):
            if path.suffix in SUFFIXES and path.is_file():
                return path
        if Path(name_or_path).exists():
            raise ModelError(f"cannot use {name_or_path}: not an .onnx or .npz model file")
    raise ModelError(f"no model {name_or_path} (ocr models lists those that ship with ocr)")


def describe(name_or_path: str | Path) -> dict[str, Any]:
    """Return a model's card: architecture, alphabet, data, measured accuracy …."""
    return _load_file(find(name_or_path)).card.values


def restrict(classifier: Classifier, characters: str) -> Classifier:
    """Restrict a classifier to some characters; ModelError if it knows none of them."""
    alphabet, outputs = classifier.alphabet.restricted(characters)
    if not alphabet.characters:
        raise ModelError(f"the model knows none of {characters!r} (choose another --alphabet)")
    return _Restricted(classifier, alphabet, outputs)


@dataclass(frozen=True)
class _Restricted:
    classifier: Classifier
    alphabet: Alphabet
    outputs: NDArray[np.intp]

    def log_probs(self, crops: NDArray[np.float32]) -> NDArray[np.float32]:
        kept = self.classifier.log_probs(crops)[:, self.outputs]
        total: NDArray[np.float32] = np.logaddexp.reduce(kept, axis=1, keepdims=True)
        return kept - total
