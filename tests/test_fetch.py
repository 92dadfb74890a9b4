from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ocr.data import download as downloads
from ocr.data import remote
from ocr.data.datasets import load, parts_of
from ocr.data.download import RemoteFile, download
from ocr.data.remote import SETS, cache_folder, fetch
from ocr.data.writers import idx_bytes
from ocr.errors import DataError, FetchError, OutputError
from tests.file_server import FileServer, serving

BODY = np.random.default_rng(0).bytes(300_000)


def known(name: str, body: bytes) -> RemoteFile:
    return RemoteFile(name, len(body), hashlib.sha256(body).hexdigest())


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


# one file


def test_good_file_is_there_alone(server: FileServer, tmp_path: Path) -> None:
    assert get(server, tmp_path).read_bytes() == BODY
    assert [p.name for p in tmp_path.iterdir()] == ["letters"]


def test_file_that_is_there_is_not_fetched_again(server: FileServer, tmp_path: Path) -> None:
    get(server, tmp_path)
    get(server, tmp_path)
    assert server.asked == [""]


def test_damaged_file_is_fetched_again(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "letters").write_bytes(BODY[:-1] + b"?")
    assert get(server, tmp_path).read_bytes() == BODY


def test_cut_file_goes_on_with_the_next_call(server: FileServer, tmp_path: Path) -> None:
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
def test_server_that_cannot_go_on_starts_anew(
    server: FileServer, tmp_path: Path, change: dict[str, object]
) -> None:
    server.cut_at = 100_000
    with pytest.raises(FetchError):
        get(server, tmp_path)
    server.cut_at = None
    for name, value in change.items():
        setattr(server, name, value)
    assert get(server, tmp_path).read_bytes() == BODY


def test_weak_version_is_not_gone_on_with(server: FileServer, tmp_path: Path) -> None:
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


def test_part_of_another_file_is_refused_and_forgotten(server: FileServer, tmp_path: Path) -> None:
    server.cut_at = 100_000
    with pytest.raises(FetchError):
        get(server, tmp_path)
    (tmp_path / "letters.part").write_bytes(b"?" * 100_000)
    server.cut_at = None
    with pytest.raises(FetchError, match="SHA-256"):
        get(server, tmp_path)
    assert get(server, tmp_path).read_bytes() == BODY


def test_longer_file_is_not_read_to_its_end(server: FileServer, tmp_path: Path) -> None:
    server.files["letters"] = BODY + bytes(downloads.CHUNK * 2)
    with pytest.raises(FetchError, match="longer than 300,000 bytes"):
        get(server, tmp_path)
    assert not list(tmp_path.glob("letters.part*"))


def test_shorter_file_on_the_server_is_told_each_time(server: FileServer, tmp_path: Path) -> None:
    server.files["letters"] = BODY[:1000]
    for _ in range(3):  # the second and third ask for what lies beyond its end
        with pytest.raises(FetchError, match="cut short at 1,000 of 300,000"):
            get(server, tmp_path)


def test_missing_file_is_told(server: FileServer, tmp_path: Path) -> None:
    server.files.clear()
    with pytest.raises(FetchError, match="404 Not Found"):
        get(server, tmp_path)
    assert not list(tmp_path.iterdir())


def test_no_server_is_told(tmp_path: Path) -> None:
    with serving() as stopped:
        pass
    with pytest.raises(FetchError, match="refused.*is there a network"):
        get(stopped, tmp_path)


def test_official_address_may_not_send_on_to_http(server: FileServer, tmp_path: Path) -> None:
    server.redirect = f"{server.url}/elsewhere"
    with pytest.raises(FetchError, match="which is not https"):
        get(server, tmp_path, https_only=True)


def test_folder_that_cannot_be_written_is_told(server: FileServer, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no such file.*OCR_CACHE"):
        get(server, tmp_path / "none")


def test_progress_goes_on_from_where_it_was(server: FileServer, tmp_path: Path) -> None:
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


# sets


def test_every_file_is_pinned_and_official_addresses_are_safe() -> None:
    for found in SETS.values():
        assert found.url.startswith("https://")
        assert all(len(bytes.fromhex(f.sha256)) == 32 and f.size > 0 for f in found.files)


def test_docs_name_every_file_with_its_address_and_digest() -> None:
    docs = (Path(__file__).parents[1] / "docs" / "data.md").read_text(encoding="utf-8")
    for name, found in SETS.items():
        assert f"| `{name}` | {found.url} |" in docs
        assert all(f"| {f.name} | {f.size:,} | {f.sha256} |" in docs for f in found.files)
        assert all(f"`{name}:{kind}`" in docs for kind in found.kinds[1:])


def pair(count: int, label: int) -> tuple[bytes, bytes]:
    """An IDX pair of upright bars, gzipped."""
    images = np.zeros((count, 28, 28), np.uint8)
    images[:, 4:24, 12:15] = 255
    images[:, 4:7, 12:20] = 255  # an arm at the top right
    return idx_bytes(images, ".gz"), idx_bytes(np.full(count, label, np.uint8), ".gz")


@pytest.fixture
def cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    """Both sets, small, on a server, and an empty cache."""
    monkeypatch.setenv("OCR_CACHE", str(tmp_path / "cache"))
    mnist = {}
    for stem, count in (("train", 5), ("t10k", 2)):
        images, labels = pair(count, 1)
        mnist |= {f"{stem}-images-idx3-ubyte.gz": images, f"{stem}-labels-idx1-ubyte.gz": labels}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for kind, part, count, label in [
            ("byclass", "train", 4, 10),
            ("byclass", "test", 3, 36),
            ("letters", "train", 2, 2),
            ("letters", "test", 1, 26),
        ]:
            stem = f"gzip/emnist-{kind}-{part}"
            images, labels = pair(count, label)
            archive.writestr(f"{stem}-images-idx3-ubyte.gz", images)
            archive.writestr(f"{stem}-labels-idx1-ubyte.gz", labels)
        archive.writestr("gzip/../../escaped.txt", "no")
    files = {"mnist": mnist, "emnist": {"gzip.zip": packed.getvalue()}}
    for name, bodies in files.items():
        small = tuple(known(file, body) for file, body in bodies.items())
        monkeypatch.setitem(remote.SETS, name, replace(SETS[name], files=small))
    with serving(**files["mnist"], **files["emnist"]) as running:
        yield running


def fetched(name: str, server: FileServer) -> Path:
    return fetch(name, url=server.url, on_progress=lambda *_: None)


def test_fetched_mnist_is_a_source_with_parts(cached: FileServer) -> None:
    with pytest.raises(DataError, match="not fetched yet .*: ocr data fetch mnist"):
        load("mnist", alphabet=None)
    fetched("mnist", cached)
    sizes = [len(load("mnist", alphabet="1", split=p)) for p in (None, "train", "test")]
    assert sizes == [7, 5, 2]
    assert parts_of("mnist") == ("train", "test")
    with pytest.raises(DataError, match="no part 'valid'"):
        load("mnist", alphabet="1", split="valid")


def test_fetched_emnist_is_turned_upright(cached: FileServer) -> None:
    fetched("emnist", cached)
    crop = load("emnist", alphabet=None, split="train").crops[0]  # its bar now lies down
    assert crop[:, 4:28].any(axis=0).all()
    assert not crop[:4].any()


def test_emnist_is_byclass_and_has_other_sets_within(cached: FileServer) -> None:
    folder = fetched("emnist", cached)
    assert load("emnist", alphabet=None).characters.tolist() == ["A"] * 4 + ["a"] * 3
    assert load("emnist:letters", alphabet=None).characters.tolist() == ["B", "B", "Z"]
    with pytest.raises(DataError, match="no set 'kana'"):
        load("emnist:kana", alphabet=None)
    assert len(list(folder.iterdir())) == 8  # the archive is gone, and its stray file never came
    assert not list(cache_folder().parent.rglob("escaped.txt"))


def test_set_goes_on_where_it_was_cut(cached: FileServer) -> None:
    cached.cut_at = 20
    with pytest.raises(FetchError, match="cut short"):
        fetched("mnist", cached)
    assert not remote.is_fetched("mnist")
    cached.cut_at = None
    fetched("mnist", cached)
    assert cached.asked[1] == "bytes=20-"
    assert len(load("mnist", alphabet=None)) == 7
    count = len(cached.asked)
    fetched("mnist", cached)
    assert len(cached.asked) == count


def test_forged_set_is_refused(cached: FileServer) -> None:
    cached.files["gzip.zip"] = cached.files["gzip.zip"][:-1] + b"?"
    with pytest.raises(FetchError, match="SHA-256"):
        fetched("emnist", cached)
    assert not remote.is_fetched("emnist")


def test_address_must_be_one(cached: FileServer) -> None:
    with pytest.raises(FetchError, match="begin it with https"):
        fetch("mnist", url="mirror/mnist", on_progress=lambda *_: None)


def test_folder_of_a_sets_name_is_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mnist").mkdir()
    for source in ("./mnist", Path("mnist")):
        with pytest.raises(DataError, match="mnist is empty"):
            load(source, alphabet=None)


def test_cache_is_where_the_user_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OCR_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert cache_folder() == Path("/x/ocr")
    monkeypatch.setenv("OCR_CACHE", "/y")
    assert cache_folder() == Path("/y")
