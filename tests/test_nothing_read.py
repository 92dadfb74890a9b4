"""A run that reads nothing keeps the files of an earlier run."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from ocr.cli import commands
from ocr.export import FORMATS


@pytest.mark.parametrize("form", FORMATS)
def test_where_no_image_was_read_no_file_is_overwritten(form: str, tmp_path: Path) -> None:
    if form == "pdf":
        pytest.importorskip("pikepdf", reason="needs the extra pdf")
    output = tmp_path / f"keep{FORMATS[form][0]}"
    output.write_text("what was read before")
    result = CliRunner().invoke(
        commands.main, ["read", str(tmp_path / "gone.png"), "-o", str(output), "--threads", "1"]
    )
    assert result.exit_code == 3
    assert result.stderr.count("\n") == 1
    assert output.read_text() == "what was read before"
    assert list(tmp_path.iterdir()) == [output]
