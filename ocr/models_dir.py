"""Where the models that come with the package are."""

from __future__ import annotations

from pathlib import Path


def models_dir() -> Path:
    """Folder of the models: inside an installed package, beside it in a checkout."""
    package = Path(__file__).resolve().parent
    installed = package / "models"
    return installed if installed.is_dir() else package.parent / "models"
