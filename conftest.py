"""Doctests read the samples with the default model, from whatever folder pytest is started in."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parent

# pytest skips the doctests of modules that raise ImportError; these two raise MissingExtraError
NEEDED_MODULES = {"ocr/export/pdf.py": "fontTools", "ocr/plugins/ocrmypdf.py": "ocrmypdf"}
collect_ignore = [path for path, module in NEEDED_MODULES.items() if find_spec(module) is None]


@pytest.fixture(autouse=True)
def _doctest_folder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run doctests in the root of the tree, where samples/ is."""
    if not isinstance(request.node, pytest.DoctestItem):
        return
    if not (ROOT / "models" / "default.onnx").exists():
        pytest.skip("the default model is not trained yet")
    monkeypatch.chdir(ROOT)
