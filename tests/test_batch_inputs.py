"""Tests of the files that `ocr batch` reads and of the names of their outputs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ocr.batch.inputs import find, in_shard
from ocr.errors import ImageError, OutputError


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def found(*sources: Path | str, output: Path | None = None) -> dict[str, str]:
    """Names with the stems of their outputs."""
    out = output or Path("/nowhere")
    return {file.name: Path(file.stem).as_posix() for file in find([*map(str, sources)], out)}


def test_a_folder_is_read_with_all_below_it_but_no_other_files(tmp_path):
    touch(tmp_path, "a.jpg", "B.TIFF", "deep/er/c.png", "notes.txt", ".hidden.png", ".git/d.png")
    assert found(tmp_path) == {"B.TIFF": "B", "a.jpg": "a", "deep/er/c.png": "deep/er/c"}


def test_outputs_are_named_below_the_folder_that_all_inputs_lie_in(tmp_path):
    touch(tmp_path, "1/a.jpg", "2/a.jpg", "2/deep/b.jpg")
    assert set(found(tmp_path / "1", tmp_path / "2/deep")) == {"1/a.jpg", "2/deep/b.jpg"}
    assert set(found(tmp_path / "1/a.jpg", tmp_path / "2/a.jpg")) == {"1/a.jpg", "2/a.jpg"}
    assert set(found(tmp_path / "2/a.jpg")) == {"a.jpg"}


def test_a_file_named_twice_is_read_once(tmp_path):
    touch(tmp_path, "a.jpg")
    assert len(found(tmp_path, tmp_path / "a.jpg", tmp_path / "*.jpg")) == 1


def test_files_that_differ_in_their_ending_keep_it(tmp_path):
    touch(tmp_path, "a.jpg", "a.png", "A.tif", "b.jpg", "sub/a.png")
    assert found(tmp_path) == {
        "A.tif": "A.tif",
        "a.jpg": "a.jpg",
        "a.png": "a.png",
        "b.jpg": "b",
        "sub/a.png": "sub/a",
    }


def test_no_two_files_have_one_output(tmp_path):
    touch(tmp_path, "a.jpg", "a.png", "a.jpg.png", "b.jpg", "b.jpg.png")
    assert found(tmp_path) == {
        "a.jpg": "a.jpg",
        "a.jpg.png": "a.jpg.png",
        "a.png": "a.png",
        "b.jpg": "b",
        "b.jpg.png": "b.jpg.png",
    }


def test_a_file_that_is_called_like_a_page_of_another_has_another_output(tmp_path):
    touch(tmp_path, "scan.tif", "scan.tif-1.png", "b-1.png", "b.tif")
    assert found(tmp_path) == {
        "b-1.png": "b-1",
        "b.tif": "b",
        "scan.tif": "scan",
        "scan.tif-1.png": "scan.tif-1.png",
    }


def test_links_that_lead_back_are_not_followed(tmp_path):
    touch(tmp_path, "a.jpg")
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    assert set(found(tmp_path)) == {"a.jpg"}


def test_patterns_are_understood_where_the_shell_does_not(tmp_path):
    touch(tmp_path, "1/a.jpg", "2/b.jpg", "2/c.png")
    assert set(found(tmp_path / "*" / "*.jpg")) == {"1/a.jpg", "2/b.jpg"}


def test_a_file_that_is_called_like_a_pattern_is_that_file(tmp_path):
    touch(tmp_path, "a[1].jpg", "a1.jpg")
    assert set(found(tmp_path / "a[1].jpg")) == {"a[1].jpg"}


def test_what_is_not_there_is_told(tmp_path):
    with pytest.raises(ImageError, match="no such file"):
        found(tmp_path / "nonesuch")
    with pytest.raises(ImageError, match="no such file"):
        found(tmp_path / "*.jpg")


def test_outputs_among_the_inputs_are_not_read(tmp_path):
    touch(tmp_path, "a.jpg", "out/a.pdf")
    assert set(found(tmp_path, output=tmp_path / "out")) == {"a.jpg"}


@pytest.mark.parametrize("out", [".", "scans", "scans/../scans"])
def test_outputs_never_go_where_the_inputs_lie(tmp_path, out):
    touch(tmp_path, "scans/a.jpg")
    with pytest.raises(OutputError, match="the inputs lie there"):
        found(tmp_path / "scans", output=tmp_path / out)


@pytest.mark.parametrize("named", ["scans", "link"])
def test_a_link_to_where_the_inputs_lie_is_no_other_folder(tmp_path, named):
    touch(tmp_path, "scans/a.pdf")
    (tmp_path / "link").symlink_to("scans", target_is_directory=True)
    for out in "scans", "link", "link/deep/..":
        with pytest.raises(OutputError, match="the inputs lie there"):
            found(tmp_path / named, output=tmp_path / out)


def test_outputs_among_the_inputs_are_not_read_by_another_name(tmp_path):
    touch(tmp_path, "scans/a.jpg", "scans/out/a.pdf")
    (tmp_path / "link").symlink_to("scans", target_is_directory=True)
    assert set(found(tmp_path / "scans", output=tmp_path / "link/out")) == {"a.jpg"}
    assert set(found(tmp_path / "link", output=tmp_path / "scans/out")) == {"a.jpg"}


def test_an_unset_variable_is_not_the_current_folder(tmp_path, monkeypatch):
    touch(tmp_path, "a.jpg")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ImageError, match="cannot read '': an empty name"):
        found("")


def test_addresses_are_not_taken():
    with pytest.raises(ImageError, match="reads no addresses"):
        found("https://example.org/a.png")


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_a_name_that_is_no_text_is_told_as_text(tmp_path):
    try:
        (tmp_path / os.fsdecode(b"caf\xe9.jpg")).touch()
    except OSError:
        pytest.skip("this file system takes no such names")
    assert set(found(tmp_path)) == {r"caf\xe9.jpg"}


def test_shards_part_the_files_wherever_they_lie(tmp_path):
    names = [f"{n}.jpg" for n in range(40)]
    here, there = touch(tmp_path / "here", *names), touch(tmp_path / "there", *names)
    shards = [in_shard(find([str(here)], tmp_path / "out"), (i, 4)) for i in (1, 2, 3, 4)]
    assert sorted(f.name for shard in shards for f in shard) == sorted(names)
    assert all(3 <= len(shard) <= 20 for shard in shards)
    elsewhere = in_shard(find([str(there)], tmp_path / "out"), (2, 4))
    assert [f.name for f in elsewhere] == [f.name for f in shards[1]]
