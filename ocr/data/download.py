"""One file from the net: resumed where it was cut, checked by its digest, there whole or not."""

from __future__ import annotations

import contextlib
import http.client
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import IO, Any

from ocr import __version__
from ocr.errors import FetchError, OutputError
from ocr.files import reason, sha256
from ocr.input.url import network_errors

CHUNK = 1 << 18  # bytes between two reports of progress
TIMEOUT = 30  # seconds without a byte
OUT_OF_RANGE = 416  # HTTP: what is asked for lies beyond the end of the file

#: For what goes wrong on the way.
REMEDIES = {
    "address": "name another --url",
    "network": "is there a network?",
    "again": "run it again: it goes on from where it was",
}

Progress = Callable[[str, int, int], None]  # name, bytes so far, bytes in all


@dataclass(frozen=True)
class RemoteFile:
    """A file as it is known to be: its name, its size in bytes, its SHA-256 in hex."""

    name: str
    size: int
    sha256: str


def download(
    file: RemoteFile, url: str, folder: Path, *, https_only: bool, on_progress: Progress
) -> Path:
    """Fetch a file, or what is still missing of it.

    What has come is kept in ``NAME.part`` until it is whole and its digest is right;
    then it gets its name. ``NAME.part.version`` tells whether the server still has the
    same file, so that two versions are never joined.

    Parameters
    ----------
    file : RemoteFile
    url : str
        Of the file itself.
    folder : Path
        Exists.
    https_only : bool
        Refuse to be sent on to an address without https.
    on_progress : callable
        Called with name, bytes so far and bytes in all.

    Raises
    ------
    FetchError
        No network, no such file, cut short (the next call goes on), or another file
        than the one expected (which is deleted).
    OutputError
        A folder that cannot be written.
    """
    whole, partial = folder / file.name, folder / f"{file.name}.part"
    with _write_errors(whole):
        if whole.is_file() and is_right(whole, file):
            return whole
        try:
            if size_of(partial) != file.size:
                _receive(file, url, partial, https_only=https_only, on_progress=on_progress)
            _check(partial, file, url)
        finally:
            if not size_of(partial):  # nothing has come to go on with
                partial.unlink(missing_ok=True)
                version_of(partial).unlink(missing_ok=True)
        partial.replace(whole)
        version_of(partial).unlink(missing_ok=True)
    return whole


def is_right(path: Path, file: RemoteFile) -> bool:
    """Whether a file has the size and the digest that it should have."""
    return size_of(path) == file.size and sha256(path) == file.sha256


def size_of(path: Path) -> int:
    """Bytes of a file; 0 where there is none."""
    return path.stat().st_size if path.is_file() else 0


def version_of(partial: Path) -> Path:
    """File that keeps what the server calls this version of the file."""
    return partial.with_name(f"{partial.name}.version")


def _receive(
    file: RemoteFile, url: str, partial: Path, *, https_only: bool, on_progress: Progress
) -> None:
    """Append what is missing to the partial file; start anew where the server cannot resume."""
    if size_of(partial) > file.size:
        partial.unlink()
    with network_errors(url, **REMEDIES), _answer(url, partial, https_only) as answer:
        resumed = _starts_at(answer) == size_of(partial) > 0
        version_of(partial).write_text(_version(answer.headers), encoding="utf-8")
        with partial.open("ab" if resumed else "wb") as opened:
            _copy(answer, opened, file, url, on_progress)
    if size_of(partial) < file.size:
        raise FetchError(
            f"{url} was cut short at {size_of(partial):,} of {file.size:,} bytes "
            "(run it again: it goes on from there)"
        )


@contextlib.contextmanager
def _answer(url: str, partial: Path, https_only: bool) -> Iterator[Any]:
    opener = urllib.request.build_opener(*([_HttpsOnly] if https_only else []))
    try:
        answer = opener.open(_request(url, partial), timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code != OUT_OF_RANGE:
            raise
        partial.unlink()  # longer than the file of the server
        answer = opener.open(_request(url, partial), timeout=TIMEOUT)
    with answer:
        yield answer


def _request(url: str, partial: Path) -> urllib.request.Request:
    """Ask for the whole file, or for the rest of the version of which a part is here."""
    headers = {"User-Agent": f"ocr/{__version__}", "Accept-Encoding": "identity"}
    version = version_of(partial)
    known = version.read_text(encoding="utf-8") if version.is_file() else ""
    if known and size_of(partial):
        headers |= {"Range": f"bytes={size_of(partial)}-", "If-Range": known}
    return urllib.request.Request(url, headers=headers)


def _version(headers: Message) -> str:
    """Strong name of a version, as If-Range wants it (RFC 9110, 13.1.5); "" without one."""
    tag = headers.get("ETag", "")
    if tag and not tag.startswith("W/"):
        return str(tag)
    return str(headers.get("Last-Modified", ""))


def _starts_at(answer: Any) -> int:
    """Where in the file an answer begins."""
    found = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
    return int(found[1]) if found and answer.status == http.client.PARTIAL_CONTENT else 0


def _copy(
    answer: IO[bytes], opened: IO[bytes], file: RemoteFile, url: str, on_progress: Progress
) -> None:
    """Copy no more than the file is long: what goes on for ever is not the file."""
    done = opened.tell()
    on_progress(file.name, done, file.size)
    while chunk := answer.read(CHUNK):
        done += len(chunk)
        if done > file.size:
            opened.truncate(0)
            raise FetchError(f"{url} is not {file.name}: it is longer than {file.size:,} bytes")
        opened.write(chunk)
        on_progress(file.name, done, file.size)


def _check(partial: Path, file: RemoteFile, url: str) -> None:
    found = sha256(partial)
    if found != file.sha256:
        partial.unlink()
        raise FetchError(
            f"{url} is not the {file.name} that ocr knows: its SHA-256 is {found[:12]}..., "
            f"not {file.sha256[:12]}... (deleted; name another --url)"
        )


class _HttpsOnly(urllib.request.HTTPRedirectHandler):
    """Follow a server that sends on to another address only if that is as safe."""

    def redirect_request(self, *request: Any) -> urllib.request.Request | None:
        if not request[-1].lower().startswith("https://"):
            raise FetchError(f"sent on to {request[-1]}, which is not https (name another --url)")
        return super().redirect_request(*request)


@contextlib.contextmanager
def _write_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(f"cannot write {path}: {reason(error)} (set OCR_CACHE)") from error
