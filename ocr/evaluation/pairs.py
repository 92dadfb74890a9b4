"""Images that have their ground truth beside them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from ocr.errors import DataError
from ocr.evaluation.truth import PLAIN, text_of, truth_of
from ocr.files import read_errors
from ocr.input.sources import ENDINGS

MOST_TOLD = 10  # of those that are left out


class Pair(NamedTuple):
    """An image and the file of its ground truth."""

    image: Path
    truth: Path

    def text(self) -> str:
        """Ground truth, as it was written; DataError if it cannot be read."""
        return text_of(self.truth)


def pairs(paths: Iterable[Path]) -> list[Pair]:
    """Images with NAME.gt.txt, or another of `truth.ENDINGS`, beside them, each once.

    Parameters
    ----------
    paths : iterable of Path
        Images, and folders, which are searched to the bottom; their images without
        ground truth are passed over.

    Raises
    ------
    DataError
        If a path is missing, cannot be read, or is a file without ground truth.
    """
    found: dict[tuple[Path, Path], Pair] = {}
    for path in paths:
        with read_errors(path, DataError):
            for pair in _pairs(path):
                found.setdefault((pair.image.resolve(), pair.truth.resolve()), pair)
    return list(found.values())


def left_out(paths: Iterable[Path]) -> list[str]:
    """Tell which images below folders have no ground truth, and which texts have no image.

    Returns
    -------
    list of str
        A line for each, `MOST_TOLD` at most, and one for the others.
    """
    told = [line for path in paths if path.is_dir() for line in _left_out_of(path)]
    more = len(told) - MOST_TOLD
    return told[:MOST_TOLD] + ([f"{more:,} more without text or image"] if more > 0 else [])


def _left_out_of(folder: Path) -> list[str]:
    with read_errors(folder, DataError):
        files = sorted(folder.rglob("*"))
        images = [file for file in files if is_image(file)]
        names = {image.with_suffix("") for image in images}
        texts = [file for file in files if file.name.endswith(PLAIN)]
        return [
            *(
                f"{image} has no {image.with_suffix(PLAIN).name}"
                for image in images
                if truth_of(image) is None
            ),
            *(
                f"{text} has no image beside it"
                for text in texts
                if text.with_name(text.name.removesuffix(PLAIN)) not in names
            ),
        ]


def is_image(path: Path) -> bool:
    """Whether a file's name is that of an image."""
    return path.suffix.lower() in ENDINGS


def _pairs(path: Path) -> list[Pair]:
    if not path.exists():
        raise DataError(f"cannot read {path}: no such file or folder (check the path)")
    if path.is_dir():
        images = (file for file in sorted(path.rglob("*")) if is_image(file))
        return [Pair(image, truth) for image in images if (truth := truth_of(image))]
    truth = truth_of(path)
    if truth is None:
        name = path.with_suffix(PLAIN).name
        raise DataError(f"cannot use {path}: no ground truth (write it to {name})")
    return [Pair(path, truth)]
