from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from ocr import classifiers, pipeline
from ocr.cli import commands
from ocr.errors import DataError, ModelError, OutputError
from ocr.page import Box, Glyph, Line, Page, Word
from ocr.segment import SegmentedPage
from ocr.threads import THREAD_VARIABLES
from tests.page_maker import handprint_page

Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    """Run ocr with arguments; output is stdout, stderr apart."""

    def invoke(*args: object, stdin: bytes = b"") -> Result:
        return CliRunner().invoke(commands.main, [str(arg) for arg in args], input=stdin)

    return invoke


@pytest.fixture
def picture(tmp_path: Path) -> Callable[[int], Path]:
    """Write a white picture of some width."""

    def write(width: int) -> Path:
        path = tmp_path / f"{width}.png"
        Image.new("L", (width, 9), 255).save(path)
        return path

    return write


@pytest.mark.parametrize("option", ["-o", "--overlay"])
def test_image_is_not_overwritten_by_what_was_read(
    picture: Callable[[int], Path], option: str
) -> None:
    path = picture(5)
    before = path.read_bytes()
    result = CliRunner().invoke(commands.main, ["read", str(path), "-f", "text", option, str(path)])
    assert (result.exit_code, path.read_bytes()) == (OutputError.exit_code, before)
    assert "the image itself" in result.stderr


@pytest.mark.parametrize("name", commands.COMMANDS)
def test_every_command_of_the_table_has_its_help(run: Run, name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0
    assert f"Usage: main {name}" in result.stdout


def test_help_lists_the_commands_in_order_of_use(run: Run) -> None:
    listed = [
        line.split()[0]
        for line in run("--help").stdout.split("Commands:")[1].splitlines()
        if line.strip()
    ]
    assert listed == list(commands.COMMANDS)


def test_wrong_command_line_exits_with_2(run: Run) -> None:
    assert run("raed").exit_code == 2
    assert run("read").exit_code == 2
    assert run("read", "--format", "yaml", "a.png").exit_code == 2


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch, run: Run) -> Callable[[BaseException], Result]:
    """Run a command that ends in an exception."""

    def fail(error: BaseException) -> Result:
        def glob(self: Path, pattern: str) -> list[Path]:
            raise error

        monkeypatch.setattr(Path, "glob", glob)
        return run("models")

    return fail


def test_our_errors_are_one_line_and_their_exit_code(failing: Callable[..., Result]) -> None:
    result = failing(DataError("cannot use x.npz: it is empty"))
    assert result.exit_code == 5
    assert (result.stdout, result.stderr) == ("", "ocr: error: cannot use x.npz: it is empty\n")


def test_ctrl_c_exits_with_130(failing: Callable[..., Result]) -> None:
    result = failing(KeyboardInterrupt())
    assert result.exit_code == 130
    assert "Traceback" not in result.stderr


def test_errors_of_the_system_are_one_line(failing: Callable[..., Result]) -> None:
    result = failing(OSError(28, "No space left on device", "out.npz"))
    assert result.exit_code == 6
    assert result.stderr == "ocr: error: cannot write out.npz: no space left on device\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_full_disk_behind_stdout_is_one_line() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "ocr", "models"], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 6
    assert done.stderr == "ocr: error: cannot write the output: no space left on device\n"


@pytest.mark.skipif(sys.platform == "win32", reason="pipes differ there")
@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")
@pytest.mark.parametrize("arguments", ["models", "--help"])
def test_closed_stdout_is_one_line(arguments: str) -> None:
    code = f"{sys.executable} -c 'from ocr.cli.main import run; run()' {arguments} >&-"
    done = subprocess.run(["sh", "-c", code], capture_output=True, text=True)
    assert done.returncode == OutputError.exit_code
    assert done.stderr == "ocr: error: cannot write the output: bad file descriptor\n"


def test_closed_pipe_is_no_complaint() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "ocr", "models"], stdout=writing, stderr=subprocess.PIPE, text=True
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.usefixtures("fake_reading")
def test_texts_follow_one_another(run: Run, picture: Callable[[int], Path]) -> None:
    result = run("read", "-q", picture(12), picture(34))
    assert (result.exit_code, result.stdout, result.stderr) == (0, "12\n34\n", "")


@pytest.mark.usefixtures("fake_reading")
def test_each_text_of_several_images_has_a_header_as_of_head(
    run: Run, picture: Callable[[int], Path]
) -> None:
    one, two = picture(12), picture(34)
    both = f"==> {one} <==\n12\n\n==> {two} <==\n34\n"
    assert run("read", one, two).stdout == both
    assert run("read", one, two, "-o", "-").stdout == both
    assert run("read", one).stdout == "12\n"
    assert run("read", "-v", one).stdout == f"==> {one} <==\n12\n"
    assert run("read", "--no-headers", one, two).stdout == "12\n34\n"


@pytest.mark.usefixtures("fake_reading")
def test_standard_input_has_a_header_too(run: Run, picture: Callable[[int], Path]) -> None:
    result = run("read", "-", "-v", stdin=picture(56).read_bytes())
    assert result.stdout == "==> standard input <==\n56\n"


@pytest.mark.usefixtures("fake_reading")
@pytest.mark.parametrize("folder", ["texts/", "made", "texts"])
def test_images_of_a_folder_get_a_file_each(
    run: Run, picture: Callable[[int], Path], tmp_path: Path, folder: str
) -> None:
    picture(12)
    picture(34)
    (tmp_path / "made").mkdir()
    result = run("read", tmp_path, "-o", f"{tmp_path}/{folder}")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
    written = {path.name: path.read_text() for path in (tmp_path / folder).iterdir()}
    assert written == {"12.txt": "12\n", "34.txt": "34\n"}


@pytest.mark.usefixtures("fake_reading")
def test_every_format_and_page_of_an_image_goes_to_its_own_file(
    run: Run, picture: Callable[[int], Path], tmp_path: Path
) -> None:
    frames = [Image.new("L", (width, 9), 255) for width in (11, 13)]
    frames[0].save(tmp_path / "scan.tif", save_all=True, append_images=frames[1:])
    images = [tmp_path / "scan.tif", picture(12).rename(tmp_path / "scan-1.png")]
    folder = f"{tmp_path / 'out'}/"
    assert run("read", *images, "-f", "text", "-f", "page", "-o", folder).exit_code == 0
    assert sorted(path.name for path in Path(folder).iterdir()) == [
        "scan-1.page.xml",
        "scan-1.png.page.xml",
        "scan-1.txt",
        "scan-2.page.xml",
        "scan.txt",
    ]
    assert Path(folder, "scan.txt").read_text() == "11\n13\n"


@pytest.mark.usefixtures("fake_reading")
def test_images_of_one_name_do_not_overwrite_each_other(
    run: Run, picture: Callable[[int], Path], tmp_path: Path
) -> None:
    (tmp_path / "x").mkdir()
    images = [
        picture(1).rename(tmp_path / "a.png"),
        picture(2).rename(tmp_path / "a.bmp"),
        picture(3).rename(tmp_path / "x" / "a.png"),
    ]
    assert run("read", *images, "-o", f"{tmp_path}/out/").exit_code == 0
    written = {path.name: path.read_text() for path in (tmp_path / "out").iterdir()}
    assert written == {"a.png.txt": "1\n", "a.bmp.txt": "2\n", "a.png-2.txt": "3\n"}


@pytest.mark.usefixtures("fake_reading")
def test_a_file_that_is_named_twice_is_written_once(
    run: Run, picture: Callable[[int], Path], tmp_path: Path
) -> None:
    image = picture(11)
    assert run("read", image, image, "-o", f"{tmp_path / 'out'}/").exit_code == 0
    assert (tmp_path / "out" / f"{image.stem}.txt").read_text() == "11\n"


def test_document_in_a_folder_overwrites_no_image(run: Run, tmp_path: Path) -> None:
    for name, form in (("a.json", "PNG"), ("b.png", "PNG")):
        Image.new("L", (5, 9), 255).save(tmp_path / name, form)
    images = [tmp_path / "a.json", tmp_path / "b.png"]
    before = images[0].read_bytes()
    result = run("read", *images, "-f", "json", "-o", tmp_path)
    assert (result.exit_code, images[0].read_bytes()) == (6, before)


def test_folder_goes_with_no_other_output(run: Run) -> None:
    result = run("read", "a.png", "-o", "texts/", "-o", "a.json")
    assert (result.exit_code, "texts/ is a folder" in result.stderr) == (2, True)


@pytest.mark.usefixtures("fake_reading")
def test_images_of_a_folder_may_go_to_one_file(
    run: Run, picture: Callable[[int], Path], tmp_path: Path
) -> None:
    picture(12)
    picture(34)
    assert run("read", tmp_path, "-o", tmp_path / "all.txt").exit_code == 0
    assert (tmp_path / "all.txt").read_text() == "12\n34\n"


@pytest.mark.usefixtures("fake_reading")
def test_bad_image_does_not_stop_the_others(
    run: Run, picture: Callable[[int], Path], tmp_path: Path
) -> None:
    (tmp_path / "note.png").write_text("no picture")
    result = run("read", "-q", tmp_path / "note.png", picture(12), tmp_path / "none.png")
    assert (result.exit_code, result.stdout) == (3, "12\n")
    assert [line.split(": ")[3] for line in result.stderr.splitlines()] == [
        "not an image that can be read (convert it to PNG or JPEG)",
        "no such file",
    ]


@pytest.mark.usefixtures("fake_reading")
def test_dash_reads_standard_input(run: Run, picture: Callable[[int], Path]) -> None:
    assert run("read", "-", stdin=picture(56).read_bytes()).stdout == "56\n"


@pytest.mark.usefixtures("fake_reading")
def test_json_names_each_image(run: Run, picture: Callable[[int], Path]) -> None:
    answer = json.loads(run("read", "-f", "json", picture(12), picture(34)).stdout)
    assert answer["version"] == 3
    assert [Path(page["image"]).name for page in answer["pages"]] == ["12.png", "34.png"]
    assert answer["pages"][0]["text"] == "12\n"


@pytest.mark.usefixtures("fake_reading")
@pytest.mark.skipif(sys.platform != "linux", reason="names are proper text elsewhere")
def test_json_holds_names_that_are_no_text(run: Run, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.png")
    Image.new("L", (12, 9), 255).save(path)
    assert run("read", "-f", "json", path, "-o", tmp_path / "a.json").exit_code == 0
    [page] = json.loads((tmp_path / "a.json").read_text())["pages"]
    assert page["image"] == str(path)


@pytest.mark.usefixtures("fake_reading")
def test_pipes_get_utf_8_whatever_the_encoding_of_the_system(
    picture: Callable[[int], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(page: SegmentedPage, classifier: object, *, language: object, **_: object) -> Page:
        return Page(9, 9, (Line((Word((Glyph(Box(0, 0, 1, 1), "Ω", 0.9),)),)),))

    monkeypatch.setattr(pipeline, "read_segmented", read)
    result = CliRunner(charset="cp1252").invoke(commands.main, ["read", str(picture(12))])
    assert (result.exit_code, result.stdout_bytes) == (0, "Ω\n".encode())


@pytest.mark.usefixtures("fake_reading")
def test_output_file_replaces_the_old_one_whole(
    run: Run, picture: Callable[[int], Path], tmp_path: Path
) -> None:
    target = tmp_path / "out.txt"
    target.write_text("old")
    result = run("read", picture(12), "-o", target)
    assert (result.stdout, target.read_text()) == ("", "12\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["12.png", "out.txt"]


@pytest.mark.usefixtures("fake_reading")
def test_output_into_a_missing_folder_is_told(
    run: Run, picture: Callable[[int], Path], tmp_path: Path
) -> None:
    result = run("read", picture(12), "-o", tmp_path / "none" / "out.txt")
    assert result.exit_code == 6
    assert "out.txt: no such file or directory" in result.stderr


@pytest.mark.usefixtures("fake_reading")
def test_overlays_of_several_pages_are_numbered(
    run: Run, picture: Callable[[int], Path], tmp_path: Path
) -> None:
    assert run("read", picture(12), "--overlay", tmp_path / "one.png").exit_code == 0
    assert run("read", picture(12), picture(34), "--overlay", tmp_path / "o.png").exit_code == 0
    drawn = {path.name for path in tmp_path.glob("o*.png")}
    assert drawn == {"one.png", "o-1.png", "o-2.png"}
    with Image.open(tmp_path / "o-2.png") as overlay:
        assert overlay.width / overlay.height == pytest.approx(34 / 9)


@pytest.mark.usefixtures("fake_reading")
def test_overlay_may_be_svg(run: Run, picture: Callable[[int], Path], tmp_path: Path) -> None:
    assert run("read", picture(12), picture(34), "--overlay", tmp_path / "o.svg").exit_code == 0
    heads = [(tmp_path / f"o-{n}.svg").read_bytes()[:5] for n in (1, 2)]
    assert heads == [b"<?xml"] * 2


def test_unknown_model_is_told_once(run: Run, picture: Callable[[int], Path]) -> None:
    result = run("read", "--model", "nosuch", picture(12), picture(34))
    assert result.exit_code == ModelError.exit_code
    assert result.stderr.count("ocr: error: no model nosuch") == 1


def test_segment_writes_an_overlay_the_rows_and_each_crop(run: Run, tmp_path: Path) -> None:
    handprint_page(["HAT", "OX"], seed=0).save(tmp_path / "note.png")
    result = run("segment", tmp_path / "note.png", "-o", tmp_path / "out")
    assert (result.exit_code, result.stdout) == (0, "")
    written = {str(path.relative_to(tmp_path / "out")) for path in tmp_path.glob("out/**/*.png")}
    crops = {name for name in written if "/" in name}
    assert written - crops == {"overlay.png", "row-01.png", "row-02.png"}
    assert f"2 rows, {len(crops)} crops in" in result.stderr


def test_segment_keeps_away_from_a_folder_in_use(run: Run, picture: Callable[[int], Path]) -> None:
    path = picture(12)
    result = run("segment", path, "-o", path.parent)
    assert result.exit_code == 6
    assert "the folder is not empty (name another)" in result.stderr


def test_segment_of_a_blank_page_finds_nothing(run: Run, picture: Callable[[int], Path]) -> None:
    path = picture(12)
    result = run("segment", path, "-o", path.parent / "out")
    assert (result.exit_code, "0 rows, 0 crops" in result.stderr) == (0, True)


def test_models_says_what_each_accuracy_was_measured_on(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = {"architecture": "cnn", "alphabet": "0123456789"}
    cards = {
        "best": {**card, "valid_accuracy": 0.987, "reject": True},
        "default": {**card, "valid_accuracy": 0.68, "valid_data": "unipen@test"},
        "unmeasured": card,
    }
    for name in (*cards, "english.ngrams"):
        (tmp_path / f"{name}.npz").write_bytes(bytes(1_200_000))
    (tmp_path / "README.md").touch()
    monkeypatch.setattr("ocr.models_dir.models_dir", lambda: tmp_path)
    monkeypatch.setattr("ocr.cli.models.describe", lambda path: cards[path.stem])
    result = run("models")
    assert [" ".join(row.split()) for row in result.stdout.splitlines()[1:]] == [
        "default * 1.2 MB cnn 10: digits 68.0% unipen@test",
        "best 1.2 MB cnn 10: digits 98.7% held-out letters and wrong cuts",
        "unmeasured 1.2 MB cnn 10: digits - -",
    ]
    assert "* is the default of --model" in result.stderr


@pytest.mark.usefixtures("fake_reading")
def test_unsure_letters_are_printed_as_rejected(run: Run, picture: Callable[[int], Path]) -> None:
    assert (
        run("read", "--reject", 0.95, picture(12)).stdout == "\N{REPLACEMENT CHARACTER}" * 2 + "\n"
    )
    assert run("read", "--reject", 0.5, picture(12)).stdout == "12\n"


def test_threads_are_bound(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in THREAD_VARIABLES:
        monkeypatch.setenv(name, "7")
    given = {}

    def load(name: str, **options: object) -> NoReturn:
        given.update(options)
        raise ModelError("no model")

    monkeypatch.setattr(classifiers, "load", load)
    run("read", "--threads", 1, "x.png")
    assert given["threads"] == 1
    assert {os.environ[name] for name in THREAD_VARIABLES} == {"1"}
    run("read", "--threads", 999_999, "x.png")
    assert {os.environ[name] for name in THREAD_VARIABLES} == {str(os.cpu_count())}


def test_model_gets_no_more_threads_than_there_are_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    given = []
    monkeypatch.setattr(
        "ocr.classifiers.onnx.OnnxClassifier", lambda path, threads: given.append(threads)
    )
    classifiers.load("default", threads=999_999)
    classifiers.load("default", threads=1)
    classifiers.load("default")
    assert given == [os.cpu_count(), 1, None]


def test_language_that_is_no_file_is_told(run: Run, tmp_path: Path) -> None:
    result = run("read", "--language", tmp_path / "none.npz", "x.png")
    assert result.exit_code == ModelError.exit_code
    assert result.stderr.startswith(f"ocr: error: no language model {tmp_path / 'none.npz'}")


@pytest.mark.usefixtures("fake_reading")
def test_several_formats_are_written_at_once(
    run: Run, picture: Callable[[int], Path], tmp_path: Path
) -> None:
    result = run("read", picture(12), "-f", "text", "-f", "json", "-o", tmp_path / "page")
    assert (result.exit_code, result.stdout) == (0, "")
    assert (tmp_path / "page.txt").read_text() == "12\n"
    assert json.loads((tmp_path / "page.json").read_text())["pages"][0]["text"] == "12\n"


@pytest.mark.usefixtures("fake_reading")
def test_endings_tell_the_formats(run: Run, picture: Callable[[int], Path], tmp_path: Path) -> None:
    first, second = tmp_path / "a.json", tmp_path / "b"
    assert run("read", picture(12), "-o", first, "-o", second).exit_code == 0
    assert json.loads(first.read_text())["version"] == 3
    assert second.read_text() == "12\n"


@pytest.mark.parametrize("name", ["x.xls", "x.html", "x.svg", "x.docx", "x.md"])
def test_ending_of_no_format_is_a_wrong_command_line(run: Run, name: str) -> None:
    result = run("read", "a.png", "-o", name)
    assert result.exit_code == 2
    assert f"{name} has no ending of a format: name it .txt .json" in " ".join(
        result.stderr.split()
    )


@pytest.mark.usefixtures("fake_reading")
@pytest.mark.parametrize("more", [(), ("-f", "text")])
def test_dash_is_standard_output(
    run: Run,
    picture: Callable[[int], Path],
    more: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("read", picture(12), "-o", "-", *more).stdout == "12\n"
    assert not Path("-").exists()


@pytest.mark.usefixtures("fake_reading")
def test_text_goes_to_standard_output_beside_a_file(
    run: Run, picture: Callable[[int], Path], tmp_path: Path
) -> None:
    other = tmp_path / "a.json"
    assert run("read", picture(12), "-o", "-", "-o", other).stdout == "12\n"
    assert json.loads(other.read_text("utf-8"))["pages"][0]["width"] == 12


def test_overlay_of_another_kind_of_picture_is_refused(run: Run) -> None:
    result = run("read", "a.png", "--overlay", "x.jpg")
    assert result.exit_code == 2
    assert "x.jpg is neither PNG nor SVG" in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    "more",
    [
        ("-f", "json", "-f", "text"),
        ("-f", "json", "-o", "a", "-o", "b"),
        ("-f", "json", "-f", "text", "-o", "-"),
        ("-o", "-", "-o", "-"),
    ],
)
def test_formats_and_files_that_do_not_fit_are_refused(run: Run, more: tuple[str, ...]) -> None:
    result = run("read", "a.png", *more)
    assert result.exit_code == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_help_that_cannot_be_written_is_one_line() -> None:
    code = "from ocr.cli.main import run; run()"
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", code, "--help"], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 6
    assert done.stderr == "ocr: error: cannot write the output: no space left on device\n"


@pytest.mark.usefixtures("fake_reading")
def test_numbered_overlay_overwrites_no_image(
    run: Run, picture: Callable[[int], Path], tmp_path: Path
) -> None:
    images = [picture(1).rename(tmp_path / "a-1.png"), picture(2).rename(tmp_path / "a-2.png")]
    before = [image.read_bytes() for image in images]
    result = run("read", *images, "--overlay", tmp_path / "a.png")
    assert result.exit_code == 6
    assert "a-1.png: it is an image that is read" in result.stderr
    assert [image.read_bytes() for image in images] == before


def test_two_outputs_to_one_file_are_refused(run: Run, picture: Callable[[int], Path]) -> None:
    assert (
        run("read", picture(9), "-f", "text", "-o", "a.png", "--overlay", "./a.png").exit_code == 6
    )
