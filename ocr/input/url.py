"""Fetch a file from the web into memory, within limits of size, time and redirection."""

from __future__ import annotations

import contextlib
import http.client
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import Future, wait
from threading import Thread
from typing import IO

from ocr import __version__
from ocr.errors import FetchError
from ocr.input.page_image import NamedBytes

MAX_BYTES = 256 << 20  # a scanned book; larger files are better downloaded once
TIMEOUT = 30.0  # seconds without a byte
PATIENCE = 600.0  # seconds in total, for servers that send a byte now and then
CHUNK = 1 << 16  # bytes

TOO_SLOW = "it comes too slowly"
BY_HAND = "download it, then read the file"


def fetch(
    url: str, *, max_bytes: int = MAX_BYTES, timeout: float = TIMEOUT, patience: float = PATIENCE
) -> NamedBytes:
    """Fetch the content of an http or https address.

    `timeout` limits the seconds without a byte, and `patience` the seconds in total. Raises
    FetchError if there is no network or no such file, it is too large or too slow, or the server
    redirects to another kind of address.
    """
    fetched: Future[NamedBytes] = Future()

    def run() -> None:
        try:
            fetched.set_result(_fetch(url, max_bytes, timeout, patience))
        except BaseException as error:  # raised again below
            fetched.set_exception(error)

    # in a thread, because no setting limits the time for a handshake and slow headers
    Thread(target=run, daemon=True).start()
    if not wait([fetched], patience).done:
        raise _error(url, TOO_SLOW, BY_HAND)
    return fetched.result()


def _fetch(url: str, max_bytes: int, timeout: float, patience: float) -> NamedBytes:
    deadline = time.monotonic() + patience
    opener = urllib.request.build_opener(_WebOnly)
    with network_errors(url):
        request = urllib.request.Request(url, headers={"User-Agent": f"ocr/{__version__}"})
        with opener.open(request, timeout=timeout) as answer:
            return NamedBytes(_receive(answer, url, max_bytes, deadline), url)


def _receive(answer: http.client.HTTPResponse, url: str, max_bytes: int, deadline: float) -> bytes:
    content = bytearray()
    while chunk := answer.read1(CHUNK):
        content += chunk
        if len(content) > max_bytes:
            raise _error(url, f"it is larger than {max_bytes >> 20} MB", BY_HAND)
        if time.monotonic() > deadline:
            raise _error(url, TOO_SLOW, BY_HAND)
    if answer.length:  # bytes that were announced but not sent
        raise _error(url, "it was cut short", "try again")
    return bytes(content)


class _WebOnly(urllib.request.HTTPRedirectHandler):
    """Follow redirections to http and https addresses, but not to ftp."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if not newurl.lower().startswith(("http://", "https://")):
            message = f"Redirection to url '{newurl}' is not allowed"  # as urllib says of file:
            raise urllib.error.HTTPError(req.full_url, code, message, headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


@contextlib.contextmanager
def network_errors(
    url: str,
    *,
    address: str = "check the address",
    network: str = "check the address, and the network",
    again: str = "try again",
) -> Iterator[None]:
    """Raise errors of the network as FetchErrors with one of three remedies.

    Errors of the disk are not caught.
    """
    try:
        yield
    except urllib.error.HTTPError as error:
        error.close()
        raise _error(url, f"{error.code} {error.reason}", address) from error
    except urllib.error.URLError as error:
        raise _error(url, str(error.reason), network) from error
    except TimeoutError as error:
        raise _error(url, "no answer in time", again) from error
    # an impossible host name, or a path with blanks or characters beyond ASCII
    except (http.client.InvalidURL, ValueError) as error:
        raise _error(url, f"no address: {error}", address) from error
    except (http.client.HTTPException, ConnectionError, ssl.SSLError) as error:
        raise _error(url, str(error) or "the connection broke", again) from error


def _error(url: str, why: str, remedy: str) -> FetchError:
    """Make an error of one line, even if the server's message has several."""
    return FetchError(f"cannot fetch {url}: {' '.join(why.split())} ({remedy})")
