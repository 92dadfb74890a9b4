"""The samples are read as well as when these ceilings were measured."""

from __future__ import annotations

from pathlib import Path

import pytest

import ocr
from ocr.evaluation.report import score_page
from ocr.models_dir import models_dir

SAMPLES = Path(__file__).parents[1] / "samples"

#: Sample to character errors per character: what was measured, and one error more.
CEILINGS = {
    "form": 1 / 61,
    "label": 1 / 30,
    "letter": 10 / 178,
    "note": 3 / 132,
    "print": 1 / 116,
    "whiteboard": 14 / 69,
}


def image_of(name: str) -> Path:
    [path] = [path for path in SAMPLES.glob(f"{name}.*") if path.suffix != ".txt"]
    return path


def test_every_sample_has_its_text_and_its_ceiling() -> None:
    images = {path.stem for path in SAMPLES.iterdir() if path.suffix in {".jpg", ".png"}}
    texts = {path.name.removesuffix(".gt.txt") for path in SAMPLES.glob("*.gt.txt")}
    assert images == texts == set(CEILINGS)


@pytest.mark.skipif(
    not (models_dir() / "default.onnx").exists(), reason="the default model is not trained yet"
)
@pytest.mark.parametrize("name", CEILINGS)
def test_sample_is_read_below_its_ceiling(name: str) -> None:
    truth = (SAMPLES / f"{name}.gt.txt").read_text(encoding="utf-8")
    rate = score_page(truth, ocr.read(image_of(name)).text).strict.error_rate
    assert rate is not None
    assert rate <= CEILINGS[name]
