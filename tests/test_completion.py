"""Tab completes commands, options and values, as the shells ask for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ocr.cli.commands import COMMANDS
from tests.test_imports import HEAVY

PROGRAM = "from ocr.cli.main import run; run()"


def completed(line: str, program: str = PROGRAM) -> list[str]:
    """Return the completions (kind,value) of the end of a line, as bash requests them."""
    words = line.split(" ")
    asked = {
        "COMP_WORDS": "\n".join(words),
        "COMP_CWORD": str(len(words) - 1),
        "_OCR_COMPLETE": "bash_complete",
    }
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **asked},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    ("line", "items"),
    [
        ("ocr re", ["plain,read"]),
        ("ocr --ver", ["plain,--version"]),
        ("ocr read --over", ["plain,--overlay"]),
        ("ocr read -f js", ["plain,json"]),
        ("ocr read --model up", ["plain,upper-digits"]),
        ("ocr read --model ./up", ["file,./up"]),
        ("ocr read --alphabet upper-", ["plain,upper-digits"]),
        ("ocr read --language n", ["plain,none"]),
        ("ocr read no", ["file,no"]),
        ("ocr read a.png no", ["file,no"]),
        ("ocr batch no", ["file,no"]),
        ("ocr segment no", ["file,no"]),
        ("ocr eval no", ["file,no"]),
        ("ocr train --init def", ["plain,default"]),
        ("ocr train --data em", ["plain,emnist"]),
        ("ocr data co", ["plain,convert", "plain,count"]),
        ("ocr data sheet mn", ["plain,mnist"]),
        ("ocr data fetch em", ["plain,emnist"]),
        ("ocr study tr", ["plain,transfer"]),
    ],
)
def test_tab_offers(line: str, items: list[str]) -> None:
    assert [item for item in completed(line) if item] == items


def test_all_commands_are_offered_and_none_is_imported() -> None:
    subcommands = [f"ocr.cli.{name}" for name in COMMANDS]
    code = f"""
import atexit, sys
names = ('numpy', *{HEAVY}, *{subcommands})
atexit.register(lambda: print(*[m for m in sys.modules if m.startswith(names)]))
{PROGRAM}
"""
    *items, loaded = completed("ocr ", code)
    assert {"plain,read", "plain,train", "plain,models"} <= set(items)
    assert loaded == ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_is_one_that_it_takes(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    script = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "_OCR_COMPLETE": f"{shell}_source"},
        capture_output=True,
        check=True,
    ).stdout
    assert b"ocr" in script
    subprocess.run([shell, "-n"], input=script, check=True)


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_completes_a_command_line(tmp_path: Path) -> None:
    program = tmp_path / "ocr"
    program.write_text(f"#!{sys.executable}\n{PROGRAM}\n")
    program.chmod(0o755)
    script = """
source <(_OCR_COMPLETE=bash_source ocr) || exit 1
COMP_WORDS=(ocr read --mod) COMP_CWORD=2
_ocr_completion ocr
echo "${COMPREPLY[@]}"
"""
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "--norc", "-c", script],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "--model\n"
