from __future__ import annotations

import click
import pytest
from click.testing import CliRunner, Result

from ocr.alphabet import NAMED
from ocr.cli import commands
from ocr.cli.options import reading_options


def read(alphabet: str) -> Result:
    @click.command()
    @reading_options
    def command(alphabet: str, **others: object) -> None:
        click.echo(alphabet)

    return CliRunner().invoke(command, ["--alphabet", alphabet])


@pytest.mark.parametrize("name", NAMED)
def test_a_named_alphabet_is_its_characters(name):
    assert read(name).stdout == NAMED[name] + "\n"


@pytest.mark.parametrize(
    ("mistyped", "meant"),
    [
        ("uper", "upper"),
        ("Digits", "digits"),
        ("digit", "digits"),
        ("LATIN", "latin"),
        ("upperdigits", "upper-digits"),
        ("acsii", "ascii"),
    ],
)
def test_a_mistyped_name_is_not_taken_for_characters(mistyped, meant):
    result = read(mistyped)
    assert result.exit_code == 2
    assert f"there is no alphabet {mistyped!r}: {meant!r} is the nearest" in result.stderr


@pytest.mark.parametrize("characters", ["HELLO", "ABC", "αβγ", "epru", "0123456789", "IL"])
def test_characters_are_themselves(characters):
    assert read(characters).stdout == "".join(dict.fromkeys(characters)) + "\n"


@pytest.mark.parametrize("alphabet", ["", " \t"])
def test_an_alphabet_without_characters_is_a_wrong_command_line(alphabet):
    result = CliRunner().invoke(commands.main, ["read", "none.png", "--alphabet", alphabet])
    assert result.exit_code == 2
    assert "it has no characters" in result.stderr


@pytest.mark.parametrize("command", ["read", "eval", "train"])
def test_every_command_that_takes_an_alphabet_looks_at_it(command):
    paths = [] if command == "train" else ["none.png"]
    result = CliRunner().invoke(commands.main, [command, *paths, "--alphabet", "uper"])
    assert result.exit_code == 2
    assert "there is no alphabet 'uper': 'upper' is the nearest" in result.stderr
