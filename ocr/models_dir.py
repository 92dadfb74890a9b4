"""Find the models that come with the package."""

from __future__ import annotations

from pathlib import Path

SUFFIXES = (".onnx", ".npz")


def models_dir() -> Path:
    """Return the folder of the models: in an installed package, or next to it in a checkout."""
    package = Path(__file__).resolve().parent
    installed = package / "models"
    return installed if installed.is_dir() else package.parent / "models"


def shipped_models() -> list[Path]:
    """Return the files of the models, without language models such as english.ngrams.npz."""
    files = models_dir().glob("*")
    return sorted(p for p in files if p.suffix in SUFFIXES and "." not in p.stem)
