"""What commands write: text to standard output, documents, overlays and crops to files."""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import click

from ocr import export
from ocr.errors import OutputError
from ocr.files import make_folder, write_whole
from ocr.input import sources

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

    from ocr.input.page_image import PageImage
    from ocr.page import Page

STDOUT = "-"


def print_texts(texts: Iterable[str]) -> None:
    """Print texts to standard output as they come.

    Files and pipes get UTF-8 whatever the system's encoding; "?" replaces what a terminal's
    encoding lacks.
    """
    stdout = sys.stdout
    if isinstance(stdout, TextIOWrapper):
        stdout.reconfigure(
            encoding=stdout.encoding if stdout.isatty() else "utf-8", errors="replace"
        )
    for text in texts:
        print(text, end="", flush=True)


def write_picture(path: Path, picture: Image) -> None:
    """Write a picture as a PNG file, whole or not at all."""
    write_whole(path, png_of(picture))


def png_of(picture: Image) -> bytes:
    """Return the content of a PNG file of a picture."""
    file = BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


@dataclass(frozen=True)
class Result:
    """A page that was read.

    Attributes
    ----------
    file : str
        The argument that names its file.
    image : PageImage
    page : Page
    crops : ndarray, float32 [glyphs, 32, 32], or None
        What the classifier saw of each glyph, if that is wanted.
    """

    file: str
    image: PageImage
    page: Page
    crops: NDArray[np.float32] | None = None


class Writer(Protocol):
    """Takes results, page by page, and writes them."""

    def add(self, result: Result) -> None:
        """Take the next page."""

    def finish(self) -> None:
        """Write what is left once all pages are in."""


def make_writers(
    images: Sequence[str],
    files: Sequence[str],
    *,
    forms: Sequence[str],
    outputs: Sequence[str],
    overlay: Path | None,
    crops: Path | None,
    headers: bool | None,
) -> list[Writer]:
    """Make a writer for everything that `ocr read` writes.

    Parameters
    ----------
    images : sequence of str
        The arguments, of which some may be folders.
    files : sequence of str
        The files that these stand for.
    forms, outputs : sequence of str
        Values of --format and --output.
    overlay, crops : Path or None
    headers : bool or None
        Whether file names are printed; None prints them if there are several files.

    Raises
    ------
    click.UsageError
        If formats and outputs do not fit together.
    OcrError
        If an image or another output would be overwritten, or a format lacks its extra.
    """
    writers: list[Writer] = []
    folder = output_folder(images, forms, outputs)
    paths = [] if folder else targets(forms, outputs)
    _refuse_overwriting(files, [path for _, path in paths] + [overlay, crops])
    if crops is not None:
        writers.append(CropFile(crops))
    if overlay is not None:
        writers.append(Overlays(overlay, files))
    if folder is not None:
        writers += [
            DocumentFolder(form, folder, files) for form in dict.fromkeys(forms or ["text"])
        ]
    for form, path in paths:
        if (form, path) == ("text", None):
            writers.append(TextStream(len(files) > 1 if headers is None else headers))
        else:
            writers.append(DocumentFile(form, path))
    return writers


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
        raise click.UsageError("give -o - once: all that goes to standard output runs together")
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


def _refuse_overwriting(files: Iterable[str], paths: Iterable[Path | None]) -> None:
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


class TextStream:
    """Prints the text of each page as soon as it is read."""

    def __init__(self, headers: bool) -> None:
        self._headers = headers
        self._file: str | None = None

    def add(self, result: Result) -> None:
        """Print the text of a page, below the name of its file if it is the file's first."""
        texts = [result.page.text]
        if self._headers and result.file != self._file:
            gap = "" if self._file is None else "\n"
            texts.insert(0, f"{gap}==> {_printable(result.file)} <==\n")
        self._file = result.file
        print_texts(texts)

    def finish(self) -> None:
        """Do nothing: everything is printed."""


def _printable(file: str) -> str:
    return "standard input" if file == STDOUT else os.fsencode(file).decode(errors="replace")


class DocumentFile:
    """Writes all pages in one format to a file, or to standard output where `path` is None."""

    def __init__(self, form: str, path: Path | None) -> None:
        self._form, self._path = form, path
        self._documents = export.Documents(form)
        self._is_empty = True

    def add(self, result: Result) -> None:
        """Take the next page."""
        self._documents.add(result.image, result.page)
        self._is_empty = False

    def finish(self) -> None:
        """Write the documents; without a page, what an earlier run wrote is kept."""
        if self._is_empty:
            return
        contents = self._documents.finish()
        if self._path is not None:
            _write_documents(contents, self._form, self._path)
        elif len(contents) > 1:
            raise OutputError(
                f"cannot write {len(contents)} pages as {self._form} to standard output: each is "
                f"a file (give -o NAME{export.FORMATS[self._form][0]})"
            )
        else:
            sys.stdout.buffer.write(b"".join(contents))
            sys.stdout.buffer.flush()


class DocumentFolder:
    """Writes the pages of each file to a document of its own in a folder."""

    def __init__(self, form: str, folder: Path, files: Sequence[str]) -> None:
        self._form, self._folder = form, folder
        self._names = document_names(files, form)
        self._images = {Path(file).resolve() for file in files}
        self._documents = export.Documents(form)
        self._file: str | None = None
        make_folder(folder)

    def add(self, result: Result) -> None:
        """Take the next page; the first of another file completes the document before."""
        if self._file not in (None, result.file):
            self.finish()
            self._documents = export.Documents(self._form)
        self._documents.add(result.image, result.page)
        self._file = result.file

    def finish(self) -> None:
        """Write the document of the last file."""
        if self._file is not None:
            path = self._folder / self._names[self._file]
            _write_documents(self._documents.finish(), self._form, path, self._images)


def document_names(files: Iterable[str], form: str) -> dict[str, str]:
    """Return the name of the document of each file, in which its ending is replaced.

    Where two would have the same name, the ending is kept, and a number tells apart the rest.

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
        from urllib.parse import urlsplit  # seldom needed, and slow to import

        return Path(urlsplit(file).path).name or "page"
    return Path(file).name


class Overlays:
    """Draws each page over its image: in `path`, or in NAME-1, NAME-2 ... if there are several."""

    def __init__(self, path: Path, files: Iterable[str]) -> None:
        self._path = path
        self._images = {Path(file).resolve() for file in files}
        self._first = b""
        self._count = 0

    def add(self, result: Result) -> None:
        """Draw a page; the first is written once it is known whether there is a second."""
        self._count += 1
        drawing = self._draw(result)
        if self._count == 1:
            self._first = drawing
            return
        if self._count == 2:
            _write_new(self._numbered(1), self._first, self._images)
        _write_new(self._numbered(self._count), drawing, self._images)

    def finish(self) -> None:
        """Write the drawing of an only page."""
        if self._count == 1:
            _write_new(self._path, self._first, self._images)

    def _draw(self, result: Result) -> bytes:
        from ocr.export.save import draw

        return draw(result.image, result.page, self._path.suffix.lower())

    def _numbered(self, number: int) -> Path:
        return self._path.with_stem(f"{self._path.stem}-{number}")


class CropFile:
    """Writes the crop of every glyph."""

    def __init__(self, path: Path) -> None:
        from ocr.export.crops import crop_writer

        self._writer = crop_writer(path)

    def add(self, result: Result) -> None:
        """Take the crops of the next page."""
        assert result.crops is not None
        self._writer.add(result.image, result.page, result.crops)

    def finish(self) -> None:
        """Write the list of crops."""
        self._writer.finish()


def _write_documents(
    contents: Sequence[bytes], form: str, path: Path, images: Container[Path] = ()
) -> None:
    """Write a document to `path`, or several to names with a number."""
    paths = export.paths_of(form, path, len(contents))
    for numbered, content in zip(paths, contents, strict=True):
        _write_new(numbered, content, images)


def _write_new(path: Path, content: bytes, images: Container[Path]) -> None:
    """Write a file, unless it is one of the images."""
    if path.resolve() in images:
        raise OutputError(f"cannot write {path}: it is an image that is read (name another file)")
    write_whole(path, content)
