from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ocr.data.datasets import list_parts, load
from ocr.data.readers import public_sets
from ocr.data.readers.public_sets import SETS, cache_folder, fetch
from ocr.errors import DataError, FetchError, OutputError
from tests.file_server import FileServer, serving
from tests.remote_sets import known, pair


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reach the server on this machine past any proxy."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")


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
        monkeypatch.setitem(public_sets.SETS, name, replace(SETS[name], files=small))
    with serving(**files["mnist"], **files["emnist"]) as running:
        yield running


def fetched(name: str, server: FileServer) -> Path:
    return fetch(name, url=server.url, on_progress=lambda *_: None)


def test_downloaded_mnist_is_a_source_with_parts(cached: FileServer) -> None:
    with pytest.raises(DataError, match="not fetched yet .*: ocr data fetch mnist"):
        load("mnist", alphabet=None)
    fetched("mnist", cached)
    sizes = [len(load(f"mnist{part}", alphabet="1")) for part in ("", "@train", "@test")]
    assert sizes == [7, 5, 2]
    assert list_parts("mnist") == ("train", "test")
    with pytest.raises(DataError, match="no part 'valid'"):
        load("mnist@valid", alphabet="1")


def test_downloaded_emnist_is_upright(cached: FileServer) -> None:
    fetched("emnist", cached)
    crop = load("emnist@train", alphabet=None).crops[0]  # its bar is now horizontal
    assert crop[:, 4:28].any(axis=0).all()
    assert not crop[:4].any()


def test_emnist_is_byclass_and_has_variants(cached: FileServer) -> None:
    folder = fetched("emnist", cached)
    assert load("emnist", alphabet=None).characters.tolist() == ["A"] * 4 + ["a"] * 3
    assert load("emnist:letters", alphabet=None).characters.tolist() == ["B", "B", "Z"]
    with pytest.raises(DataError, match="no set 'kana'"):
        load("emnist:kana", alphabet=None)
    assert len(list(folder.iterdir())) == 8  # without the archive and its stray file
    assert not list(cache_folder().parent.rglob("escaped.txt"))


def test_interrupted_set_is_resumed(cached: FileServer) -> None:
    cached.cut_at = 20
    with pytest.raises(FetchError, match="cut short"):
        fetched("mnist", cached)
    assert not public_sets.is_fetched("mnist")
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
    assert not public_sets.is_fetched("emnist")


def test_url_must_be_a_web_address(cached: FileServer) -> None:
    with pytest.raises(FetchError, match="begin it with https"):
        fetch("mnist", url="mirror/mnist", on_progress=lambda *_: None)


def test_cache_that_cannot_be_written_is_reported(
    cached: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("OCR_CACHE", str(tmp_path / "file"))
    with pytest.raises(OutputError, match="set OCR_CACHE"):
        fetched("mnist", cached)


def test_folder_with_the_name_of_a_set_is_read_as_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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
