"""Choose the formats and files that `ocr read` writes, from --format and --output."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from ocr import export
from ocr.errors import OutputError
from ocr.input import sources

STDOUT = "-"


def output_folder(
    images: Sequence[str], forms: Sequence[str], outputs: Sequence[str]
) -> Path | None:
    """Return the folder in which each image gets a file of its own; None if -o names no folder.

    The value of -o is a folder if it ends in a slash, is one already, or has no ending while a
    folder of images is read.

    Raises
    ------
    click.UsageError
        If -o names another output too.

    Examples
    --------
    >>> output_folder(["a.png"], [], ["texts/"]), output_folder(["a.png"], [], ["text"])
    (...Path('texts'), None)
    """
    reads_folder = len(forms) < 2 and any(Path(image).is_dir() for image in images)
    folders = [
        output
        for output in outputs
        if output.endswith(("/", os.sep))
        or Path(output).is_dir()
        or (reads_folder and output != STDOUT and not Path(output).suffix)
    ]
    if not folders:
        return None
    if len(outputs) > 1:
        raise click.UsageError(f"{folders[0]} is a folder: give no other -o (several -f are fine)")
    return Path(folders[0])


def targets(forms: Sequence[str], outputs: Sequence[str]) -> list[tuple[str, Path | None]]:
    """Return each format with the file it goes to, None for standard output.

    Parameters
    ----------
    forms : sequence of str
        Values of --format. Several share the one name in `outputs`, each with its own ending.
    outputs : sequence of str
        Values of --output, of which one may be ``-``, standard output. Without --format, their
        endings choose the formats, and a name without an ending gets text.

    Raises
    ------
    click.UsageError
        If they do not fit together.

    Examples
    --------
    >>> targets([], ["a.json", "a.txt"])  # doctest: +ELLIPSIS
    [('json', ...Path('a.json')), ('text', ...Path('a.txt'))]
    >>> targets(["json"], ["-"])
    [('json', None)]
    """
    if outputs.count(STDOUT) > 1:
        raise click.UsageError("give -o - only once: outputs would be mixed on standard output")
    if not outputs:
        if len(forms) > 1:
            raise click.UsageError("several formats need -o NAME: each is written to NAME.ENDING")
        return [(form, None) for form in forms or ["text"]]
    if not forms:
        return [(_form_of(output), _path_of(output)) for output in outputs]
    if len(outputs) > 1:
        raise click.UsageError("give either one -o, or let the endings of several set the formats")
    if len(forms) == 1:
        return [(forms[0], _path_of(outputs[0]))]
    if outputs[0] == STDOUT:
        raise click.UsageError("several formats need -o NAME: each is written to NAME.ENDING")
    return [(form, Path(outputs[0] + export.FORMATS[form][0])) for form in forms]


def _path_of(output: str) -> Path | None:
    return None if output == STDOUT else Path(output)


def _form_of(output: str) -> str:
    path = Path(output)
    form = export.format_of(path)
    if form is None and path.name.lower().endswith(".xml"):
        raise click.UsageError(f"{path} may be ALTO or PAGE: name it .alto.xml or .page.xml")
    if form is None and path.suffix:
        endings = " ".join(endings[0] for endings in export.FORMATS.values())
        raise click.UsageError(f"{path} has no ending of a format: name it {endings}, or give -f")
    return form or "text"


def refuse_overwriting(files: Iterable[str], paths: Iterable[Path | None]) -> None:
    """Raise OutputError where an image, or another output, would be overwritten."""
    images = {Path(file).resolve() for file in files}
    seen: set[Path] = set()
    for path in filter(None, paths):
        whole = path.resolve()
        if whole in images:
            raise OutputError(f"cannot write {path}: it is the image itself (name another file)")
        if whole in seen:
            raise OutputError(f"cannot write {path} twice (name another file)")
        seen.add(whole)


def document_names(files: Iterable[str], form: str) -> dict[str, str]:
    """Return the name of the document of each file, in which its ending is replaced.

    If two would have the same name, the ending is kept, and a number is added if need be.

    Examples
    --------
    >>> list(document_names(["a.jpg", "b.jpg", "b.png", "x/b.jpg"], "text").values())
    ['a.txt', 'b.jpg.txt', 'b.png.txt', 'b.jpg-2.txt']
    """
    names = {file: _name_of(file) for file in files}
    stems = Counter(Path(name).stem.casefold() for name in names.values())
    found: dict[str, str] = {}
    taken = Counter[str]()
    for file, name in names.items():
        stem = Path(name).stem
        # scan-1.page.xml may be the first page of scan.tif
        is_page = form in export.PAGE_A_FILE and re.sub(r"-\d+$", "", stem.casefold()) in stems
        if stems[stem.casefold()] > 1 or is_page and re.search(r"-\d+$", stem):
            stem = name
        taken[stem.casefold()] += 1
        number = taken[stem.casefold()]
        found[file] = stem + (f"-{number}" if number > 1 else "") + export.FORMATS[form][0]
    return found


def _name_of(file: str) -> str:
    if file == sources.STDIN:
        return "stdin"
    if sources.is_address(file):
        from urllib.parse import urlsplit  # rarely needed, and slow to import

        return Path(urlsplit(file).path).name or "page"
    return Path(file).name
