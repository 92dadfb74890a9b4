"""The IMAGE arguments of `ocr read`, and their options."""

from __future__ import annotations

import io
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from ocr.cli import commands
from ocr.cli.read import iterate_ahead
from ocr.errors import FetchError, ImageError, MissingExtraError
from ocr.input.loading import load
from tests.file_server import serving
from tests.pdf_maker import CAPTION, PdfPage, pdf

pytestmark = pytest.mark.usefixtures("fake_reading")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*args: str, stdin: bytes = b"") -> Result:
    return CliRunner().invoke(commands.main, args, input=stdin)


def write(path: str, *widths: int) -> None:
    """Write a white picture of such widths, one a page."""
    first, *others = [Image.new("L", (width, 9), 255) for width in widths]
    Path(path).parent.mkdir(exist_ok=True)
    first.save(path, **({"save_all": True, "append_images": others} if others else {}))


def points(*widths: int) -> bytes:
    """PDF of pages so many pixels wide, at the 300 dpi of their boxes."""
    return pdf(*(PdfPage(size=(width * 72 / 300, 50)) for width in widths))


def needs_pdf() -> None:
    pytest.importorskip("pypdfium2", reason="needs the extra pdf")


@pytest.mark.usefixtures("here")
def test_pages_are_selected_in_every_file() -> None:
    write("a.tif", 11, 12, 13)
    write("b.tif", 21, 22, 23, 24)
    assert run("read", "-q", "a.tif", "b.tif", "--pages", "1,3-").stdout == "11\n13\n21\n23\n24\n"


@pytest.mark.usefixtures("here")
def test_missing_pages_are_reported_after_the_existing_ones() -> None:
    write("a.tif", 11, 12)
    write("b.tif", 21, 22, 23)
    result = run("read", "-q", "a.tif", "b.tif", "--pages", "2-3")
    assert (result.exit_code, result.stdout) == (ImageError.exit_code, "12\n22\n23\n")
    assert result.stderr.startswith("ocr: error: cannot read a.tif: there is no page 3 (it has 2")
    assert result.stderr.count("\n") == 1


@pytest.mark.usefixtures("here")
def test_images_and_some_pages_of_a_book_are_read_together() -> None:
    write("scans/a.png", 11)
    write("scans/b.tif", 12)
    write("book.tif", 21, 22, 23)
    result = run("read", "-q", "scans", "book.tif", "--pages", "2,3-")
    assert (result.exit_code, result.stdout) == (0, "11\n12\n22\n23\n")


def test_pages_of_standard_input_are_selected_as_those_of_a_file() -> None:
    file = io.BytesIO()
    frames = [Image.new("L", (width, 9), 255) for width in (11, 12)]
    frames[0].save(file, "TIFF", save_all=True, append_images=frames[1:])
    result = run("read", "-", "--pages", "2-3", stdin=file.getvalue())
    assert (result.exit_code, result.stdout) == (ImageError.exit_code, "12\n")
    assert result.stderr.startswith("ocr: error: cannot read <stdin>: there is no page 3")
    assert run("read", "-", "--pages", "2", stdin=b"text").stderr.startswith(
        "ocr: error: cannot read <stdin>: not an image"
    )


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [
        ("--pages", "3-1", "3-1 goes backwards (write 1-3)"),
        ("--pages", "one", "'one' is neither a page"),
        ("--max-pixels", "many", "'many' is not a number of pixels (write 400M, or 400000000)"),
        ("--max-pixels", "0", "'0' is not a number of pixels"),
    ],
)
def test_invalid_value_is_a_wrong_command_line(option: str, value: str, reason: str) -> None:
    result = run("read", "a.png", option, value)
    assert result.exit_code == 2
    assert reason in " ".join(result.stderr.split())


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("limit", ["90", "0.1k", "1K", "1m"])
def test_limit_of_pixels_is_an_option(limit: str) -> None:
    write("a.png", 11)
    result = run("read", "a.png", "--max-pixels", limit)
    expected = {"90": 3, "0.1k": 2}.get(limit, 0)
    assert result.exit_code == expected


@pytest.mark.usefixtures("here")
def test_folders_and_patterns_are_read_in_natural_order() -> None:
    for width in (9, 10, 100):
        write(f"scans/p{width}.png", width)
    write("other.tif", 7)
    assert run("read", "-q", "scans", "o*.tif").stdout == "9\n10\n100\n7\n"


@pytest.mark.usefixtures("here")
def test_empty_folder_is_an_error_before_anything_is_read() -> None:
    write("a.png", 11)
    Path("empty").mkdir()
    result = run("read", "a.png", "empty")
    assert (result.exit_code, result.stdout) == (ImageError.exit_code, "")
    assert result.stderr.startswith(
        "ocr: error: cannot read empty: there are no images in this folder"
    )


@pytest.mark.usefixtures("here")
def test_image_of_a_folder_is_not_overwritten() -> None:
    write("scans/a.png", 11)
    before = Path("scans/a.png").read_bytes()
    result = run("read", "scans", "-f", "text", "-o", "scans/a.png")
    assert (result.exit_code, Path("scans/a.png").read_bytes()) == (6, before)


@pytest.mark.usefixtures("here")
def test_pages_of_a_pdf_are_named_and_numbered() -> None:
    needs_pdf()
    Path("a.pdf").write_bytes(points(110, 120, 130))
    answer = json.loads(run("read", "a.pdf", "--pages", "1,3", "-f", "json").stdout)
    assert [(page["image"], page["width"]) for page in answer["pages"]] == [
        ("a.pdf", 110),
        ("a.pdf#3", 130),
    ]


def test_pdf_on_standard_input_is_read() -> None:
    needs_pdf()
    assert run("read", "-", "--pages", "2", stdin=points(110, 120)).stdout == "120\n"


@pytest.mark.usefixtures("here")
def test_pages_of_a_pdf_are_drawn_one_overlay_each() -> None:
    needs_pdf()
    Path("a.pdf").write_bytes(points(110, 120))
    assert run("read", "a.pdf", "--overlay", "o.png").exit_code == 0
    assert run("read", "a.pdf", "--pages", "2", "--overlay", "only.png").exit_code == 0
    sizes = [load(name)[0].size[0] for name in ("o-1.png", "o-2.png", "only.png")]
    assert [12 * sizes[0], 11 * sizes[2]] == [
        11 * sizes[1],
        11 * sizes[1],
    ]  # small ones are enlarged


@pytest.mark.usefixtures("here")
def test_segment_gives_each_page_of_a_pdf_its_folder() -> None:
    needs_pdf()
    Path("a.pdf").write_bytes(pdf(PdfPage(CAPTION.format(mode=0)), PdfPage()))
    result = run("segment", "a.pdf", "-o", "seen")
    crops = len(list(Path("seen", "page-01", "row-01").iterdir()))
    assert result.stderr.splitlines() == [
        f"a.pdf: 1 rows, {crops} crops in {Path('seen', 'page-01')}",
        f"a.pdf#2: 0 rows, 0 crops in {Path('seen', 'page-02')}",
    ]


@pytest.mark.usefixtures("here")
def test_missing_extra_has_its_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    write("a.png", 11)
    Path("a.pdf").write_bytes(points(110))
    result = run("read", "-q", "a.pdf", "a.png")
    assert (result.exit_code, result.stdout) == (MissingExtraError.exit_code, "11\n")
    assert result.stderr == (
        "ocr: error: reading a.pdf, a PDF, needs an extra: pip install 'ocr[pdf]'\n"
    )


def test_address_is_fetched_only_if_asked_for() -> None:
    file = io.BytesIO()
    Image.new("L", (33, 9), 255).save(file, "PNG")
    with serving(**{"a.png": file.getvalue()}) as server:
        url = f"{server.url}/a.png"
        refused = run("read", url)
        assert (refused.exit_code, server.asked) == (FetchError.exit_code, [])
        assert "(give --allow-urls to fetch it)" in refused.stderr
        assert run("read", url, "--allow-urls").stdout == "33\n"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.usefixtures("fake_reading")
def test_pipe_is_read_by_its_name(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    writing = Thread(target=lambda: (tmp_path / "pipe").write_bytes(b"P5 7 1 255\n1234567"))
    writing.start()
    assert run("read", str(tmp_path / "pipe"), "--pages", "1").stdout == "7\n"
    writing.join()


def test_only_the_next_item_is_fetched_ahead() -> None:
    fetched: list[int] = []
    with ThreadPoolExecutor() as background:
        items = iterate_ahead((fetched.append(n) or n for n in range(1, 6)), background)
        for item in items:
            background.submit(int).result()
            time.sleep(0.05)  # long enough to fetch any number of items
            assert item in fetched
            assert len(fetched) <= item + 1
    assert fetched == [1, 2, 3, 4, 5]
