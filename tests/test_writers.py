from __future__ import annotations

import string
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ocr.data.datasets import load
from ocr.data.readers import idx
from ocr.data.readers.class_folder import parse_class
from ocr.data.samples import Samples
from ocr.data.writers import save
from ocr.errors import DataError, OutputError
from ocr.export.crops import folder_of

UPPER_DIGITS = string.ascii_uppercase + string.digits
ANY = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
KINDS = ["a.npz", "letters", "a-images-idx3-ubyte", "emnist-a-images-idx3-ubyte.gz", "a.mat"]


def crops_of(characters: str, seed: int = 0) -> Samples:
    """Crops of noise: a reader that crops them again changes each of them."""
    rng = np.random.default_rng(seed)
    count = len(characters)
    crops = rng.integers(0, 256, (count, 32, 32), np.uint8)
    crops *= rng.random((count, 32, 32)) < rng.random((count, 1, 1))
    crops[:, 3, 5] = 77  # none is blank
    return Samples(crops, np.array(list(characters), "<U1"), np.full(count, "", "<U1"))


def by_class(samples: Samples) -> dict[str, bytes]:
    return {
        c: samples.crops[samples.characters == c].tobytes() for c in samples.characters.tolist()
    }


@pytest.mark.parametrize("name", KINDS)
@given(data=st.data(), seed=st.integers(0, 99))
def test_what_is_written_is_read_back_as_it_was(name: str, data: st.DataObject, seed: int) -> None:
    if name.endswith(".mat"):
        pytest.importorskip("scipy.io")
    alphabet = st.sampled_from(UPPER_DIGITS) if name.endswith(".mat") else ANY
    samples = crops_of(data.draw(st.text(alphabet, min_size=1, max_size=9)), seed)
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        save(samples, path)
        back = load(path, alphabet=None)
    assert by_class(back) == by_class(samples)
    if name != "letters":
        assert back.characters.tolist() == samples.characters.tolist()


def test_crops_survive_conversion_through_every_format(tmp_path: Path) -> None:
    pytest.importorskip("scipy.io")
    samples = crops_of("AB0ZAA9")
    at = samples
    for name in KINDS:
        save(at, tmp_path / name)
        at = load(tmp_path / name, alphabet=None)
    assert by_class(at) == by_class(samples)


def test_npz_keeps_the_second_right_character(tmp_path: Path) -> None:
    samples = crops_of("CC")
    samples.either[1] = "c"
    save(samples, tmp_path / "a.npz")
    assert load(tmp_path / "a.npz", alphabet=None).either.tolist() == ["", "c"]
    assert load(tmp_path / "a.npz", alphabet="C").either.tolist() == ["", ""]


def test_alphabet_picks_from_crops_too(tmp_path: Path) -> None:
    save(crops_of("ABA"), tmp_path / "a.npz")
    assert load(tmp_path / "a.npz", alphabet="B").characters.tolist() == ["B"]


@given(st.sets(ANY, min_size=2, max_size=30))
def test_folder_names_of_characters_never_collide(characters: set[str]) -> None:
    names = {folder_of(c).casefold() for c in characters}
    assert len(names) == len(characters)
    assert all(name.isascii() for name in names)
    assert {parse_class(Path(folder_of(c))) for c in characters} == characters


def test_folder_shows_dark_ink_on_white(tmp_path: Path) -> None:
    samples = crops_of("a")
    save(samples, tmp_path / "letters")
    with Image.open(tmp_path / "letters" / "lower_a" / "0.png") as picture:
        assert np.array_equal(255 - np.asarray(picture), samples.crops[0])


def test_own_image_that_was_edited_to_another_size_is_cropped(tmp_path: Path) -> None:
    save(crops_of("a"), tmp_path / "letters")
    file = tmp_path / "letters" / "lower_a" / "0.png"
    with Image.open(file) as picture:
        mark = picture.info["ocr"]
    assert mark == "crop"
    picture = Image.new("L", (64, 64), 255)
    picture.paste(0, (30, 20, 34, 40))
    info = PngInfo()
    info.add_text("ocr", mark)
    picture.save(file, pnginfo=info)
    (crop,) = load(tmp_path / "letters", alphabet=None).crops
    assert crop[4:28].any(axis=1).all()
    assert not crop[:4].any()


def test_mat_has_the_layout_of_nist36(tmp_path: Path) -> None:
    io = pytest.importorskip("scipy.io")
    samples = crops_of("B0")
    save(samples, tmp_path / "nist36_valid.mat")
    arrays = io.loadmat(tmp_path / "nist36_valid.mat")
    assert arrays["valid_data"].shape == (2, 1024)
    assert arrays["valid_labels"].argmax(axis=1).tolist() == [1, 26]
    upright = arrays["valid_data"][0].reshape(32, 32).T
    assert np.allclose(1 - upright, samples.crops[0] / 255)


def test_mat_of_letters_alone_has_26_classes(tmp_path: Path) -> None:
    io = pytest.importorskip("scipy.io")
    save(crops_of("ZA"), tmp_path / "a.mat")
    assert io.loadmat(tmp_path / "a.mat")["train_labels"].argmax(axis=1).tolist() == [25, 0]


def test_idx_of_emnist_is_transposed(tmp_path: Path) -> None:
    samples = crops_of("B")
    save(samples, tmp_path / "emnist-images-idx3-ubyte")
    raw = idx.read_array(tmp_path / "emnist-images-idx3-ubyte", dimensions=3)
    assert np.array_equal(raw[0].T, samples.crops[0])


@pytest.mark.parametrize("ending", [".npz", "-images-idx3-ubyte.gz"])
def test_same_crops_give_the_same_bytes(tmp_path: Path, ending: str) -> None:
    paths = [tmp_path / f"{name}{ending}" for name in "ab"]
    for path in paths:
        save(crops_of("AB"), path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


@pytest.mark.parametrize(
    "name", ["a.npz", "a.mat", "letters", "a-images-idx3-ubyte", "a-labels-idx1-ubyte"]
)
def test_nothing_is_overwritten(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"mine")
    with pytest.raises(OutputError, match="exists already"):
        save(crops_of("A"), tmp_path / name.replace("labels-idx1", "images-idx3"))
    assert [p.name for p in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("name", "characters", "message"),
    [
        ("a.mat", "Aa", "only name A-Z and 0-9"),
        ("a.csv", "A", "no known type"),
        ("a-images-idx3-ubyte", "".join(map(chr, range(300, 600))), "cannot tell 300 classes"),
    ],
)
def test_what_a_format_cannot_hold_is_refused(
    tmp_path: Path, name: str, characters: str, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        save(crops_of(characters), tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a.npz", "letters", "a-images-idx3-ubyte"])
def test_missing_folder_is_reported(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match="no such file"):
        save(crops_of("A"), tmp_path / "none" / name)


def test_mapping_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    save(crops_of("AB"), tmp_path / "a-images-idx3-ubyte")
    mapping = tmp_path / "a-crops-mapping.txt"
    assert mapping.read_text() == "0 65\n1 66\n"
    mapping.write_text("0 65\n")
    with pytest.raises(DataError, match="label 1, which"):
        load(tmp_path / "a-images-idx3-ubyte", alphabet=None)
    mapping.write_text("0 A\n")
    with pytest.raises(DataError, match="is no mapping"):
        load(tmp_path / "a-images-idx3-ubyte", alphabet=None)
