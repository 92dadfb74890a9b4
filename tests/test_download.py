from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ocr.data.download import CHUNK, download
from ocr.errors import FetchError
from tests.file_server import FileServer, serving
from tests.remote_sets import known

BODY = np.random.default_rng(0).bytes(300_000)


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reach the server on this machine past any proxy."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serving(letters=BODY) as running:
        yield running


def get(server: FileServer, folder: Path, **options: bool) -> Path:
    return download(
        known("letters", BODY),
        f"{server.url}/letters",
        folder,
        https_only=options.get("https_only", False),
        on_progress=lambda name, done, total: None,
    )


def test_complete_file_is_left_alone_in_the_folder(server: FileServer, tmp_path: Path) -> None:
    assert get(server, tmp_path).read_bytes() == BODY
    assert [p.name for p in tmp_path.iterdir()] == ["letters"]


def test_complete_file_is_not_downloaded_again(server: FileServer, tmp_path: Path) -> None:
    get(server, tmp_path)
    get(server, tmp_path)
    assert server.asked == [""]


def test_damaged_file_is_downloaded_again(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "letters").write_bytes(BODY[:-1] + b"?")
    assert get(server, tmp_path).read_bytes() == BODY


def test_interrupted_download_is_resumed_by_the_next_call(
    server: FileServer, tmp_path: Path
) -> None:
    server.cut_at = 100_000
    with pytest.raises(FetchError, match="cut short at 100,000 of 300,000 bytes"):
        get(server, tmp_path)
    assert not (tmp_path / "letters").exists()
    server.cut_at = 200_000
    with pytest.raises(FetchError, match="cut short at 200,000"):
        get(server, tmp_path)
    server.cut_at = None
    assert get(server, tmp_path).read_bytes() == BODY
    assert server.asked == ["", "bytes=100000-", "bytes=200000-"]


@pytest.mark.parametrize("change", [{"ranges": False}, {"version": '"2"'}])
def test_download_restarts_if_the_server_cannot_resume(
    server: FileServer, tmp_path: Path, change: dict[str, object]
) -> None:
    server.cut_at = 100_000
    with pytest.raises(FetchError):
        get(server, tmp_path)
    server.cut_at = None
    for name, value in change.items():
        setattr(server, name, value)
    assert get(server, tmp_path).read_bytes() == BODY


def test_download_with_a_weak_version_is_not_resumed(server: FileServer, tmp_path: Path) -> None:
    server.version, server.cut_at = 'W/"1"', 100_000
    with pytest.raises(FetchError):
        get(server, tmp_path)
    server.cut_at = None
    assert get(server, tmp_path).read_bytes() == BODY
    assert server.asked == ["", ""]


def test_forged_file_is_deleted(server: FileServer, tmp_path: Path) -> None:
    server.files["letters"] = BODY[:-1] + bytes([BODY[-1] ^ 1])
    with pytest.raises(FetchError, match="not the letters that ocr knows: its SHA-256 is"):
        get(server, tmp_path)
    assert not (tmp_path / "letters").exists()
    assert not (tmp_path / "letters.part").exists()
    server.files["letters"] = BODY
    assert get(server, tmp_path).read_bytes() == BODY


def test_part_of_another_file_is_refused_and_deleted(server: FileServer, tmp_path: Path) -> None:
    server.cut_at = 100_000
    with pytest.raises(FetchError):
        get(server, tmp_path)
    (tmp_path / "letters.part").write_bytes(b"?" * 100_000)
    server.cut_at = None
    with pytest.raises(FetchError, match="SHA-256"):
        get(server, tmp_path)
    assert get(server, tmp_path).read_bytes() == BODY


def test_longer_file_is_not_read_to_its_end(server: FileServer, tmp_path: Path) -> None:
    server.files["letters"] = BODY + bytes(CHUNK * 2)
    with pytest.raises(FetchError, match="longer than 300,000 bytes"):
        get(server, tmp_path)
    assert not list(tmp_path.glob("letters.part*"))


def test_shorter_file_on_the_server_is_an_error_each_time(
    server: FileServer, tmp_path: Path
) -> None:
    server.files["letters"] = BODY[:1000]
    for _ in range(3):  # the second and third ask for what lies beyond its end
        with pytest.raises(FetchError, match="cut short at 1,000 of 300,000"):
            get(server, tmp_path)


def test_missing_file_is_reported(server: FileServer, tmp_path: Path) -> None:
    server.files.clear()
    with pytest.raises(FetchError, match="404 Not Found"):
        get(server, tmp_path)
    assert not list(tmp_path.iterdir())


def test_unreachable_server_is_reported(tmp_path: Path) -> None:
    with serving() as stopped:
        pass
    with pytest.raises(FetchError, match="refused.*is there a network"):
        get(stopped, tmp_path)


def test_https_address_may_not_redirect_to_http(server: FileServer, tmp_path: Path) -> None:
    server.redirect = f"{server.url}/elsewhere"
    with pytest.raises(FetchError, match="which is not https"):
        get(server, tmp_path, https_only=True)


def test_progress_of_a_resumed_download_starts_at_what_is_there(
    server: FileServer, tmp_path: Path
) -> None:
    server.cut_at = 100_000
    with pytest.raises(FetchError):
        get(server, tmp_path)
    server.cut_at = None
    seen: list[int] = []
    download(
        known("letters", BODY),
        f"{server.url}/letters",
        tmp_path,
        https_only=False,
        on_progress=lambda name, done, total: seen.append(done),
    )
    assert (seen[0], seen[-1], seen) == (100_000, len(BODY), sorted(seen))
