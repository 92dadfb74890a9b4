"""A small web server for tests, which can fail as real servers do."""

from __future__ import annotations

import http.server
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class FileServer:
    """Files to serve, and faults to simulate; may be changed between requests."""

    files: dict[str, bytes]
    cut_at: int | None = None  # bytes of the body, after which the connection is cut
    ranges: bool = True
    version: str = '"1"'
    redirect: str | None = None
    url: str = ""
    asked: list[str] = field(default_factory=list)  # Range of each request, or ""


@contextmanager
def serving(**files: bytes) -> Iterator[FileServer]:
    """Serve files at a free port of this machine, from a thread."""
    server = FileServer(files)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self, server)

        def log_message(self, *args: object) -> None:
            """Print nothing."""

    listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.daemon_threads = True
    server.url = f"http://127.0.0.1:{listener.server_port}/set"
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()


def answer(request: http.server.BaseHTTPRequestHandler, server: FileServer) -> None:
    """Answer a GET as the server's fields say."""
    server.asked.append(request.headers.get("Range", ""))
    if server.redirect:
        request.send_response(302)
        request.send_header("Location", server.redirect)
        request.end_headers()
        return
    body = server.files.get(request.path.split("/")[-1])
    if body is None:
        request.send_error(404)
        return
    start = start_of(request, server)
    if start >= len(body):
        request.send_error(416)
        return
    request.send_response(206 if start else 200)
    if start:
        request.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
    request.send_header("ETag", server.version)
    request.send_header("Content-Length", str(len(body) - start))
    request.end_headers()
    request.wfile.write(body[start : server.cut_at])


def start_of(request: http.server.BaseHTTPRequestHandler, server: FileServer) -> int:
    """First byte that is asked for, if the client has a part of this version."""
    wanted = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
    if not wanted or not server.ranges or request.headers.get("If-Range") != server.version:
        return 0
    return int(wanted[1])
