"""Shell completion of values; nothing heavy is imported for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def files(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Have the shell complete names of files."""
    from click.shell_completion import CompletionItem  # only loaded to complete

    return [CompletionItem(incomplete, type="file")]


def names_or_files(names: Callable[[], Iterable[str]]) -> Completer:
    """Return a completer for some names; where none fits, it completes names of files."""

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


#: Completers of --model and --init, --alphabet, --language, and SOURCE of training data.
models = names_or_files(_models)
alphabets = names_or_files(_alphabets)
languages = names_or_files(lambda: ("english", "none"))
sources = names_or_files(lambda: ("fonts", "emnist", "mnist"))
