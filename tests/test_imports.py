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
    "models_dir": 0,
    "threads": 0,
    "input": 1,
    "segment": 1,
    "classifiers": 1,
    "rows": 1,
    "export": 1,
    "evaluation": 1,
    "decode": 2,
    "pipeline": 3,
    "reader": 4,
    "data": 5,
    "drawing": 5,
    "training": 6,
    "study": 7,
    "batch": 5,
    "plugins": 8,
    "cli": 8,
}
DOORS = {"__init__", "__main__"}  # the public face, above every floor


def module_name(path: Path) -> str:
    parts = ("ocr", *path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(part for part in parts if part != "__init__")


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imported_modules(path: Path) -> set[str]:
    """Modules of the package that a file imports, inside functions too, but not for types alone."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    names = set()
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    found = names & set(MODULES)
    # `from ocr.training import pages` imports the module, not what its package defines
    packages = {name for name in found if MODULES[name].name == "__init__.py"}
    return found - {p for p in packages if not imports_a_name_of(tree, p)} - {module_name(path)}


def imports_a_name_of(tree: ast.Module, package: str) -> bool:
    return any(
        f"{package}.{alias.name}" not in MODULES
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == package
        for alias in node.names
    )


def floor_of(module: str) -> int:
    return FLOORS[module.split(".")[1]] if "." in module else -1  # `ocr` itself: its version


def inner_modules() -> list[str]:
    return [m for m, p in MODULES.items() if p.parent != PACKAGE or p.stem not in DOORS]


@pytest.mark.parametrize("module", inner_modules())
def test_imports_run_one_way(module: str) -> None:
    part = module.split(".")[1]
    assert part in FLOORS, f"{part} has no floor yet"
    too_high = {m for m in imported_modules(MODULES[module]) if floor_of(m) > FLOORS[part]}
    assert not too_high


def test_every_floor_has_a_part() -> None:
    assert {module.split(".")[1] for module in inner_modules()} == set(FLOORS)


def test_no_import_goes_in_a_circle() -> None:
    imports = {module: imported_modules(path) for module, path in MODULES.items()}
    with_all_before: set[str] = set()
    while (
        ready := {m for m, needs in imports.items() if needs <= with_all_before} - with_all_before
    ):
        with_all_before |= ready
    in_circles = set(imports) - with_all_before
    assert not in_circles


HEAVY = ("cv2", "torch", "onnxruntime", "onnx", "matplotlib", "skimage", "scipy")


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
