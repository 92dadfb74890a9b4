"""Which formats a command writes, and where."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from ocr import export

STDOUT = Path("-")


def targets(forms: Sequence[str], outputs: Sequence[Path]) -> list[tuple[str, Path | None]]:
    """Formats with the files they go to; None is standard output.

    Parameters
    ----------
    forms : sequence of str
        Values of --format. Several share the one name in `outputs`, each with its own ending.
    outputs : sequence of Path
        Values of --output, of which one may be ``-``, standard output. Where there is no
        --format their endings tell it; text where there is none.

    Raises
    ------
    click.UsageError
        If they do not fit together.

    Examples
    --------
    >>> targets([], [Path("a.json"), Path("a.txt")])  # doctest: +ELLIPSIS
    [('json', ...Path('a.json')), ('text', ...Path('a.txt'))]
    >>> targets(["json"], [Path("-")])
    [('json', None)]
    """
    if outputs.count(STDOUT) > 1:
        raise click.UsageError("give -o - once: all that goes to standard output runs together")
    if not outputs:
        if len(forms) > 1:
            raise click.UsageError("several formats need -o NAME: each is written to NAME.ENDING")
        return [(form, None) for form in forms or ["text"]]
    if not forms:
        return [(_told_by(path), _file(path)) for path in outputs]
    if len(outputs) > 1:
        raise click.UsageError("give either one -o, or let the endings of several tell the formats")
    if len(forms) == 1:
        return [(forms[0], _file(outputs[0]))]
    if outputs[0] == STDOUT:
        raise click.UsageError("several formats need -o NAME: each is written to NAME.ENDING")
    name = outputs[0]
    return [(form, name.with_name(name.name + export.FORMATS[form][0])) for form in forms]


def _file(path: Path) -> Path | None:
    return None if path == STDOUT else path


def _told_by(path: Path) -> str:
    form = export.format_of(path)
    if form is None and path.name.lower().endswith(".xml"):
        raise click.UsageError(f"{path} may be ALTO or PAGE: name it .alto.xml or .page.xml")
    if form is None and path.suffix:
        endings = " ".join(endings[0] for endings in export.FORMATS.values())
        raise click.UsageError(f"{path} tells no format: name it {endings}, or give -f")
    return form or "text"
