"""Read photographs from a folder per class, shrink them, and split them by a seed."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocr.errors import DataError
from ocr.evaluation.pairs import is_image
from ocr.files import read_errors

SIDE = 192  # px, of the square that each photograph is scaled to; training cuts crops from it
SHARES = {"train": 0.6, "valid": 0.2, "test": 0.2}
MIN_PER_CLASS = 4  # with fewer photographs of a class, a part has none


@dataclass(frozen=True)
class Photographs:
    """Labeled photographs."""

    images: NDArray[np.uint8]  # [N, SIDE, SIDE, 3], RGB
    labels: NDArray[np.int64]  # [N]

    def __len__(self) -> int:
        return len(self.labels)


def classes_of(folder: Path) -> list[str]:
    """Return the sorted names of the folders that have images; DataError unless there are two."""
    with read_errors(folder, DataError):
        names = [
            child.name
            for child in sorted(folder.iterdir())
            if child.is_dir() and any(is_image(file) for file in child.iterdir())
        ]
    if len(names) < 2:
        raise DataError(f"{folder} has no folders of images, one a class (give such a folder)")
    return names


def load(folder: Path, *, seed: int) -> dict[str, Photographs]:
    """Read the photographs of a folder into train, valid and test, with each class in each.

    DataError if a class has too few photographs for that, or an image cannot be read.
    """
    rng = np.random.default_rng(seed)
    parts: dict[str, list[tuple[Path, int]]] = {part: [] for part in SHARES}
    for label, name in enumerate(classes_of(folder)):
        files = [file for file in sorted((folder / name).iterdir()) if is_image(file)]
        if len(files) < MIN_PER_CLASS:
            raise DataError(f"{folder / name} has too few images (give at least {MIN_PER_CLASS})")
        files = [files[i] for i in rng.permutation(len(files))]
        ends = np.rint(np.cumsum([*SHARES.values()]) * len(files)).astype(int)
        for part, first, last in zip(parts, [0, *ends], ends, strict=False):
            parts[part] += [(file, label) for file in files[first:last]]
    return {part: _read(files) for part, files in parts.items()}


def _read(files: list[tuple[Path, int]]) -> Photographs:
    images = np.empty((len(files), SIDE, SIDE, 3), np.uint8)
    for image, (file, _) in zip(images, files, strict=True):
        image[:] = _read_square(file)
    return Photographs(images, np.array([label for _, label in files], np.int64))


def _read_square(file: Path) -> NDArray[np.uint8]:
    with read_errors(file, DataError):
        data = file.read_bytes()
    try:
        with Image.open(BytesIO(data)) as image:
            image.draft("RGB", (SIDE, SIDE))
            return np.asarray(image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR))
    except Image.DecompressionBombError as error:
        raise DataError(f"cannot read {file}: too many pixels (shrink it)") from error
    except (OSError, SyntaxError, ValueError) as error:  # raised by Pillow for damaged files
        raise DataError(f"cannot read {file}: not an image (remove it)") from error
