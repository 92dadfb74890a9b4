from __future__ import annotations

import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

import ocr
from ocr import models_dir
from ocr.errors import ModelError

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def options() -> ConfigParser:
    config = ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    return config


def test_every_folder_of_code_is_installed(options: ConfigParser) -> None:
    folders = [path.parent.relative_to(ROOT) for path in ROOT.glob("ocr/**/__init__.py")]
    expected = {".".join(folder.parts) for folder in folders} | {"ocr.models"}
    assert set(options["options"]["packages"].split()) == expected


def test_version_is_that_of_the_package(options: ConfigParser) -> None:
    assert options["metadata"]["version"] == "attr: ocr.__version__"
    assert ocr.__version__.count(".") == 2


def test_public_names_are_there() -> None:
    for name in ocr.__all__:
        assert getattr(ocr, name) is not None
    assert set(dir(ocr)) == set(ocr.__all__) - {"Line", "Word", "Glyph", "Box"}
    with pytest.raises(AttributeError, match="no attribute 'wrong'"):
        ocr.wrong  # noqa: B018


def test_errors_can_be_caught_after_import_ocr_alone() -> None:
    code = "import ocr; ocr.errors.OcrError, ocr.__version__"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_unknown_language_is_refused() -> None:
    with pytest.raises(ModelError, match="no language model german"):
        ocr.read("note.png", language="german")


def test_models_stand_beside_the_package_in_a_checkout() -> None:
    assert models_dir.models_dir() == ROOT / "models"


def test_models_stand_inside_an_installed_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ocr" / "models").mkdir(parents=True)
    monkeypatch.setattr(models_dir, "__file__", str(tmp_path / "ocr" / "models_dir.py"))
    assert models_dir.models_dir() == tmp_path / "ocr" / "models"
