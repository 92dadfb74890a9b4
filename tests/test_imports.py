"""Imports run one way, and light commands stay light."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import ocr
from ocr.models_dir import models_dir

PACKAGE = Path(ocr.__file__).parent

#: Part of the package to its floor; a part imports from its own floor and from those below.
FLOORS = {
    "errors": 0,
    "files": 0,
    "page": 0,
    "alphabet": 0,
    "page_numbers": 0,
    "models_dir": 0,
    "process": 0,
    "language": 1,
    "image": 1,
    "arrays": 1,
    "frames": 1,
    "pdf": 1,
    "sources": 1,
    "web": 1,
    "beside": 1,
    "segment": 1,
    "classifiers": 1,
    "export": 1,
    "evaluation": 1,
    "decode": 2,
    "pipeline": 3,
    "reader": 4,
    "training": 4,
    "study": 4,
    "batch": 4,
    "serve": 4,
    "plugins": 5,
    "cli": 5,
}
DOORS = {"__init__", "__main__"}  # the public face, above every floor


def part_of(module: str) -> str:
    return module.split(".")[1]


def imported_parts(path: Path) -> set[str]:
    """Parts of the package that a file imports, inside functions too."""
    parts = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "ocr":
            parts |= {alias.name for alias in node.names} - {"__version__"}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ocr."):
            parts.add(part_of(node.module or ""))
        elif isinstance(node, ast.Import):
            parts |= {part_of(a.name) for a in node.names if a.name.startswith("ocr.")}
    return parts


def inner_files() -> list[Path]:
    return [p for p in sorted(PACKAGE.rglob("*.py")) if p.parent != PACKAGE or p.stem not in DOORS]


@pytest.mark.parametrize("path", inner_files(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_run_one_way(path: Path) -> None:
    part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    assert part in FLOORS, f"{part} has no floor yet"
    too_high = {other for other in imported_parts(path) if FLOORS[other] > FLOORS[part]}
    assert not too_high


HEAVY = ("torch", "onnxruntime", "onnx", "matplotlib", "skimage", "scipy")


def loaded_by(code: str) -> set[str]:
    """Heavy packages that a fresh Python has loaded after running some code."""
    tail = f"\nimport sys\nprint(*[m for m in {HEAVY} if m in sys.modules], file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", code + tail], capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


@pytest.mark.parametrize(
    "code",
    [
        "import ocr",
        "import ocr; ocr.Page, ocr.Box",
        "from ocr.cli.commands import main; main(['--help'], standalone_mode=False)",
        "from ocr.cli.commands import main; main(['--version'], standalone_mode=False)",
        "from ocr.cli.commands import main; main(['read', '--help'], standalone_mode=False)",
        "from ocr.cli.commands import main; main(['batch', '--help'], standalone_mode=False)",
    ],
)
def test_light_commands_load_nothing_heavy(code: str) -> None:
    assert loaded_by(code) == set()


def test_reading_loads_the_runtime_alone() -> None:
    sample = PACKAGE.parent / "samples" / "label.png"
    if not (models_dir() / "default.onnx").exists() or not sample.exists():
        pytest.skip("needs the default model and the samples")
    code = (
        f"from ocr.cli.commands import main; main(['read', {str(sample)!r}], standalone_mode=False)"
    )
    assert loaded_by(code) <= {"onnxruntime"}


def test_reading_imports_no_masked_arrays() -> None:
    # np.median and np.unique do so when they are first called: a twentieth of a page's time
    code = """
import sys
from pathlib import Path
from ocr import reader
read = reader.Reader().read
for sample in Path("samples").glob("*.[jp][pn]g"):
    read(sample)
assert "numpy.ma" not in sys.modules
"""
    if not (models_dir() / "default.onnx").exists() or not (PACKAGE.parent / "samples").exists():
        pytest.skip("needs the default model and the samples")
    subprocess.run([sys.executable, "-c", code], check=True, cwd=PACKAGE.parent)


def test_reading_leaves_nothing_in_the_users_cache(tmp_path: Path) -> None:
    sample = PACKAGE.parent / "samples" / "label.png"
    if not (models_dir() / "default.onnx").exists() or not sample.exists():
        pytest.skip("needs the default model and the samples")
    code = (
        f"from ocr.cli.commands import main; main(['read', {str(sample)!r}], standalone_mode=False)"
    )
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    environment.pop("ORT_DISABLE_TELEMETRY", None)
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, capture_output=True)
    assert list(tmp_path.rglob("*")) == []
