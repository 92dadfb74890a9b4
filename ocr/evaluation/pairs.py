"""Find images that have their ground truth next to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ocr.errors import DataError
from ocr.evaluation.truth import PLAIN, find_truth, read_truth
from ocr.files import read_errors
from ocr.input.sources import ENDINGS

MAX_LISTED = 10  # images and texts that are left out, each on a line


@dataclass(frozen=True)
class Pair:
    """An image and the file of its ground truth."""

    image: Path
    truth: Path

    def text(self) -> str:
        """Ground truth as it was written; DataError if it cannot be read."""
        return read_truth(self.truth)


def find_pairs(paths: Iterable[Path]) -> list[Pair]:
    """Find images with NAME.gt.txt, or another of `truth.ENDINGS`, next to them.

    Folders are searched at any depth; their images without ground truth are left out. Each image
    is found once, however the paths are written. DataError if a path is missing, cannot be read,
    or is a file without ground truth.
    """
    found: dict[tuple[Path, Path], Pair] = {}
    for path in paths:
        with read_errors(path, DataError):
            for pair in _find_pairs(path):
                found.setdefault((pair.image.resolve(), pair.truth.resolve()), pair)
    return list(found.values())


def _find_pairs(path: Path) -> list[Pair]:
    if not path.exists():
        raise DataError(f"cannot read {path}: no such file or folder (check the path)")
    if path.is_dir():
        images = (file for file in sorted(path.rglob("*")) if is_image(file))
        return [Pair(image, truth) for image in images if (truth := find_truth(image))]
    truth = find_truth(path)
    if truth is None:
        name = path.with_suffix(PLAIN).name
        raise DataError(f"cannot use {path}: no ground truth (write it to {name})")
    return [Pair(path, truth)]


def list_unpaired(paths: Iterable[Path]) -> list[str]:
    """Describe the images of folders that have no ground truth, and the texts without an image.

    There is a line for each of the first `MAX_LISTED`, and one with the number of the others.
    """
    lines = [line for path in paths if path.is_dir() for line in _list_unpaired(path)]
    more = len(lines) - MAX_LISTED
    return lines[:MAX_LISTED] + ([f"{more:,} more without text or image"] if more > 0 else [])


def _list_unpaired(folder: Path) -> list[str]:
    with read_errors(folder, DataError):
        files = sorted(folder.rglob("*"))
        images = [file for file in files if is_image(file)]
        with_image = {image.with_suffix("") for image in images}
        lines = [
            f"{image} has no {image.with_suffix(PLAIN).name}"
            for image in images
            if find_truth(image) is None
        ]
        for text in files:
            name = text.name.removesuffix(PLAIN)
            if name != text.name and text.with_name(name) not in with_image:
                lines.append(f"{text} has no image next to it")
        return lines


def is_image(path: Path) -> bool:
    """Return whether a file has the ending of an image."""
    return path.suffix.lower() in ENDINGS
