"""Without OCRmyPDF the plug-in names the extra that brings it."""

from __future__ import annotations

import sys

import pytest

from ocr.errors import MissingExtraError


def test_plugin_without_ocrmypdf_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ocrmypdf", None)
    monkeypatch.delitem(sys.modules, "ocr.plugins.ocrmypdf", raising=False)
    with pytest.raises(MissingExtraError, match=r"pip install 'ocr\[ocrmypdf\]'"):
        import ocr.plugins.ocrmypdf  # noqa: F401
