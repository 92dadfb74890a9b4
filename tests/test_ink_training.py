"""Training of the ink network: views, batches, losses, and the file it writes."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from ocr.segment.ink_network import InkNetwork as Reader  # noqa: E402
from ocr.segment.ink_network import tiles  # noqa: E402
from tools.ink import loop, views  # noqa: E402
from tools.ink.batches import augmented, cropped, plain, resized, rotated, shown_turn  # noqa: E402
from tools.ink.evaluate import evaluate  # noqa: E402
from tools.ink.export import save_onnx  # noqa: E402
from tools.ink.losses import height_loss, losses, mask_loss, total  # noqa: E402
from tools.ink.network import InkNetwork, Maps, pooled_turn  # noqa: E402
from tools.ink.weights import load_weights, save_weights  # noqa: E402

SIDE = 256
LAYOUT = views.Layout(SIDE)


def drawn(rng: np.random.Generator) -> SimpleNamespace:
    """A bar of ink with a core in it, letters of 24 px, somewhere on light paper."""
    top = int(rng.integers(3, 25)) * 8
    ink = np.zeros((SIDE, SIDE), np.uint8)
    ink[top : top + 16, 64:192] = 255
    gray = np.where(ink > 0, 40, 220).astype(np.uint8)
    height = np.where(ink[::8, ::8] > 0, 24, 0).astype(np.float32)
    valid = np.full_like(ink, 255)
    return SimpleNamespace(
        gray=gray, ink=ink, rule=np.zeros_like(ink), core=ink[::2, ::2], height=height,
        valid=valid, turn=0,
    )  # fmt: skip


def opener(split: str) -> views.Draw:
    return drawn


def records(count: int = 4) -> torch.Tensor:
    rng = np.random.default_rng(3)
    out = np.zeros((count, LAYOUT.bytes), np.uint8)
    for record in out:
        LAYOUT.pack(drawn(rng), record)
    return torch.from_numpy(out)


def random_network(seed: int = 0) -> InkNetwork:
    torch.manual_seed(seed)
    network = InkNetwork().eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
    return network


def test_a_record_keeps_every_map_of_a_view() -> None:
    view = drawn(np.random.default_rng(3))
    batch = plain(records(1), LAYOUT)
    assert np.allclose(batch.gray[0, 0], view.gray / 127.5 - 1)
    assert np.array_equal(batch.core[0, 0] * 255, view.core)
    wanted = np.where(view.height > 0, math.log2(24 / 20), np.nan)
    assert np.allclose(batch.height[0, 0], wanted, atol=0.02, equal_nan=True)
    assert batch.turn.tolist() == [0]


def test_a_view_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 384 x 384"):
        views.Layout(384).pack(drawn(np.random.default_rng(0)), np.zeros(10**6, np.uint8))


def test_a_quarter_turn_turns_all_maps_counterclockwise() -> None:
    batch = rotated(plain(records(1), LAYOUT), 1)
    assert batch.turn.tolist() == [1]
    assert torch.equal(batch.ink[0, 0], torch.rot90(plain(records(1), LAYOUT).ink[0, 0]))


def test_a_crop_keeps_the_maps_over_each_other() -> None:
    batch = cropped(plain(records(1), LAYOUT), 128, 0.99, 0.5)
    assert batch.ink.shape[-1] == 128 and batch.core.shape[-1] == 64
    assert torch.equal(batch.ink[:, :, ::2, ::2], batch.core)
    assert torch.equal(batch.ink[:, :, ::8, ::8] > 0, ~torch.isnan(batch.height))


def test_an_enlarged_view_has_larger_letters() -> None:
    batch = resized(cropped(plain(records(1), LAYOUT), 128, 0.5, 0.5), 256)
    heights = batch.height[~torch.isnan(batch.height)]
    assert torch.allclose(heights, torch.tensor(math.log2(48 / 20)), atol=0.02)


def test_a_crop_without_letters_does_not_tell_the_turn() -> None:
    batch = plain(records(1), LAYOUT)
    assert shown_turn(batch).tolist() == [0]
    empty = cropped(batch, 64, 0.0, 0.0)
    assert shown_turn(empty).tolist() == [-1]


def test_augmentation_keeps_the_size_and_the_range() -> None:
    generator = torch.Generator().manual_seed(1)
    for _ in range(6):
        batch = augmented(records(8), LAYOUT, 192, generator)
        assert batch.gray.shape == (8, 1, 192, 192)
        assert batch.gray.abs().max() <= 1
        assert batch.height.shape == (8, 1, 24, 24)


def test_a_right_mask_costs_nothing_and_a_wrong_one_much() -> None:
    target = torch.zeros(1, 1, 8, 8)
    target[..., :3] = 1
    valid = torch.ones_like(target)
    right = mask_loss((target - 0.5) * 40, target, valid, 3.0)
    wrong = mask_loss((0.5 - target) * 40, target, valid, 3.0)
    assert right < 1e-4 < 1 < wrong


def test_what_is_not_valid_costs_nothing() -> None:
    target = torch.ones(1, 1, 8, 8)
    assert mask_loss(-9 * target, target, 0 * target, 3.0) == pytest.approx(0, abs=1e-6)


def test_heights_count_where_they_are_known() -> None:
    target = torch.full((1, 1, 2, 2), math.nan)
    assert height_loss(torch.ones(1, 1, 2, 2), target) == 0
    target[..., 0, 0] = 0
    assert height_loss(torch.ones(1, 1, 2, 2), target) == pytest.approx(1 - 0.125)


def test_the_turn_is_told_by_the_places_with_text() -> None:
    core = torch.full((1, 1, 32, 32), -20.0)
    core[..., :16, :16] = 20
    turn = torch.zeros(1, 4, 2, 2)
    turn[0, 2, 0, 0] = 5
    turn[0, 1, 1, 1] = 50  # no text there
    maps = Maps(core, core, core, core, turn)
    assert pooled_turn(maps).argmax() == 2


def test_the_network_has_at_most_half_a_million_weights_and_a_file_of_a_megabyte(
    tmp_path: Path,
) -> None:
    network = random_network()
    assert sum(p.numel() for p in network.parameters()) <= 500_000
    save_onnx(tmp_path / "ink.onnx", network)
    assert (tmp_path / "ink.onnx").stat().st_size <= 1_000_000


def test_the_file_says_what_the_network_says(tmp_path: Path) -> None:
    network = random_network()
    save_onnx(tmp_path / "ink.onnx", network)
    gray = np.random.default_rng(0).integers(0, 256, (64, 96)).astype(np.uint8)
    ours = Reader(tmp_path / "ink.onnx", threads=1).maps(gray)
    with torch.no_grad():
        theirs = network(torch.from_numpy(gray)[None, None].float() / 127.5 - 1)
    for name in ("ink", "rule", "core"):
        wanted = 255 * getattr(theirs, name).sigmoid()[0, 0].numpy()
        assert np.abs(getattr(ours, name) - wanted).max() < 2
    assert np.allclose(ours.height, 20 * 2 ** theirs.height[0, 0].numpy(), rtol=0.01)
    assert np.allclose(ours.turn, theirs.turn[0].numpy(), atol=0.01)


def test_a_page_of_several_tiles_is_covered(tmp_path: Path) -> None:
    save_onnx(tmp_path / "ink.onnx", random_network())
    reader = Reader(tmp_path / "ink.onnx", threads=1)
    gray = np.random.default_rng(0).integers(0, 256, (40, 900)).astype(np.uint8)
    whole = reader.maps(gray)
    assert [m.shape for m in whole] == [(40, 900), (40, 900), (20, 450), (5, 113), (4, 2, 29)]
    first = next(iter(tiles(900)))
    alone = reader.maps(gray[:, : first.stop])
    for ours, theirs, k in zip(whole, alone, (1, 1, 2, 8, 32), strict=True):
        own = ours[..., : first.last // k], theirs[..., : first.last // k]
        assert np.allclose(*own, atol=1e-4)
    assert np.isfinite(whole.height).all() and whole.height.min() > 0


def test_weights_survive_being_saved(tmp_path: Path) -> None:
    network = random_network()
    save_weights(tmp_path / "ink.npz", network)
    other = random_network(1)
    assert load_weights(tmp_path / "ink.npz", other) == len(network.state_dict())
    for ours, theirs in zip(network.parameters(), other.parameters(), strict=True):
        assert torch.allclose(ours, theirs, atol=1e-3)


def test_workers_draw_and_dead_ones_are_started_again() -> None:
    pool = views.Pool(
        LAYOUT, capacity=20, held_out=4, workers=2, opener=opener, seed=0,
        device=torch.device("cpu"),
    )  # fmt: skip
    try:
        pool.wait_for(4, held_out=True, seconds=20)
        assert pool.held == 4 and pool.filled >= 4
        pool._processes[0].kill()
        pool._processes[0].join()
        pool.restart_dead()
        assert pool.restarts == 1 and pool.alive() == 2
        pool.wait_for(20, held_out=False, seconds=20)
        assert pool.filled == 20
    finally:
        pool.close()


def test_the_held_out_views_are_the_same_for_a_seed() -> None:
    held = []
    for _ in range(2):
        pool = views.Pool(
            LAYOUT, capacity=8, held_out=3, workers=1, opener=opener, seed=5,
            device=torch.device("cpu"),
        )  # fmt: skip
        pool.wait_for(1, held_out=True, seconds=20)
        pool.close()
        held.append(pool.held_out)
    assert torch.equal(*held)


def test_the_loss_falls() -> None:
    torch.manual_seed(0)
    network = InkNetwork()
    optimizer = loop.new_optimizer(network, 4e-3)
    batch = cropped(plain(records(2), LAYOUT), 128, 0.5, 0.5)
    values = []
    for _ in range(8):
        optimizer.zero_grad()
        loss = total(losses(network(batch.gray), batch))
        loss.backward()
        optimizer.step()
        values.append(loss.item())
    assert values[-1] < 0.7 * values[0]


def test_accuracy_is_measured_for_every_output() -> None:
    found = evaluate(random_network(), records(2), LAYOUT)
    assert {"ink F", "rule F", "core F", "height error", "turn 0", "turn 270"} <= set(found)


def test_a_short_training_writes_all_its_files(tmp_path: Path) -> None:
    settings = loop.Settings(
        output=tmp_path, minutes=0.12, workers=1, batch=2, size=64, view=SIDE, capacity=16,
        held_out=2, device="cpu",
    )  # fmt: skip
    loop.train(settings, opener)
    assert {p.name for p in tmp_path.iterdir()} >= {"ink.npz", "ink.onnx", "metrics.json"}
