"""Where the models that come with the package are, and which."""

from __future__ import annotations

from pathlib import Path

SUFFIXES = (".onnx", ".npz")


def models_dir() -> Path:
    """Folder of the models: inside an installed package, beside it in a checkout."""
    package = Path(__file__).resolve().parent
    installed = package / "models"
    return installed if installed.is_dir() else package.parent / "models"


def shipped_models() -> list[Path]:
    """Files of the models, without those of language such as english.ngrams.npz."""
    files = models_dir().glob("*")
    return sorted(p for p in files if p.suffix in SUFFIXES and "." not in p.stem)
