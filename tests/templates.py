"""A classifier of the letters that `page_maker` draws, by templates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocr.alphabet import Alphabet
from ocr.input.page_image import PageImage
from ocr.segment.crops import fit
from tests.page_maker import handprint_page

Crops = NDArray[np.float32]
SHARPNESS = 0.3  # nats for each pixel that differs
MAX_DISTANCE = 40.0  # pixels; the same letter in another size differs by 30, half a letter by more


@dataclass(frozen=True)
class TemplateClassifier:
    """Answers with the closest template, or rejects the crop if none is close."""

    alphabet: Alphabet
    templates: Crops

    @classmethod
    def knowing(cls, characters: str) -> TemplateClassifier:
        return cls(Alphabet(characters, reject=True), np.stack([template(c) for c in characters]))

    def log_probs(self, crops: Crops) -> Crops:
        flat, known = crops.reshape(len(crops), -1), self.templates.reshape(len(self.templates), -1)
        squares = (flat**2).sum(1)[:, None] - 2 * flat @ known.T + (known**2).sum(1)  # (N, C)
        far = np.full((len(crops), 1), MAX_DISTANCE)
        scores = (-SHARPNESS * np.hstack([squares, far])).astype(np.float32)
        total: Crops = np.logaddexp.reduce(scores, axis=1, keepdims=True)
        return scores - total


def template(character: str) -> Crops:
    """Return the crop [32, 32] of a letter drawn without jitter."""
    gray = page_image(handprint_page([character], seed=0, jitter=0, shade=0, noise=0)).gray
    strength = (gray.max() - gray) / np.float32(np.ptp(gray))
    rows, columns = np.nonzero(strength > 0.5)
    return fit(strength[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1])


def page_image(picture: Image.Image) -> PageImage:
    """Return the page as `ocr.input.loading.load` does for an image of the working size."""
    return PageImage(np.asarray(picture.convert("L")), 1.0, picture.size, "picture")
