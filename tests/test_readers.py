from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ocr.data.datasets import load
from ocr.data.samples import Samples
from ocr.errors import DataError

#: An F: 8 high, 4 wide, on 12×12; its top left is inked and its bottom right is not.
F = np.zeros((12, 12), np.uint8)
F[2:10, 4] = F[2, 4:8] = F[5, 4:7] = 255


def is_f(crop: np.ndarray) -> bool:
    """Whether a crop shows F upright, white on black: ink at the top and left, none elsewhere."""
    return bool(
        crop[4:7, 12:20].mean() > 90
        and crop[4:28, 10:13].mean() > 90
        and crop[20:28, 16:].max() == 0
        and crop[:, :8].max() == 0
    )


def read(source: str | Path, alphabet: str = "F") -> Samples:
    return load(source, alphabet=alphabet)


def npz(path: Path, **arrays: Any) -> Path:
    np.savez(path / "a.npz", **arrays)
    return path / "a.npz"


def mat(path: Path, **more: Any) -> Path:
    image = np.ones((32, 32))
    image[10:22, 10:22][F > 0] = 0
    labels = np.eye(26, dtype=np.uint8)[[5, 0]]
    data = np.stack([image.T.ravel()] * 2)
    pytest.importorskip("scipy.io").savemat(
        path / "a.mat", {"valid_data": data, "valid_labels": labels} | more
    )
    return path / "a.mat"


def idx(path: Path, name: str, images: np.ndarray, labels: list[int]) -> Path:
    file = path / name
    header = bytes([0, 0, 8, 3]) + np.array(images.shape, ">u4").tobytes()
    content = header + images.tobytes()
    label_content = bytes([0, 0, 8, 1]) + np.array([len(labels)], ">u4").tobytes() + bytes(labels)
    pack = gzip.compress if name.endswith(".gz") else bytes
    file.write_bytes(pack(content))
    file.with_name(name.replace("images-idx3", "labels-idx1")).write_bytes(pack(label_content))
    return file


# .mat


def test_mat_is_transposed_and_inverted(tmp_path: Path) -> None:
    samples = read(mat(tmp_path))
    assert samples.characters.tolist() == ["F"]
    assert is_f(samples.crops[0])


def test_mat_of_36_classes_has_digits_after_letters(tmp_path: Path) -> None:
    labels = np.eye(36)[[26, 35]]
    samples = read(mat(tmp_path, valid_labels=labels), alphabet="0F9")
    assert samples.characters.tolist() == ["0", "9"]


def test_part_of_a_mat_file_is_read_alone(tmp_path: Path) -> None:
    test = {"test_data": np.eye(32).reshape(1, -1), "test_labels": np.eye(26)[[1]]}
    path = mat(tmp_path, **test)
    assert read(path, "ABF").characters.tolist() == ["F", "A", "B"]
    assert read(f"{path}@test", "ABF").characters.tolist() == ["B"]
    with pytest.raises(DataError, match="no part 'train' \\(choose valid or test\\)"):
        read(f"{path}@train")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"valid_data": np.ones((2, 100))}, "shape"),
        ({"valid_data": np.full((2, 1024), 200.0)}, "outside 0 to 1"),
        ({"valid_labels": np.ones((2, 26))}, "do not name one class"),
        ({"valid_labels": np.eye(26)[:1]}, "do not name one class"),
        ({"valid_labels": np.eye(10)[:2]}, "no usable valid_labels"),
        ({"valid_labels": np.full((2, 26), "x", object)}, "do not name one class"),
    ],
)
def test_mat_of_wrong_shape_is_refused(tmp_path: Path, more: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(mat(tmp_path, **more))


@pytest.mark.parametrize("array", ["valid_data", "valid_labels"])
def test_sparse_mat_is_refused(tmp_path: Path, array: str) -> None:
    sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(DataError, match="has sparse arrays"):
        read(mat(tmp_path, **{array: sparse.csc_matrix(np.eye(26))}))


# IDX


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_mnist_is_read_upright(tmp_path: Path, suffix: str) -> None:
    path = idx(tmp_path, f"t10k-images-idx3-ubyte{suffix}", F[None], [3])
    samples = read(path, "0123456789")
    assert samples.characters.tolist() == ["3"]
    assert is_f(samples.crops[0])


@pytest.mark.parametrize(
    ("kind", "label", "character", "either"),
    [
        ("letters", 6, "F", "f"),
        ("byclass", 15, "F", ""),
        ("byclass", 41, "f", ""),
        ("balanced", 12, "C", "c"),
        ("bymerge", 40, "f", ""),
        ("bymerge", 46, "t", ""),
        ("digits", 7, "7", ""),
    ],
)
def test_emnist_is_transposed_and_labelled_by_its_name(
    tmp_path: Path, kind: str, label: int, character: str, either: str
) -> None:
    path = idx(tmp_path, f"emnist-{kind}-test-images-idx3-ubyte", F.T[None], [label])
    samples = read(path, "7CFTcft")
    assert (samples.characters.tolist(), samples.either.tolist()) == ([character], [either])
    assert is_f(samples.crops[0])


@pytest.mark.parametrize(
    ("sides", "message"),
    [((2**31, 2**31, 4), "cut short or too long"), ((3, 0, 0), "is empty"), ((0, 28, 28), "empty")],
)
def test_idx_of_impossible_sides_is_refused(
    tmp_path: Path, sides: tuple[int, ...], message: str
) -> None:
    path = idx(tmp_path, "train-images-idx3-ubyte", F[None], [3])
    path.write_bytes(bytes([0, 0, 8, 3]) + np.array(sides, ">u4").tobytes())
    with pytest.raises(DataError, match=message):
        read(path, "3")


def test_idx_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    path = idx(tmp_path, "train-images-idx3-ubyte", F[None], [3])
    labels = path.with_name("train-labels-idx1-ubyte")
    labels.write_bytes(labels.read_bytes()[:-1] + bytes([40]))
    with pytest.raises(DataError, match="labels up to 40, not digits"):
        read(path)
    labels.unlink()
    with pytest.raises(DataError, match="has no labels"):
        read(path)
    path = idx(tmp_path, "train-images-idx3-ubyte", F[None], [3, 4])
    with pytest.raises(DataError, match="1 images and 2 labels"):
        read(path)
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(DataError, match="cut short"):
        read(path)
    path.write_bytes(b"something else")
    with pytest.raises(DataError, match="not an IDX file"):
        read(path)


# .npz


@pytest.mark.parametrize("images", [F[None], 255 - F[None], F[None] / 255, 1 - F[None] / 255.0])
def test_npz_of_either_polarity_and_type_gives_the_same(tmp_path: Path, images: Any) -> None:
    assert is_f(read(npz(tmp_path, images=images, chars=np.array(["F"]))).crops[0])


def test_npz_with_ambiguous_case_names_both(tmp_path: Path) -> None:
    images, chars = np.stack([F, F]), np.array(["F", "F"])
    path = npz(tmp_path, images=images, chars=chars, case_ambiguous=np.array([1, 0]))
    assert read(path, "Ff").either.tolist() == ["f", ""]
    assert read(path, "F").either.tolist() == ["", ""]


def test_npz_labels_are_digits(tmp_path: Path) -> None:
    path = npz(tmp_path, images=F[None], labels=np.array([4]))
    assert read(path, "4").characters.tolist() == ["4"]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"chars": ["F"]}, "has no images"),
        ({"images": F, "chars": ["F"]}, "has no images"),
        ({"images": F[None]}, "has no labels"),
        ({"images": F[None], "labels": [11]}, "has no labels"),
        ({"images": F[None], "chars": ["F", "F"]}, "1 images and 2 labels"),
        ({"images": F[None].astype(int), "chars": ["F"]}, "images of type int64"),
        ({"images": F[None], "chars": np.array(["F", None])}, "without pickle"),
        ({"images": F[None], "chars": ["F"], "case_ambiguous": [1, 1]}, "another length"),
    ],
)
def test_npz_that_does_not_fit_is_refused(
    tmp_path: Path, arrays: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        read(npz(tmp_path, **arrays))


# folders of classes


@pytest.mark.parametrize("name", ["F", "U+0046", "0046", "46", "upper_f", "F_"])
def test_folder_of_a_class_may_be_named_in_several_ways(tmp_path: Path, name: str) -> None:
    (tmp_path / name / "more").mkdir(parents=True)
    Image.fromarray(F).save(tmp_path / name / "a.png")
    Image.fromarray(255 - F).save(tmp_path / name / "more" / "b.png")
    samples = read(tmp_path)
    assert samples.characters.tolist() == ["F", "F"]
    assert all(is_f(crop) for crop in samples.crops)


def test_transparent_image_has_white_paper(tmp_path: Path) -> None:
    (tmp_path / "F").mkdir()
    clear = np.zeros((12, 12, 4), np.uint8)
    clear[..., 3] = F
    Image.fromarray(clear).save(tmp_path / "F" / "a.png")
    assert is_f(read(tmp_path).crops[0])


def test_rotated_image_of_sixteen_bits_is_read_upright(tmp_path: Path) -> None:
    (tmp_path / "F").mkdir()
    exif = Image.Exif()
    exif[0x0112] = 6
    levels = 65_535 - 200 * np.rot90(F).astype(np.uint16)  # all above 255
    Image.fromarray(levels).save(tmp_path / "F" / "a.png", exif=exif)
    assert is_f(read(tmp_path).crops[0])


def test_broken_image_is_reported_and_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "F").mkdir()
    (tmp_path / "F" / "a.png").write_bytes(b"no image")
    with pytest.raises(DataError, match="none of the characters"):
        read(tmp_path)
    Image.fromarray(255 - F).save(tmp_path / "F" / "b.png")
    assert len(read(tmp_path)) == 1
    assert "a.png: not an image" in capsys.readouterr().err


def test_folder_with_unknown_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    with pytest.raises(DataError, match="names no character"):
        read(tmp_path)


def test_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"{tmp_path} is empty"):
        load(tmp_path, alphabet="A")


def test_folder_of_pages_is_refused(tmp_path: Path) -> None:
    for name in ("a.png", "a.gt.txt"):
        (tmp_path / name).touch()
    with pytest.raises(DataError, match="has pages with their text, not letters"):
        load(tmp_path, alphabet="A")


def test_unusable_images_of_an_archive_are_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = np.zeros((6, 20, 20), np.uint8)
    images[:5, 4:16, 8:12] = 255
    chars = np.array(["A", "AB", "", "AB", "B", "A"])
    np.savez(tmp_path / "a.npz", images=images, chars=chars)
    assert len(load(tmp_path / "a.npz", alphabet="A")) == 1
    assert capsys.readouterr().err.splitlines() == [
        f"left out: 3 of {tmp_path}/a.npz, whose label is not one character ('', 'AB')",
        f"left out: 1 of {tmp_path}/a.npz, blank",
    ]
