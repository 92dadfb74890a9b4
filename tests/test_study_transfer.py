"""Fine-tuning against training from scratch: SqueezeNet and the letter network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from ocr.cli import commands
from ocr.errors import DataError
from ocr.study import image_folder

torch = pytest.importorskip("torch", reason="needs the extra torch")
pytest.importorskip("matplotlib", reason="needs the extra study")

from ocr.study import transfer  # noqa: E402
from ocr.study.squeezenet import SqueezeNet, load_features, to_input  # noqa: E402


def photographs(folder: Path, per_class: int = 10) -> Path:
    """Two classes of different colors."""
    rng = np.random.default_rng(0)
    for name, color in (("blue", (40, 60, 200)), ("red", (200, 50, 40))):
        (folder / name).mkdir(parents=True)
        for i in range(per_class):
            pixels = np.clip(rng.normal(color, 25, (48, 64, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{i:02}.png")
    return folder


def weights(path: Path) -> Path:
    features = SqueezeNet(2).state_dict()
    np.savez(path, **{n: t.numpy() for n, t in features.items() if n.startswith("features.")})
    return path


def test_maps_shrink_as_the_caffe_model_has_it() -> None:
    sides = []
    x = torch.zeros(1, 3, 224, 224)
    with torch.inference_mode():
        for layer in SqueezeNet(17).features:
            x = layer(x)
            sides.append(x.shape[2])
    assert sides == [111, 111, 55, 55, 55, 27, 27, 27, 13, 13, 13, 13, 13]
    assert x.shape[1] == 512


def test_input_is_bgr_less_the_mean() -> None:
    red = np.zeros((1, 1, 1, 3), np.uint8)
    red[..., 0] = 200
    assert np.allclose(to_input(red).ravel(), [-103.939, -116.779, 200 - 123.68])


def test_features_are_taken_over_and_the_last_layer_is_not(tmp_path: Path) -> None:
    torch.manual_seed(1)
    network, file = SqueezeNet(2), weights(tmp_path / "weights.npz")
    last = network.classifier[1].weight.clone()
    load_features(network, file)
    with np.load(file) as arrays:
        taken = network.features[12].squeeze.weight.detach()
        assert np.array_equal(taken, arrays["features.12.squeeze.weight"])
    assert torch.equal(network.classifier[1].weight, last)


@pytest.mark.parametrize("change", ["missing", "shape", "text"])
def test_other_weights_are_one_clear_error(change: str, tmp_path: Path) -> None:
    file = weights(tmp_path / "weights.npz")
    with np.load(file) as archive:
        arrays = dict(archive)
    if change == "missing":
        del arrays["features.0.bias"]
    elif change == "shape":
        arrays["features.0.bias"] = arrays["features.0.bias"][:-1]
    np.savez(file, **arrays)
    if change == "text":
        file.write_text("no archive")
    with pytest.raises(DataError, match="cannot use"):
        load_features(SqueezeNet(2), file)


def test_parts_share_no_photograph_and_have_every_class(tmp_path: Path) -> None:
    parts = image_folder.load(photographs(tmp_path), seed=0)
    assert {name: len(part) for name, part in parts.items()} == {"train": 12, "valid": 4, "test": 4}
    assert all(set(part.labels) == {0, 1} for part in parts.values())
    seen = [image.tobytes() for part in parts.values() for image in part.images]
    assert len(set(seen)) == len(seen) == 20


def test_folder_without_classes_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="one a class"):
        image_folder.load(tmp_path, seed=0)


@pytest.mark.parametrize("count", [1, 3])
def test_a_class_of_too_few_photographs_is_named(tmp_path: Path, count: int) -> None:
    folder = photographs(tmp_path)
    for file in sorted((folder / "red").iterdir())[count:]:
        file.unlink()
    with pytest.raises(DataError, match="red has too few images"):
        image_folder.load(folder, seed=0)
    Image.new("RGB", (8, 8)).save(folder / "red" / "fourth.png")
    if count == 3:
        assert all(set(p.labels) == {0, 1} for p in image_folder.load(folder, seed=0).values())


def test_a_photograph_of_too_many_pixels_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = photographs(tmp_path)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(DataError, match="png: too many pixels"):
        image_folder.load(folder, seed=0)


def test_a_damaged_photograph_is_named(tmp_path: Path) -> None:
    folder = photographs(tmp_path)
    (folder / "red" / "00.png").write_bytes(b"no image")
    with pytest.raises(DataError, match="00.png: not an image"):
        image_folder.load(folder, seed=0)


def test_squeezenet_learns_colors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(transfer.RATES, "from scratch", 1e-3)  # colors are learnt in a few steps
    parts = image_folder.load(photographs(tmp_path / "images"), seed=0)
    file = weights(tmp_path / "weights.npz")
    run = transfer.train_squeezenet("from scratch", parts, file, seed=0, epochs=8)
    assert run.loss[-1] < 0.5 < run.loss[0]  # log 2 = 0.69 is what one guesses with
    assert run.read.shape == parts["test"].labels.shape


def digits(folder: Path) -> Path:
    rng = np.random.default_rng(0)
    for part, count in (("train", 6), ("test", 3)):
        images = np.zeros((10 * count, 28, 28), np.uint8)
        labels = np.repeat(np.arange(10), count)
        for image, label in zip(images, labels, strict=True):
            image[4:24, 4 + 2 * label : 6 + 2 * label] = 255
            image[4 + 2 * (9 - label) : 6 + 2 * (9 - label), 4:24] = rng.integers(150, 256)
        np.savez(folder / f"{part}.npz", images=images, labels=labels)
    return folder


def test_study_prints_tables_and_draws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "EXAMPLES", (2, 5))
    said: list[str] = []
    (tmp_path / "out").mkdir()
    transfer.study(
        str(digits(tmp_path)),
        tmp_path / "out",
        seed=0,
        say=said.append,
        images=photographs(tmp_path / "images"),
        weights=weights(tmp_path / "weights.npz"),
        epochs=1,
        steps=2,
    )
    assert "12 train, 4 valid, 4 test" in said[0]
    assert [line.split()[0] for line in said[1].splitlines()[3:5]] == ["2", "5"]
    drawn = {path.name for path in (tmp_path / "out").iterdir()}
    assert drawn == {"squeezenet.png", "answers.png", "examples.png"}


def test_wrong_weights_are_told_before_anything_is_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(transfer, "train_squeezenet")
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    with pytest.raises(DataError, match="not SqueezeNet 1.1's features"):
        transfer.study(
            str(digits(tmp_path)),
            tmp_path,
            seed=0,
            say=print,
            images=photographs(tmp_path / "images"),
            weights=tmp_path / "other.npz",
        )


def test_photographs_without_weights_are_refused(tmp_path: Path) -> None:
    images = photographs(tmp_path / "images")
    result = CliRunner().invoke(
        commands.main,
        ["study", "transfer", "--images", str(images), "-o", str(tmp_path / "out")],
    )
    assert result.exit_code == 5
    assert "give both --images and --weights" in result.stderr
