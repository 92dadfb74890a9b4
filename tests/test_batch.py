"""Tests of `ocr.batch` with a reader that needs no model."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest

from ocr.batch import manifest
from ocr.batch.lock import locked, manifests
from ocr.batch.pool import read_all
from ocr.batch.run import run
from ocr.batch.settings import Settings
from ocr.batch.status import status
from ocr.batch.work import Job
from ocr.errors import ModelError, OcrError, OutputError
from tests.batch_fakes import SETTINGS, engine, outputs


@pytest.fixture
def scans(tmp_path):
    """Six files in two folders, of which two are called alike."""
    folder = tmp_path / "scans"
    for name in ("a.png", "b.png", "sub/a.png", "sub/c.png", "sub/d.png", "sub/e.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"this is {name}\n")
    return folder


def batch(scans, out, settings=SETTINGS, *, shard=(1, 1), retry_failed=False, **options):
    return run(
        [str(scans)],
        out,
        settings,
        engine(**options),
        shard=shard,
        retry_failed=retry_failed,
        is_quiet=True,
    )


def read_again(scans, out, settings=SETTINGS, **options):
    """Names of the files that another run reads."""
    log = out.parent / "log"
    log.write_text("")
    batch(scans, out, settings, log=log, **options)
    return sorted(log.read_text().split())


def test_the_outputs_are_a_tree_as_the_inputs_are(scans, tmp_path):
    summary = batch(scans, tmp_path / "out")
    assert (summary.files, summary.read, summary.failed) == (6, 6, 0)
    assert outputs(tmp_path / "out")["sub/a.txt"] == b"sub/a.png 1: this is sub/a.png\n"
    assert len(outputs(tmp_path / "out")) == 6


def test_what_is_done_is_not_read_again(scans, tmp_path):
    batch(scans, tmp_path / "out")
    assert read_again(scans, tmp_path / "out") == []


def test_an_output_that_was_deleted_is_made_again(scans, tmp_path):
    batch(scans, tmp_path / "out")
    (tmp_path / "out/sub/c.txt").unlink()
    assert read_again(scans, tmp_path / "out") == ["sub/c.png"]


def test_an_input_that_was_changed_is_read_again(scans, tmp_path):
    batch(scans, tmp_path / "out")
    (scans / "b.png").write_text("another\n")
    assert read_again(scans, tmp_path / "out") == ["b.png"]
    assert outputs(tmp_path / "out")["b.txt"] == b"b.png 1: another\n"


def test_an_input_of_the_same_bytes_is_not_read_again(scans, tmp_path):
    batch(scans, tmp_path / "out")
    os.utime(scans / "b.png", ns=(1, 1))
    assert read_again(scans, tmp_path / "out") == []
    assert batch(scans, tmp_path / "out").read == 0, "its new time was not noted"


def test_other_options_make_all_outputs_again(scans, tmp_path):
    batch(scans, tmp_path / "out")
    other = Settings(language=None, reject=0.5)
    assert len(read_again(scans, tmp_path / "out", other)) == 6
    assert len(read_again(scans, tmp_path / "out")) == 6, "whose outputs these are was not noted"


def test_a_run_that_made_other_outputs_and_was_stopped_leaves_nothing_taken_for_done(
    scans, tmp_path
):
    batch(scans, tmp_path / "out")
    (scans / "b.png").write_text("full\n")
    other = Settings(language=None, reject=0.5)
    with pytest.raises(OcrError, match="no space left"):
        batch(scans, tmp_path / "out", other, count=1)
    (scans / "b.png").write_text("this is b.png\n")
    assert len(read_again(scans, tmp_path / "out")) == 6


def test_a_correction_stays_whatever_changes(scans, tmp_path, capsys):
    out = tmp_path / "out"
    batch(scans, out)
    (out / "b.txt").write_text("corrected")
    (scans / "a.png").write_text("another scan")
    (scans / "b.png").write_text("another scan")
    other = Settings(language=None, reject=0.5)
    for settings in other, SETTINGS:
        capsys.readouterr()
        assert len(read_again(scans, out, settings)) == 6
        assert capsys.readouterr().err == (
            f"ocr: kept {out / 'b.txt'}, which was changed since it was written (delete it to "
            "renew it)\n"
        )
    made = outputs(out)
    assert (made["a.txt"], made["b.txt"]) == (b"a.png 1: another scan\n", b"corrected")
    (out / "b.txt").unlink()
    assert read_again(scans, out) == ["b.png"]
    assert outputs(out)["b.txt"] == b"b.png 1: another scan\n"


def test_a_correction_stays_when_a_run_of_other_options_was_stopped(scans, tmp_path):
    batch(scans, tmp_path / "out")
    (tmp_path / "out/b.txt").write_text("corrected")
    (scans / "a.png").write_text("full\n")
    other = Settings(language=None, reject=0.5)
    with pytest.raises(OcrError, match="no space left"):
        batch(scans, tmp_path / "out", other, count=1)
    (scans / "a.png").write_text("another\n")
    batch(scans, tmp_path / "out", other)
    made = outputs(tmp_path / "out")
    assert (made["a.txt"], made["b.txt"]) == (b"a.png 1: another\n", b"corrected")


def test_an_output_that_links_to_an_input_leaves_the_input_as_it_is(scans, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/a.txt").symlink_to(scans / "a.png")
    batch(scans, tmp_path / "out")
    assert (scans / "a.png").read_text() == "this is a.png\n"


def test_outputs_of_a_file_that_cannot_be_read_any_more_are_removed(scans, tmp_path):
    batch(scans, tmp_path / "out")
    (tmp_path / "out/b.txt").write_text("corrected")
    for name in "a.png", "b.png":
        (scans / name).write_text("bad\n")
    batch(scans, tmp_path / "out")
    assert "a.txt" not in outputs(tmp_path / "out")
    assert outputs(tmp_path / "out")["b.txt"] == b"corrected"


def test_an_output_that_has_another_name_now_is_not_left_under_the_old(scans, tmp_path):
    batch(scans, tmp_path / "out")
    (scans / "a.jpg").write_text("another a\n")
    batch(scans, tmp_path / "out")
    made = outputs(tmp_path / "out")
    assert {name for name in made if name.startswith("a")} == {"a.png.txt", "a.jpg.txt"}


def test_other_inputs_do_not_write_over_the_outputs_of_the_first(scans, tmp_path):
    batch(scans, tmp_path / "out")
    others = tmp_path / "others"
    others.mkdir()
    (others / "a.png").write_text("another\n")
    told = re.escape(f"holds the outputs of {scans}, not of {others}")
    for count in 1, 2:
        with pytest.raises(OutputError, match=told):
            for number in range(1, count + 1):  # one of the shards has no file
                batch(others, tmp_path / "out", shard=(number, count))
    assert outputs(tmp_path / "out")["a.txt"] == b"a.png 1: this is a.png\n"


def test_inputs_that_were_moved_are_known_by_a_link_in_their_old_place(scans, tmp_path):
    batch(scans, tmp_path / "out")
    moved = tmp_path / "moved"
    scans.rename(moved)
    with pytest.raises(OutputError, match="if the inputs were moved, link: ln -s"):
        batch(moved, tmp_path / "out")
    scans.symlink_to(moved)
    assert batch(moved, tmp_path / "out").read == 0
    scans.unlink()
    assert batch(moved, tmp_path / "out").read == 0, "the new folder was not noted"


def test_a_full_disk_ends_the_run_and_the_next_goes_on(scans, tmp_path):
    (scans / "sub/d.png").write_text("full\n")
    with pytest.raises(OcrError, match="no space left") as caught:
        batch(scans, tmp_path / "out", count=1)
    assert caught.value.exit_code == OutputError.exit_code
    (scans / "sub/d.png").write_text("space\n")
    assert read_again(scans, tmp_path / "out") == ["sub/d.png", "sub/e.png"]


def test_bad_files_are_listed_and_the_others_are_read(scans, tmp_path):
    (scans / "b.png").write_text("bad\n")
    (scans / "sub/c.png").write_text("fine\nbad\n")
    summary = batch(scans, tmp_path / "out")
    assert summary.failed == 2
    made = outputs(tmp_path / "out")
    assert set(made) == {"a.txt", "sub/a.txt", "sub/c.txt", "sub/d.txt", "sub/e.txt"}
    assert made["sub/c.txt"] == b"sub/c.png 1: fine\n"
    found = status(tmp_path / "out")
    assert found.files == {"done": 4, "failed": 2, "set aside": 0, "waiting": 0}
    assert [(n, f.page, f.reason) for n, (f,) in found.failures.items()] == [
        ("b.png", 1, "it is bad"),
        ("sub/c.png", 2, "it is bad"),
    ]


def test_what_failed_is_read_again_only_when_asked_or_changed(scans, tmp_path):
    (scans / "b.png").write_text("bad\n")
    batch(scans, tmp_path / "out")
    assert batch(scans, tmp_path / "out").failed == 1
    assert batch(scans, tmp_path / "out").read == 0
    assert batch(scans, tmp_path / "out", retry_failed=True).read == 1
    (scans / "b.png").write_text("mended\n")
    assert batch(scans, tmp_path / "out").failed == 0
    assert status(tmp_path / "out").failures == {}


def test_a_page_that_kills_its_worker_is_tried_twice_and_the_rest_goes_on(scans, tmp_path):
    (scans / "b.png").write_text("first\ndie\nthird\n")
    (scans / "sub/c.png").write_text("die\n")
    (scans / "sub/d.png").write_text("die once\n")
    assert batch(scans, tmp_path / "out").failed == 2
    made = outputs(tmp_path / "out")
    assert made["b.txt"] == b"b.png 1: first\nb.png 3: third\n"
    assert made["sub/d.txt"] == b"sub/d.png 1: die once\n"
    assert "sub/c.txt" not in made
    found = status(tmp_path / "out")
    assert found.files == {"done": 4, "failed": 0, "set aside": 2, "waiting": 0}
    (failure,) = found.failures["b.png"]
    assert (failure.page, failure.attempts) == (2, 2)
    assert failure.reason == "its process was killed (out of memory?)"


def test_a_page_that_hangs_is_given_up(scans, tmp_path):
    (scans / "b.png").write_text("first\nhang\n")
    batch(scans, tmp_path / "out", page_timeout=1.5)
    assert outputs(tmp_path / "out")["b.txt"] == b"b.png 1: first\n"
    (failure,) = status(tmp_path / "out").failures["b.png"]
    assert failure.describe("b.png") == (
        "cannot read page 2 of b.png: took longer than 1.5 s, 2 times"
    )
    assert batch(scans, tmp_path / "out").read == 0


def test_pages_that_were_done_in_time_are_not_given_up_when_we_are_held_up(scans, tmp_path):
    log = tmp_path / "log"

    def slow(jobs, on_page):
        for result in engine(log=log, page_timeout=0.5)(jobs, on_page):
            time.sleep(0.6)  # a slow disk
            yield result

    run([str(scans)], tmp_path / "out", SETTINGS, slow, is_quiet=True)
    assert len(log.read_text().split()) == 6, "a page was read twice"


def load_and_die():
    os._exit(7)


def test_workers_that_all_die_end_the_run():
    results = read_all([Job("a.png", "a.png", ())], load_and_die, workers=1)
    with pytest.raises(OcrError, match="a worker ends before it can read: .* exit code 7"):
        list(results)


def test_a_file_that_kills_its_worker_outside_of_pages_loses_none(scans, tmp_path):
    (scans / "b.png").write_text("first\nend once\n")
    assert batch(scans, tmp_path / "out").failed == 0
    (scans / "b.png").write_text("first\nend\n")
    batch(scans, tmp_path / "out")
    (failure,) = status(tmp_path / "out").failures["b.png"]
    assert failure.describe("b.png") == (
        "cannot read b.png: its process was killed (out of memory?), 2 times"
    )


def test_what_a_worker_left_that_was_killed_is_removed(scans, tmp_path):
    def killed(jobs, on_page):
        for job, outcome in engine()(jobs, on_page):
            output = Path(job.outputs[0])
            output.with_name(f".{output.name}.123").touch()
            yield job, outcome

    run([str(scans)], tmp_path / "out", SETTINGS, killed, is_quiet=True)
    assert len(outputs(tmp_path / "out")) == 6


def test_a_model_that_is_not_there_is_told_before_anything_is_made(scans, tmp_path):
    with pytest.raises(ModelError, match="no model nonesuch"):
        batch(scans, tmp_path / "out", Settings(model="nonesuch"))
    assert not (tmp_path / "out").exists()


def test_shards_together_make_what_one_run_makes(scans, tmp_path):
    batch(scans, tmp_path / "whole")
    read = [batch(scans, tmp_path / "out", shard=(i, 3)).read for i in (1, 2, 3)]
    assert sum(read) == 6
    assert outputs(tmp_path / "out") == outputs(tmp_path / "whole")
    assert set(manifests(tmp_path / "out")) == {(1, 3), (2, 3), (3, 3)}
    assert status(tmp_path / "out").files["done"] == 6


def test_a_run_without_shards_goes_on_where_shards_were_stopped(scans, tmp_path):
    (scans / "b.png").write_text("bad\n")
    read = batch(scans, tmp_path / "out", shard=(1, 2)).read
    assert batch(scans, tmp_path / "out").read == 6 - read
    found = status(tmp_path / "out")
    assert found.files == {"done": 5, "failed": 1, "set aside": 0, "waiting": 0}
    assert len(found.failures["b.png"]) == 1
    assert batch(scans, tmp_path / "out", shard=(2, 5)).read == 0


@pytest.mark.parametrize(
    ("first", "second"), [((1, 1), (1, 1)), ((1, 1), (1, 2)), ((2, 4), (1, 1)), ((1, 2), (1, 4))]
)
def test_two_runs_that_could_read_the_same_file_are_refused(scans, tmp_path, first, second):
    (tmp_path / "out").mkdir()
    refused = pytest.raises(OutputError, match="another ocr batch is at work")
    with locked(tmp_path / "out", first), refused:
        batch(scans, tmp_path / "out", shard=second)
    assert outputs(tmp_path / "out") == {}
    batch(scans, tmp_path / "out", shard=second)


def test_shards_of_one_division_run_side_by_side(scans, tmp_path):
    (tmp_path / "out").mkdir()
    with locked(tmp_path / "out", (1, 2)):
        read = batch(scans, tmp_path / "out", shard=(2, 2)).read
    assert 0 < read == len(outputs(tmp_path / "out")) < 6


def test_a_manifest_of_a_shard_killed_at_its_start_is_taken_in_as_empty(scans, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/manifest-1-of-2.sqlite").touch()
    assert batch(scans, tmp_path / "out").read == 6


def test_a_damaged_manifest_of_a_shard_is_told_by_its_name(scans, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/manifest-1-of-2.sqlite").write_bytes(b"no database, but long enough" * 40)
    with pytest.raises(OutputError, match=r"cannot use .*manifest-1-of-2\.sqlite"):
        batch(scans, tmp_path / "out")


def test_what_is_done_is_written_down_while_the_next_file_is_read(scans, tmp_path, monkeypatch):
    seen = []

    def asking(jobs, on_page):
        for job, outcome in engine()(jobs, lambda: None):
            monkeypatch.setattr(manifest, "COMMIT_INTERVAL", 60)
            yield job, outcome
            monkeypatch.setattr(manifest, "COMMIT_INTERVAL", 0)
            on_page()
            seen.append(status(tmp_path / "out").files["done"])

    run([str(scans)], tmp_path / "out", SETTINGS, asking, is_quiet=True)
    assert seen == [1, 2, 3, 4, 5, 6]


def test_a_damaged_manifest_is_told(scans, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/manifest.sqlite").write_bytes(b"not a database, but long enough" * 40)
    with pytest.raises(OutputError, match=r"cannot use .*manifest\.sqlite: file is not a database"):
        batch(scans, tmp_path / "out")


def test_there_is_no_status_of_a_folder_that_no_batch_wrote_to(tmp_path):
    with pytest.raises(OutputError, match="no manifest in"):
        status(tmp_path)


def test_the_status_can_be_asked_while_a_run_is_at_work(scans, tmp_path):
    seen = []

    def asking(jobs, on_page):
        for job, outcome in engine()(jobs, on_page):
            yield job, outcome
            seen.append(status(tmp_path / "out").files)

    run([str(scans)], tmp_path / "out", SETTINGS, asking, is_quiet=True)
    assert all(sum(files.values()) == 6 for files in seen)
    assert seen[0]["waiting"] > 0
