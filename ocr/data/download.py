"""Download a file: resume where the last attempt stopped, and check its SHA-256."""

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
from ocr.errors import FetchError
from ocr.files import sha256
from ocr.input.url import network_errors

CHUNK = 1 << 18  # bytes between two reports of progress
TIMEOUT = 30  # seconds without a byte
OUT_OF_RANGE = 416  # HTTP status: the requested range begins beyond the end of the file

REMEDIES = {
    "address": "name another --url",
    "network": "is there a network?",
    "again": "run it again to resume the download",
}

Progress = Callable[[str, int, int], None]  # name, bytes so far, total bytes


@dataclass(frozen=True)
class RemoteFile:
    """A file with the properties it must have: name, size in bytes, SHA-256 in hex."""

    name: str
    size: int
    sha256: str


def download(
    file: RemoteFile, url: str, folder: Path, *, https_only: bool, on_progress: Progress
) -> Path:
    """Download a file, or what is still missing of it, from its address into an existing folder.

    Data is collected in ``NAME.part``, which is renamed when it is complete and its digest is
    right. ``NAME.part.version`` holds the server's version of the file, so that two versions are
    never joined. `https_only` refuses redirections to addresses without https.

    Raises FetchError if there is no network or no such file, if the download is interrupted (the
    next call resumes it), or if it is another file than expected (which is deleted). An OSError
    is raised if the folder cannot be written.
    """
    whole, partial = folder / file.name, folder / f"{file.name}.part"
    if _is_complete(whole, file):
        return whole
    try:
        if _size(partial) != file.size:
            _receive(file, url, partial, https_only=https_only, on_progress=on_progress)
        _check_digest(partial, file, url)
    finally:
        if not _size(partial):  # nothing to resume
            partial.unlink(missing_ok=True)
            _version_path(partial).unlink(missing_ok=True)
    partial.replace(whole)
    _version_path(partial).unlink(missing_ok=True)
    return whole


def _is_complete(path: Path, file: RemoteFile) -> bool:
    return _size(path) == file.size and sha256(path) == file.sha256


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _version_path(partial: Path) -> Path:
    return partial.with_name(f"{partial.name}.version")


def _receive(
    file: RemoteFile, url: str, partial: Path, *, https_only: bool, on_progress: Progress
) -> None:
    """Append what is missing to the partial file; start again if the server cannot resume."""
    if _size(partial) > file.size:
        partial.unlink()
    with network_errors(url, **REMEDIES), _open_url(url, partial, https_only) as response:
        resumed = _start_of(response) == _size(partial) > 0
        _version_path(partial).write_text(_read_version(response.headers), encoding="utf-8")
        with partial.open("ab" if resumed else "wb") as output:
            _copy(response, output, file, url, on_progress)
    if _size(partial) < file.size:
        raise FetchError(
            f"{url} was cut short at {_size(partial):,} of {file.size:,} bytes "
            "(run it again to resume the download)"
        )


@contextlib.contextmanager
def _open_url(url: str, partial: Path, https_only: bool) -> Iterator[Any]:
    opener = urllib.request.build_opener(*([_HttpsOnly] if https_only else []))
    try:
        response = opener.open(_make_request(url, partial), timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code != OUT_OF_RANGE:
            raise
        partial.unlink()  # longer than the file on the server
        response = opener.open(_make_request(url, partial), timeout=TIMEOUT)
    with response:
        yield response


def _make_request(url: str, partial: Path) -> urllib.request.Request:
    """Request the whole file, or the rest of it if the server still has the same version."""
    headers = {"User-Agent": f"ocr/{__version__}", "Accept-Encoding": "identity"}
    path = _version_path(partial)
    version = path.read_text(encoding="utf-8") if path.is_file() else ""
    if version and _size(partial):
        headers |= {"Range": f"bytes={_size(partial)}-", "If-Range": version}
    return urllib.request.Request(url, headers=headers)


def _read_version(headers: Message) -> str:
    """Return a strong validator as If-Range needs it (RFC 9110, 13.1.5), or ""."""
    tag = headers.get("ETag", "")
    return str(tag if tag and not tag.startswith("W/") else headers.get("Last-Modified", ""))


def _start_of(response: Any) -> int:
    """Return the position in the file at which a response begins."""
    found = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return int(found[1]) if found and response.status == http.client.PARTIAL_CONTENT else 0


def _copy(
    response: IO[bytes], output: IO[bytes], file: RemoteFile, url: str, on_progress: Progress
) -> None:
    """Copy no more bytes than the file has, as a wrong address may send data without end."""
    done = output.tell()
    on_progress(file.name, done, file.size)
    while chunk := response.read(CHUNK):
        done += len(chunk)
        if done > file.size:
            output.truncate(0)
            raise FetchError(f"{url} is not {file.name}: it is longer than {file.size:,} bytes")
        output.write(chunk)
        on_progress(file.name, done, file.size)


def _check_digest(partial: Path, file: RemoteFile, url: str) -> None:
    found = sha256(partial)
    if found != file.sha256:
        partial.unlink()
        raise FetchError(
            f"{url} is not the {file.name} that ocr knows: its SHA-256 is {found[:12]}..., "
            f"not {file.sha256[:12]}... (deleted; name another --url)"
        )


class _HttpsOnly(urllib.request.HTTPRedirectHandler):
    """Follow redirections only to https addresses."""

    def redirect_request(self, *request: Any) -> urllib.request.Request | None:
        if not request[-1].lower().startswith("https://"):
            raise FetchError(f"sent on to {request[-1]}, which is not https (name another --url)")
        return super().redirect_request(*request)
