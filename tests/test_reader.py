"""`ocr.read` and `ocr.Reader`: all sources, several threads, models that stay loaded."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import ocr
from ocr import classifiers
from ocr.errors import ImageError, ModelError
from ocr.input.arrays import image_from_array
from ocr.input.loading import load_image
from ocr.models_dir import models_dir

ROOT = Path(__file__).parents[1]
LABEL = ROOT / "samples" / "label.png"
NOTE = ROOT / "samples" / "note.jpg"

needs_model = pytest.mark.skipif(
    not (models_dir() / "default.onnx").exists(), reason="the default model is not trained yet"
)


@pytest.fixture(scope="module")
def reader() -> ocr.Reader:
    return ocr.Reader(threads=1)


def pixels() -> np.ndarray[Any, np.dtype[np.uint8]]:
    with Image.open(LABEL) as picture:
        return np.asarray(picture.convert("RGB"))


def opaque(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.dstack([array, np.full(array.shape[:2], 255, np.uint8)])


SOURCES: dict[str, Callable[[], Any]] = {
    "path": lambda: LABEL,
    "name": lambda: str(LABEL),
    "bytes": LABEL.read_bytes,
    "bytearray": lambda: bytearray(LABEL.read_bytes()),
    "memoryview": lambda: memoryview(LABEL.read_bytes()),
    "file": lambda: BytesIO(LABEL.read_bytes()),
    "RGB": pixels,
    "RGBA": lambda: opaque(pixels()),
    "floats": lambda: pixels() / 255,
    "float32": lambda: (pixels() / 255).astype(np.float32),
    "picture": lambda: Image.open(LABEL),
    "turned view": lambda: pixels()[::-1][::-1],
}


@needs_model
@pytest.mark.parametrize("kind", SOURCES)
def test_the_same_pixels_are_the_same_page(reader: ocr.Reader, kind: str) -> None:
    assert reader.read(SOURCES[kind]()) == reader.read(LABEL)


@needs_model
def test_one_reader_serves_threads_as_it_serves_one(reader: ocr.Reader) -> None:
    sources = [LABEL, NOTE] * 4
    one_by_one = [reader.read(s) for s in sources[:2]] * 4
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(reader.read, sources)) == one_by_one


@needs_model
def test_pages_of_a_file_come_one_at_a_time(reader: ocr.Reader, tmp_path: Path) -> None:
    with Image.open(LABEL) as first:
        blank = Image.new("RGB", (300, 200), "white")
        first.convert("RGB").save(tmp_path / "two.tif", save_all=True, append_images=[blank])
    pages = reader.pages(tmp_path / "two.tif")
    assert next(pages) == reader.read(tmp_path / "two.tif") == reader.read(LABEL)
    assert next(pages) == ocr.Page(300, 200)
    assert next(pages, None) is None


@needs_model
def test_pages_of_a_file_are_selected_and_bounded(reader: ocr.Reader) -> None:
    file = BytesIO()
    frames = [Image.new("L", (width, 9), 255) for width in (11, 12, 13)]
    frames[0].save(file, "TIFF", save_all=True, append_images=frames[1:])
    content = file.getvalue()
    assert [page.width for page in reader.pages(content, select="1,3-")] == [11, 13]
    with pytest.raises(ImageError, match="there is no page 4"):
        list(reader.pages(content, select="3-4"))
    with pytest.raises(ValueError, match="is neither a page"):
        list(reader.pages(content, select="one"))
    with pytest.raises(ImageError, match="more than the limit"):
        list(reader.pages(content, max_pixels=50))


@needs_model
@pytest.mark.parametrize("source", [None, [LABEL], 3], ids=str)
def test_sources_without_an_image_are_errors(reader: ocr.Reader, source: Any) -> None:
    with pytest.raises(ImageError, match=f"^cannot read a {type(source).__name__} .give a path"):
        reader.read(source)


@needs_model
def test_a_page_is_read_before_the_next_is_decoded(reader: ocr.Reader, tmp_path: Path) -> None:
    cut = tmp_path / "cut.tif"
    noise = Image.effect_noise((300, 300), 50)
    Image.new("L", (300, 300), "white").save(cut, save_all=True, append_images=[noise])
    cut.write_bytes(cut.read_bytes()[:-20_000])
    pages = reader.pages(cut)
    assert next(pages) == reader.read(cut) == ocr.Page(300, 300)
    with pytest.raises(ImageError, match="cut short"):
        next(pages)


@needs_model
def test_reader_rejects_letters_of_low_confidence(reader: ocr.Reader) -> None:
    doubtful = ocr.Reader(threads=1, reject=1.0).read(LABEL)
    assert doubtful == reader.read(LABEL).rejecting(1.0) == ocr.read(LABEL, reject=1.0)
    assert "\N{REPLACEMENT CHARACTER}" in doubtful.text


@needs_model
def test_the_model_stays_loaded_until_another_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = []

    def counted(*args: Any, **options: Any) -> classifiers.Classifier:
        loaded.append(options["alphabet"])
        return load(*args, **options)

    load = classifiers.load
    monkeypatch.setattr(classifiers, "load", counted)
    for alphabet in "ABC", "ABC", "DEF", "ABC":
        ocr.read(np.ones((50, 50)), alphabet=alphabet)
    assert loaded == ["ABC", "DEF", "ABC"]


@needs_model
def test_a_rewritten_model_is_loaded_again(tmp_path: Path) -> None:
    model = tmp_path / "mine.onnx"
    model.write_bytes((models_dir() / "default.onnx").read_bytes())
    assert ocr.read(LABEL, model=model).lines
    model.write_bytes(b"no model")
    with pytest.raises(ModelError, match="not an ONNX model"):
        ocr.read(LABEL, model=model)


@needs_model
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # that is the point
def test_a_forked_process_reads_too() -> None:
    ocr.read(LABEL, alphabet="ABC")
    process = os.fork()
    if not process:
        signal.alarm(20)  # seconds: to wait for a thread that is not there takes for ever
        try:  # the model of the parent is in the way of another one
            os._exit(0 if ocr.read(LABEL) else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0


@pytest.mark.parametrize(
    ("array", "complaint"),
    [
        (np.zeros((0, 5), np.uint8), "shape [0, 5]"),
        (np.zeros((5, 5, 2), np.uint8), "shape [5, 5, 2]"),
        (np.zeros(5, np.uint8), "shape [5]"),
        (np.zeros((5, 5), np.uint16), "array of uint16"),
        (np.zeros((5, 5), complex), "array of complex128"),
        (np.full((5, 5), 255.0), "floats from 255 to 255"),
        (np.full((5, 5), np.nan), "floats from nan to nan"),
    ],
)
def test_arrays_of_another_kind_are_refused(array: Any, complaint: str) -> None:
    with pytest.raises(ImageError, match=f"cannot read an .*{re.escape(complaint)}"):
        image_from_array(array)


@pytest.mark.parametrize("white", [True, 1.0, np.float16(1), np.uint8(255)])
def test_black_and_white_of_every_type(white: Any) -> None:
    array = np.array([[0, white]], type(white))
    assert list(image_from_array(array).tobytes()) == [0, 255]


def test_a_pillow_image_is_turned_by_its_exif_and_stays_unchanged() -> None:
    upright = Image.new("L", (30, 20), "white")
    exif = upright.getexif()
    exif[0x0112] = 6
    file = BytesIO()
    upright.save(file, "JPEG", exif=exif)
    picture = Image.open(file)
    assert load_image(picture).size == (20, 30)
    assert picture.size == (30, 20)


def test_a_picture_of_a_damaged_file_is_an_image_error() -> None:
    picture = Image.open(BytesIO(NOTE.read_bytes()[:5000]))
    with pytest.raises(ImageError, match="cannot read <picture>: the image is cut short"):
        load_image(picture)


def test_too_many_pixels_are_refused_before_they_are_decoded() -> None:
    with Image.open(NOTE) as picture:
        with pytest.raises(ImageError, match="note.jpg: 1600x1000 pixels are more than the limit"):
            load_image(picture, max_pixels=1000)
        assert not getattr(picture, "_im", None)


@needs_model
def test_the_readme_in_python_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    assert len(blocks) == 1
    exec(compile(blocks[0], "README.md", "exec"), {})
