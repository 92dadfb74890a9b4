"""docs/cli.md and the man page say what --help says."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tools import cli_reference
from tools.cli_reference import DOCS, contexts, man_page, markdown, roff


@pytest.mark.parametrize(("name", "made"), [("cli.md", markdown), ("ocr.1", man_page)])
def test_committed_file_is_what_the_help_makes(name: str, made: object) -> None:
    assert callable(made)
    message = f"out of date: python {cli_reference.__name__.replace('.', '/')}.py"
    assert (DOCS / name).read_text("utf-8") == made(), message


def test_every_command_and_option_is_in_both() -> None:
    page, manual = markdown(), man_page()
    for ctx in contexts():
        assert f"## {ctx.command_path}\n" in page
        assert roff(ctx.command_path) in manual
        for parameter in ctx.command.params:
            for option in parameter.opts:
                if option.startswith("-"):
                    assert option in page
                    assert roff(option) in manual


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_the_man_page_is_set_without_a_warning() -> None:
    done = subprocess.run(
        ["groff", "-man", "-ww", "-b", "-Tutf8"],
        input=man_page().encode(),
        capture_output=True,
        check=True,
    )
    assert done.stderr == b""
    assert "\N{REPLACEMENT CHARACTER} for letters with a confidence" in done.stdout.decode()


def test_what_roff_would_take_for_its_own_is_escaped() -> None:
    assert roff(r"a\b") == r"a\(rsb"
    assert roff("'tis") == r"\(aqtis"
    assert roff(".br") == r"\&.br"
    assert roff("é") == r"\[u00E9]"
