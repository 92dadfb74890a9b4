"""`ocr batch` with the model that ships, on small pages."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import zlib

import pytest
from click.testing import CliRunner
from PIL import Image

from ocr.batch import work
from ocr.batch.settings import Settings
from ocr.cli.commands import main
from ocr.errors import OutputError
from ocr.models_dir import models_dir
from tests.batch_fakes import outputs
from tests.page_maker import handprint_page

STRIP_OFFSETS = 273  # TIFF tag

pytestmark = pytest.mark.skipif(
    not (models_dir() / "default.onnx").exists(), reason="the default model is not there"
)


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    """Good files of one and two pages, one whose second page is damaged, and four bad ones."""
    folder = tmp_path_factory.mktemp("scans")
    one, two = (
        handprint_page([text], seed=1, letter_height=32).convert("L") for text in ("ONE", "TWO")
    )
    one.save(folder / "one.jpg")
    one.save(folder / "both.tif", save_all=True, append_images=[two])
    one.save(folder / "cut.tif", save_all=True, append_images=[two, one], compression="tiff_lzw")
    with Image.open(folder / "cut.tif") as cut:
        cut.seek(1)
        strip = cut.tag_v2[STRIP_OFFSETS][0]
    damaged = bytearray((folder / "cut.tif").read_bytes())
    damaged[strip : strip + 200] = bytes(200)
    (folder / "cut.tif").write_bytes(damaged)
    bomb = one.resize((8, 8))
    bomb.save(folder / "bomb.png")
    png = (folder / "bomb.png").read_bytes()
    header = b"IHDR" + (60_000).to_bytes(4, "big") * 2 + png[24:29]
    crc = zlib.crc32(header).to_bytes(4, "big")
    (folder / "bomb.png").write_bytes(png[:12] + header + crc + png[33:])
    (folder / "cut.jpg").write_bytes((folder / "one.jpg").read_bytes()[:1500])
    (folder / "empty.png").touch()
    (folder / "text.png").write_text("this is no picture\n")
    return folder


def invoke(*arguments):
    return CliRunner().invoke(main, ["batch", *map(str, arguments)])


def test_files_are_read_as_ocr_read_does_and_bad_ones_are_listed(scans, tmp_path):
    result = invoke(scans, "-o", tmp_path, "-j", 1, "-f", "text", "-f", "json")
    assert result.exit_code == 9
    assert "ocr: error: 5 of 7 files could not be read" in result.stderr
    made = outputs(tmp_path)
    names = ("one", "both", "cut.tif")  # and there is a cut.jpg
    assert set(made) == {f"{name}.{end}" for name in names for end in ("txt", "json")}
    assert made["cut.tif.txt"] == made["one.txt"] * 2
    assert made["both.txt"] == made["one.txt"] + b"TWO\n"
    pages = json.loads(made["both.json"])["pages"]
    assert [page["image"] for page in pages] == ["both.tif", "both.tif#2"]

    told = json.loads(invoke("--status", "--json", "-o", tmp_path).stdout)
    assert told["files"] == {"done": 2, "failed": 5, "set aside": 0, "waiting": 0}
    assert told["pages"] == 5
    assert [f["page"] for f in told["failures"]] == [1, 1, 2, 1, 1]
    reasons = {failure["file"]: failure["reason"] for failure in told["failures"]}
    assert list(reasons) == ["bomb.png", "cut.jpg", "cut.tif", "empty.png", "text.png"]
    assert "60000x60000 pixels are more than the limit" in reasons["bomb.png"]
    assert "cut short" in reasons["cut.jpg"]
    assert "empty" in reasons["empty.png"]
    assert "not an image" in reasons["text.png"]
    listed = invoke("--status", "-o", tmp_path).stdout.splitlines()
    assert listed[0] == "2 done, 5 failed, 0 set aside, 0 waiting; 5 pages"
    assert listed[4].startswith("cannot read empty.png: the file is empty")

    again = invoke(scans, "-o", tmp_path, "-j", 1, "-f", "json", "-f", "text")
    assert again.exit_code == 9
    assert "cannot read" not in again.stderr, "it was tried again"


def test_each_page_is_a_file_where_the_format_wants_it(scans, tmp_path):
    command = (scans / "both.tif", scans / "one.jpg", "-o", tmp_path, "-j", 1, "-f", "page")
    assert invoke(*command).exit_code == 0
    assert set(outputs(tmp_path)) == {"both.tif-1.page.xml", "both.tif-2.page.xml", "one.page.xml"}
    assert "2 files, 0 read now" in invoke(*command).stderr
    (tmp_path / "both.tif-2.page.xml").unlink()
    (tmp_path / ".both.tif-2.page.xml.123").write_text("half of a page")
    assert "2 files, 1 read now" in invoke(*command).stderr
    assert set(outputs(tmp_path)) == {"both.tif-1.page.xml", "both.tif-2.page.xml", "one.page.xml"}


def test_files_of_pages_that_are_gone_are_removed_unless_somebody_corrected_them(scans, tmp_path):
    inputs, out = tmp_path / "in", tmp_path / "out"
    inputs.mkdir()
    shutil.copy(scans / "both.tif", inputs / "a.tif")
    command = (inputs, "-o", out, "-j", 1, "-f", "page")
    assert invoke(*command).exit_code == 0
    (out / "a.tif-2.page.xml").write_text("corrected")
    shutil.copy(scans / "one.jpg", inputs / "a.tif")
    assert invoke(*command).exit_code == 0
    assert set(outputs(out)) == {"a.page.xml", "a.tif-2.page.xml"}
    shutil.copy(scans / "text.png", inputs / "a.tif")
    assert invoke(*command).exit_code == 9
    assert outputs(out) == {"a.tif-2.page.xml": b"corrected"}


def test_a_format_that_is_added_writes_its_own_files_alone(scans, tmp_path):
    command = (scans / "one.jpg", "-o", tmp_path, "-j", 1)
    assert invoke(*command).exit_code == 0
    before = (tmp_path / "one.txt").stat()
    assert invoke(*command, "-f", "text", "-f", "json").exit_code == 0
    after = (tmp_path / "one.txt").stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)
    assert set(outputs(tmp_path)) == {"one.txt", "one.json"}
    assert invoke(*command, "-f", "json").exit_code == 0
    assert set(outputs(tmp_path)) == {"one.txt", "one.json"}, "another format was taken away"


@pytest.mark.skipif(os.name == "nt", reason="needs sh")
def test_a_closed_standard_error_keeps_nothing_from_being_read(scans, tmp_path):
    told = 'exec "$0" -m ocr batch one.jpg -o "$1" -j 1 2>&-'
    subprocess.run(["sh", "-c", told, sys.executable, tmp_path], cwd=scans, check=True)
    assert set(outputs(tmp_path)) == {"one.txt"}


def test_the_date_of_outputs_that_have_one_is_among_the_settings(monkeypatch):
    def prints():
        return [Settings((form,), language=None).fingerprint() for form in ("text", "page")]

    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    text, page = prints()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert prints()[0] == text
    assert prints()[1] != page


def test_a_page_set_aside_is_left_out_and_the_next_is_read(scans, tmp_path):
    job = work.Job("both.tif", str(scans / "both.tif"), ("out",), left_out=frozenset({1}))
    at: list[int] = []
    outcome, made = work.Reader(Settings(language=None)).read(job, at.append)
    assert (outcome.pages, outcome.failures, made) == (1, (), {"out": b"TWO\n"})
    assert at == [2, 0]


def test_a_model_that_cannot_be_loaded_ends_the_run_with_its_code(scans, tmp_path):
    (tmp_path / "no.onnx").write_bytes(b"this is no model")
    result = invoke(scans / "one.jpg", "-o", tmp_path / "out", "-m", tmp_path / "no.onnx")
    assert result.exit_code == 4
    assert result.stderr.count("\n") == 2, "one line each: how far it came, and why it ended"


@pytest.mark.parametrize("shard", ["0/4", "5/4", "1", "a/b", "1/0", "-1/4"])
def test_a_shard_that_is_none_is_refused(scans, tmp_path, shard):
    result = invoke(scans, "-o", tmp_path, "--shard", shard)
    assert result.exit_code == 2
    assert "give I/N, such as 3/8" in result.stderr


def test_inputs_are_asked_for(tmp_path):
    result = invoke("-o", tmp_path)
    assert result.exit_code == 2
    assert "name files or folders to read" in result.stderr


@pytest.mark.parametrize(
    ("number", "ends_all"), [(errno.ENOSPC, True), (errno.EROFS, True), (errno.ENAMETOOLONG, False)]
)
def test_what_keeps_every_file_from_being_written_ends_the_run(
    scans, tmp_path, monkeypatch, number, ends_all
):
    def fail(path, content):
        error = OSError(number, os.strerror(number))
        raise OutputError(f"cannot write {path}: {error.strerror}") from error

    monkeypatch.setattr(work, "write_whole", fail)
    job = work.Job("one.jpg", str(scans / "one.jpg"), (str(tmp_path / "one.txt"),))
    reader = work.Reader(Settings(language=None))
    if ends_all:
        with pytest.raises(OutputError, match="then repeat the command"):
            reader(job, lambda page: None)
    else:
        (failure,) = reader(job, lambda page: None).failures
        assert "cannot write" in failure.reason


def test_a_mistake_of_ours_is_told_as_a_failure_of_its_file(scans, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise ZeroDivisionError("a mistake")

    reader = work.Reader(Settings(language=None))
    monkeypatch.setattr("ocr.pipeline.read", fail)
    job = work.Job("one.jpg", str(scans / "one.jpg"), (str(tmp_path / "one.txt"),))
    (failure,) = reader(job, lambda page: None).failures
    assert failure.reason == "ZeroDivisionError: a mistake (please report this)"
    assert not (tmp_path / "one.txt").exists()


def test_pages_that_are_named_are_read_alone(scans, tmp_path):
    arguments = (scans / "both.tif", "-o", tmp_path, "-j", 1)
    assert invoke(*arguments, "--pages", "2-").exit_code == 0
    assert outputs(tmp_path) == {"both.txt": b"TWO\n"}
    assert invoke(*arguments, "--pages", "2-3").exit_code == 9
    assert (
        "page 3 of both.tif: there is no such page (it has 2)"
        in invoke("--status", "-o", tmp_path).stdout
    )
    assert outputs(tmp_path) == {"both.txt": b"TWO\n"}
    assert invoke(scans / "one.jpg", "-o", tmp_path / "one", "--pages", "2").exit_code == 0
    assert invoke(*arguments).exit_code == 0
    assert outputs(tmp_path)["both.txt"].endswith(b"TWO\n") is True
    assert len(outputs(tmp_path)["both.txt"].splitlines()) == 2


def test_limit_of_pixels_is_that_of_ocr_read(scans, tmp_path):
    assert invoke(scans / "one.jpg", "-o", tmp_path, "--max-pixels", "1k").exit_code == 9
    assert "--max-pixels" in invoke("--status", "-o", tmp_path).stdout


def test_a_format_that_cannot_be_written_is_a_failure_of_its_file(scans, tmp_path, monkeypatch):
    def fail(*_):
        raise ZeroDivisionError("a mistake")

    monkeypatch.setattr("ocr.export.Documents.finish", fail)
    job = work.Job("one.jpg", str(scans / "one.jpg"), (str(tmp_path / "one.txt"),))
    (failure,) = work.Reader(Settings(language=None))(job, lambda page: None).failures
    assert failure.reason == "ZeroDivisionError: a mistake (please report this)"


@pytest.mark.parametrize("form", ["text", "json", "page"])
def test_a_file_all_of_whose_pages_are_left_out_has_no_outputs(scans, form):
    job = work.Job("one.jpg", str(scans / "one.jpg"), ("out",), left_out=frozenset({1}))
    reader = work.Reader(Settings((form,), language=None))
    outcome, made = reader.read(job, lambda page: None)
    assert (outcome.pages, outcome.failures, made) == (0, (), {})


def test_a_limit_that_is_lifted_makes_no_outputs_again(scans, tmp_path):
    command = (scans / "one.jpg", "-o", tmp_path, "-j", 1, "--max-pixels")
    assert invoke(*command, "1k").exit_code == 9
    assert invoke(*command, "1M", "--retry-failed").exit_code == 0
    assert "1 file, 0 read now" in invoke(*command, "2M").stderr
