"""What the shell offers for a value when Tab is pressed; nothing heavy is imported for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def files(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the names of files, which the shell looks up."""
    from click.shell_completion import CompletionItem  # not loaded where nothing is completed

    return [CompletionItem(incomplete, type="file")]


def names_or_files(names: Callable[[], Iterable[str]]) -> Completer:
    """Offer the names that begin so; where none does, those of files."""

    def complete(
        ctx: click.Context, parameter: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        found = [CompletionItem(name) for name in names() if name.startswith(incomplete)]
        return found or files(ctx, parameter, incomplete)

    return complete


def _models() -> list[str]:
    from ocr.models_dir import shipped_models

    return [path.stem for path in shipped_models()]


def _alphabets() -> Iterable[str]:
    from ocr.alphabet import NAMED

    return NAMED


#: For --model and --init, --alphabet, --language, and the SOURCEs of training data.
models = names_or_files(_models)
alphabets = names_or_files(_alphabets)
languages = names_or_files(lambda: ("english", "none"))
sources = names_or_files(lambda: ("fonts", "emnist", "mnist"))
