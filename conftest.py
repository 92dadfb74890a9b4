"""Settings of all tests: one thread for NumPy, and doctests that find the samples."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import pytest

# of this process, before it imports NumPy, and of those that tests start: on small arrays
# several threads take twenty times longer than one where other processes run too
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

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
