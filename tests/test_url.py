from __future__ import annotations

import http.server
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from ocr.errors import FetchError
from ocr.input import sources
from ocr.input.loading import load
from ocr.input.url import fetch
from tests.file_server import serving
from tests.pdf_maker import PdfPage, pdf

BODY = b"P5 2 1 255\n\0\xff"  # a picture of two pixels


def error_of(url: str, **limits: float) -> str:
    """Return the message of the error in fetching an address."""
    with pytest.raises(FetchError) as caught:
        fetch(url, **limits)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_address_is_read_like_a_file_and_names_the_page() -> None:
    with serving(**{"a.pgm": BODY}) as server:
        url = f"{server.url}/a.pgm"
        [page] = load(sources.open_source(url, allow_urls=True))
    assert (page.gray.tolist(), page.name, page.source) == ([[0, 255]], url, BODY)


def test_pages_of_a_fetched_pdf_are_numbered() -> None:
    pytest.importorskip("pypdfium2", reason="needs the extra pdf")
    with serving(**{"a.pdf": pdf(PdfPage(), PdfPage())}) as server:
        url = f"{server.url}/a.pdf"
        assert [page.name for page in load(fetch(url))] == [url, f"{url}#2"]


def test_missing_file_gives_the_code_of_the_server() -> None:
    with serving() as server:
        url = f"{server.url}/none.png"
        assert error_of(url) == f"cannot fetch {url}: 404 Not Found (check the address)"


def test_file_larger_than_the_limit_is_refused() -> None:
    with serving(**{"a.png": bytes(3 << 20)}) as server:
        assert "larger than 2 MB (download it" in error_of(f"{server.url}/a.png", max_bytes=2 << 20)


def test_broken_connection_is_an_error() -> None:
    with serving(**{"a.png": bytes(999)}) as server:
        server.cut_at = 500
        assert error_of(f"{server.url}/a.png").endswith("it was cut short (try again)")


def test_redirect_to_another_address_of_the_web_is_followed() -> None:
    with serving(**{"a.png": b"there"}) as there, serving() as here:
        here.redirect = f"{there.url}/a.png"
        assert fetch(f"{here.url}/a.png").read() == b"there"


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://example.org/a.png", "data:,x"])
def test_redirect_away_from_the_web_is_refused(target: str) -> None:
    with serving() as server:
        server.redirect = target
        assert f"'{target}' is not allowed" in error_of(f"{server.url}/a.png")


def test_circular_redirect_ends() -> None:
    with serving() as server:
        server.redirect = f"{server.url}/a.png"
        assert error_of(f"{server.url}/a.png").startswith(f"cannot fetch {server.url}/a.png: 302")


def test_missing_server_is_an_error() -> None:
    with socketserver.TCPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as free:
        port = free.server_address[1]
    assert "(check the address, and the network)" in error_of(f"http://127.0.0.1:{port}/a.png")


@pytest.mark.parametrize("url", ["http://", "http://[", "http://a b/c", "https://x:port/"])
def test_invalid_address_is_an_error(url: str) -> None:
    assert error_of(url).startswith(f"cannot fetch {url}: ")


Answer = Callable[[http.server.BaseHTTPRequestHandler, threading.Event], None]


@contextmanager
def answering(answer: Answer) -> Iterator[str]:
    """Address of a server that answers in some way until the end of the test."""
    ended = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self, ended)

        def log_message(self, *args: object) -> None:
            """Print nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/a.png"
        finally:
            ended.set()
            server.shutdown()
            thread.join()


def test_silent_server_times_out() -> None:
    with answering(lambda request, ended: ended.wait() and None) as url:
        assert error_of(url, timeout=0.05) == f"cannot fetch {url}: no answer in time (try again)"


def test_slow_content_times_out() -> None:
    def drip(request: http.server.BaseHTTPRequestHandler, ended: threading.Event) -> None:
        request.send_response(200)
        request.end_headers()
        while not ended.wait(0.01):
            request.wfile.write(b"x")

    with answering(drip) as url:
        assert "it comes too slowly" in error_of(url, patience=0.1)


def test_slow_headers_time_out() -> None:
    def drip(request: http.server.BaseHTTPRequestHandler, ended: threading.Event) -> None:
        request.send_response(200)
        while not ended.wait(0.01):
            request.wfile.write(b"x")

    with answering(drip) as url:
        start = time.monotonic()
        assert "it comes too slowly" in error_of(url, patience=0.1)
        assert time.monotonic() - start < 2


def test_answer_that_is_not_http_is_an_error() -> None:
    with answering(lambda request, ended: request.wfile.write(b"hello\n") and None) as url:
        assert error_of(url).startswith(f"cannot fetch {url}: ")
