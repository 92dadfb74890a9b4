from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ocr.errors import DataError, OutputError
from ocr.files import read_arrays, read_errors, sweep, write_arrays, write_whole

ARRAYS = {"count": np.array(3), "words": np.array(["a", "bc"]), "x": np.eye(2, dtype=np.float32)}


@pytest.mark.parametrize("compressed", [False, True])
def test_arrays_come_back_as_they_were(tmp_path, compressed):
    write_arrays(tmp_path / "a.npz", ARRAYS, compressed=compressed)
    back = read_arrays(tmp_path / "a.npz")
    assert back.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert back[name].dtype == array.dtype
        np.testing.assert_array_equal(back[name], array)


def test_the_same_arrays_give_the_same_bytes(tmp_path):
    for name in ("a.npz", "b.npz"):
        write_arrays(tmp_path / name, ARRAYS)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_a_file_is_replaced_and_nothing_else_is_left(tmp_path):
    (tmp_path / "a").write_text("old and longer")
    write_whole(tmp_path / "a", b"new")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("a", b"new")]


def test_links_are_followed(tmp_path):
    (tmp_path / "deep").mkdir()
    for name in ("old", "new"):  # one that is there, and one that is not
        (tmp_path / name).symlink_to(Path("deep") / name)
    (tmp_path / "deep" / "old").write_text("old")
    for name in ("old", "new"):
        write_whole(tmp_path / name, b"text")
        assert (tmp_path / name).is_symlink()
        assert (tmp_path / "deep" / name).read_bytes() == b"text"


def test_the_mode_of_an_older_file_is_kept(tmp_path):
    (tmp_path / "a").touch(mode=0o600)
    write_whole(tmp_path / "a", b"secret")
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600


def test_only_partial_files_of_killed_writers_are_removed(tmp_path):
    for name in (".a.npz.123", ".a.npz.log", ".b.npz.123", "a.npz"):
        (tmp_path / name).write_text("")
    sweep(tmp_path / "a.npz")
    assert sorted(p.name for p in tmp_path.iterdir()) == [".a.npz.log", ".b.npz.123", "a.npz"]


def test_processes_of_the_same_number_write_to_two_files(tmp_path, monkeypatch):
    partials = []
    monkeypatch.setattr(Path, "replace", lambda partial, path: partials.append(partial))
    for _ in range(2):
        write_whole(tmp_path / "a", b"")
    assert len(set(partials)) == 2
    partials[0].touch()  # as a kill leaves it
    sweep(tmp_path / "a")
    assert not list(tmp_path.iterdir())


def test_a_missing_folder_is_an_output_error(tmp_path):
    with pytest.raises(OutputError, match=r"cannot write .*none.* \(name another file\)"):
        write_whole(tmp_path / "none" / "a", b"")


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="needs /dev/stdout")
def test_pipes_are_written_to_and_kept():
    code = (
        "from pathlib import Path; from ocr.files import write_whole;"
        "write_whole(Path('/dev/stdout'), b'hi')"
    )
    assert subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE).stdout == b"hi"


def test_errors_of_the_system_become_ours():
    message = r"cannot read a: is a directory \(check the path\)"
    with pytest.raises(DataError, match=message), read_errors("a", DataError):
        raise IsADirectoryError(21, "Is a directory", "a")


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut off"])
def test_other_files_than_archives_are_a_value_error(tmp_path, content):
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(ValueError, match="not an archive"):
        read_arrays(tmp_path / "a.npz")


def test_pickled_objects_are_a_value_error(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match="plain arrays"):
        read_arrays(tmp_path / "a.npz")


def test_a_missing_file_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_arrays(tmp_path / "a.npz")
