"""Settings and fixtures of all tests."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

from ocr import classifiers, pipeline
from ocr.page import Box, Glyph, Line, Page, Word
from ocr.segment import SegmentedPage

# the time of an example depends on other processes
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


@pytest.fixture(autouse=True)
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C interrupt; processes in the background, as on some build servers, ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def fake_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read every page as its width, with any model."""

    def read(page: SegmentedPage, classifier: object, *, language: object, **_: object) -> Page:
        width, height = page.image.size
        glyphs = [Glyph(Box(i, 0, i + 1, 2), c, 0.9) for i, c in enumerate(f"{width}")]
        return Page(width, height, (Line((Word(tuple(glyphs)),)),))

    monkeypatch.setattr(classifiers, "load", lambda name, **options: object())
    monkeypatch.setattr("ocr.decode.language.english", lambda: None)
    monkeypatch.setattr(pipeline, "read_segmented", read)
