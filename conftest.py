"""Doctests read the samples with the default model, from wherever pytest is started."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parent


@pytest.fixture(autouse=True)
def _samples_at_hand(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if not isinstance(request.node, pytest.DoctestItem):
        return
    if not (ROOT / "models" / "default.onnx").exists():
        pytest.skip("the default model is not trained yet")
    monkeypatch.chdir(ROOT)
