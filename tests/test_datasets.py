from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ocr.data import datasets
from ocr.data.datasets import list_parts, load
from ocr.data.samples import Samples, Source
from ocr.errors import DataError


def test_folder_of_fonts_must_exist() -> None:
    with pytest.raises(DataError, match="no such file or folder"):
        load("fonts:/no/such/folder", alphabet="F")


@pytest.mark.parametrize("name", ["a.npz", "a.mat", "a.jsonl", "a", "images-idx3-ubyte"])
def test_missing_source_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="no such file or folder"):
        load(tmp_path / name, alphabet="F")


def test_folder_without_permission_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    (tmp_path / "F").mkdir()
    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(DataError, match="permission denied"):
        load(tmp_path, alphabet="F")


@pytest.mark.parametrize("name", ["a.npz", "a.mat", "a.jsonl", "a.jsonl.gz"])
def test_damaged_file_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"nothing of the kind\xff")
    with pytest.raises(DataError):
        load(tmp_path / name, alphabet="F")


def test_unknown_type_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").touch()
    with pytest.raises(DataError, match="no known type"):
        load(tmp_path / "a.csv", alphabet="F")


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    images = np.zeros((2, 12, 12), np.uint8)
    images[:, 2:10, 5:7] = 255
    np.savez(tmp_path / "a.npz", images=images, chars=np.array(["C", "c"]))
    return tmp_path / "a.npz"


def test_source_without_such_characters_is_refused(archive: Path) -> None:
    with pytest.raises(DataError, match="shows none of the characters XY"):
        load(archive, alphabet="XY")


def test_source_without_parts_refuses_one(archive: Path) -> None:
    assert list_parts(archive) == ()
    with pytest.raises(DataError, match="has no parts \\(leave out @test\\)"):
        load(f"{archive}@test", alphabet=None)


def test_path_is_not_searched_for_a_part(archive: Path) -> None:
    path = archive.rename(archive.with_name("a.npz@test"))
    with pytest.raises(DataError, match="a.npz@test is of no known type"):
        load(path, alphabet=None)


class OneLetter:
    """Reader of the source ``one``, a single crop of the part that is asked for."""

    def recognizes(self, source: Source) -> bool:
        return source == "one"

    def list_parts(self, source: Source) -> tuple[str, ...]:
        return ("train", "test")

    def read(self, source: Source, *, alphabet: str | None, seed: int, part: str | None) -> Samples:
        crop = np.full((1, 32, 32), 255, np.uint8)
        return Samples(crop, np.array(["T" if part == "test" else "A"]), np.array([""]))


def test_reader_needs_only_be_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "READERS", (*datasets.READERS, OneLetter()))
    assert list_parts("one") == ("train", "test")
    assert load("one@test", alphabet="AT").characters.tolist() == ["T"]
    with pytest.raises(DataError, match="no part 'valid' \\(choose train or test\\)"):
        load("one@valid", alphabet="AT")
