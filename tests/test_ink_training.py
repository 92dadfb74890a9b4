"""Training of the ink network: batches, losses, the file it writes, and runs of the command."""

from __future__ import annotations

import itertools
import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")
pytest.importorskip("cv2")

from ocr.cli import commands  # noqa: E402
from ocr.drawing.records import Layout  # noqa: E402
from ocr.errors import ModelError  # noqa: E402
from ocr.models_dir import models_dir  # noqa: E402
from ocr.segment.ink_network import InkNetwork as Reader  # noqa: E402
from ocr.segment.ink_network import tiles  # noqa: E402
from ocr.training.ink import loop, pool  # noqa: E402
from ocr.training.ink.batches import (  # noqa: E402
    augment,
    crop,
    plain_batch,
    resize,
    rotate,
    turn_parts,
    visible_turn,
)
from ocr.training.ink.learner import InkLearner  # noqa: E402
from ocr.training.ink.losses import height_loss, mask_loss  # noqa: E402
from ocr.training.ink.network import InkNetwork, Maps, pooled_turn  # noqa: E402
from ocr.training.ink.onnx_file import load_weights, restore_norms, save_onnx  # noqa: E402
from ocr.training.ink.validation import validate  # noqa: E402

SIDE = 256
LAYOUT = Layout(SIDE)
DEFAULT = models_dir() / "default.ink.onnx"


def drawn(rng: np.random.Generator) -> SimpleNamespace:
    """A bar of ink with a core in it, letters of 24 px, somewhere on light paper."""
    top = int(rng.integers(3, 25)) * 8
    ink = np.zeros((SIDE, SIDE), np.uint8)
    ink[top : top + 16, 64:192] = 255
    gray = np.where(ink > 0, 40, 220).astype(np.uint8)
    height = np.where(ink[::8, ::8] > 0, 24, 0).astype(np.float32)
    return SimpleNamespace(
        gray=gray, ink=ink, rule=np.zeros_like(ink), core=ink[::2, ::2], height=height,
        valid=np.full_like(ink, 255), shows_turn=True,
    )  # fmt: skip


def records(count: int = 4) -> torch.Tensor:
    rng = np.random.default_rng(3)
    out = np.zeros((count, LAYOUT.bytes), np.uint8)
    for record in out:
        LAYOUT.pack(drawn(rng), record)
    return torch.from_numpy(out)


def batch_of(count: int = 1) -> Any:
    return plain_batch(records(count), LAYOUT)


def random_network(seed: int = 0) -> InkNetwork:
    torch.manual_seed(seed)
    network = InkNetwork().eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
    return network


def test_a_record_keeps_every_map_of_a_view() -> None:
    view, batch = drawn(np.random.default_rng(3)), batch_of()
    assert np.allclose(batch.gray[0, 0], view.gray / 127.5 - 1)
    assert np.array_equal(batch.core[0, 0] * 255, view.core)
    wanted = np.where(view.height > 0, math.log2(24 / 20), np.nan)
    assert np.allclose(batch.height[0, 0], wanted, atol=0.02, equal_nan=True)
    assert batch.turn.tolist() == [0]


def test_a_view_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 384 x 384"):
        Layout(384).pack(drawn(np.random.default_rng(0)), np.zeros(10**6, np.uint8))


def test_a_quarter_turn_turns_all_maps_counterclockwise() -> None:
    batch = rotate(batch_of(), 1)
    assert batch.turn.tolist() == [1]
    assert torch.equal(batch.ink[0, 0], torch.rot90(batch_of().ink[0, 0]))


def test_parts_of_a_batch_are_turned_by_each_number_of_quarters() -> None:
    assert turn_parts(batch_of(7), [1, 2, 2, 2]).turn.tolist() == [0, 1, 1, 2, 2, 3, 3]


def test_a_crop_keeps_the_maps_over_each_other() -> None:
    batch = crop(batch_of(), 128, 0.99, 0.5)
    assert batch.ink.shape[-1] == 128 and batch.core.shape[-1] == 64
    assert torch.equal(batch.ink[:, :, ::2, ::2], batch.core)
    assert torch.equal(batch.ink[:, :, ::8, ::8] > 0, ~torch.isnan(batch.height))


def test_an_enlarged_view_has_larger_letters() -> None:
    batch = resize(crop(batch_of(), 128, 0.5, 0.5), 256)
    heights = batch.height[~torch.isnan(batch.height)]
    assert torch.allclose(heights, torch.tensor(math.log2(48 / 20)), atol=0.02)


def test_a_crop_without_letters_does_not_tell_the_turn() -> None:
    assert visible_turn(batch_of()).tolist() == [0]
    assert visible_turn(crop(batch_of(), 64, 0.0, 0.0)).tolist() == [-1]


def test_augmentation_keeps_the_size_and_the_range_and_repeats_with_its_seed() -> None:
    for seed in range(6):
        first, second = (
            augment(batch_of(8), 192, Random(seed), torch.Generator().manual_seed(seed))
            for _ in range(2)
        )
        assert torch.equal(first.gray, second.gray)
        assert first.gray.shape == (8, 1, 192, 192) and first.gray.abs().max() <= 1
        assert first.height.shape == (8, 1, 24, 24)


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
    save_onnx(tmp_path / "ink.onnx", network, {})
    assert (tmp_path / "ink.onnx").stat().st_size <= 1_000_000


def test_the_file_gives_the_same_maps_as_the_network(tmp_path: Path) -> None:
    network = random_network()
    save_onnx(tmp_path / "ink.onnx", network, {})
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
    save_onnx(tmp_path / "ink.onnx", random_network(), {})
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


@torch.no_grad()
def test_a_file_can_be_trained_again(tmp_path: Path) -> None:
    before, after = random_network(), random_network(1)
    gray = batch_of(4).gray
    save_onnx(tmp_path / "ink.onnx", before, {})
    load_weights(tmp_path / "ink.onnx", after)
    restore_norms(after, gray)
    for ours, theirs in zip(after(gray), before(gray), strict=True):
        assert torch.allclose(ours, theirs, atol=0.02)
    # batch norm has the statistics of these very views
    for ours, theirs in zip(after.train()(gray), before(gray), strict=True):
        assert torch.allclose(ours, theirs, atol=0.05)


def test_another_file_cannot_be_trained_again(tmp_path: Path) -> None:
    (tmp_path / "text.onnx").write_text("no network")
    for path in (tmp_path / "text.onnx", models_dir() / "upper-digits.onnx"):
        with pytest.raises(ModelError, match="not an ink network"):
            load_weights(path, InkNetwork())


def test_a_few_steps_lower_the_loss() -> None:
    learner = InkLearner(seed=0)
    batch = crop(batch_of(2), 128, 0.5, 0.5)
    values = [float(learner.fit_batch(batch, 4e-3, step)) for step in range(8)]
    assert values[-1] < 0.7 * values[0]


def test_a_learner_continues_from_its_state() -> None:
    batch = crop(batch_of(2), 64, 0.5, 0.5)
    first, second = InkLearner(seed=0), InkLearner(seed=1)
    first.fit_batch(batch, 4e-3, 0)
    second.load_state(first.state())
    losses = [float(learner.fit_batch(batch, 4e-3, 1)) for learner in (first, second)]
    assert losses[0] == losses[1]
    states = [learner.state() for learner in (first, second)]
    assert all(np.array_equal(states[0][name], states[1][name]) for name in states[0])


def test_accuracy_is_measured_for_every_output() -> None:
    figures = validate(random_network(), records(4), LAYOUT)
    assert set(figures) == {"loss", "ink_f", "rule_f", "core_f", "height_error", "turn"}


Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Train for eight steps on two views of 64 px, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_WAIT_POLICY", "PASSIVE")
    for name, value in {"SIZE": 224, "SMALL_SIZE": 64, "EPOCH": 16}.items():
        monkeypatch.setattr(loop, name, value)
    monkeypatch.setattr(pool, "HELD_OUT", 4)
    monkeypatch.setattr(pool, "CAPACITY", 2)
    monkeypatch.setattr("ocr.cli.train_ink.cores", lambda: 2)
    monkeypatch.setattr("ocr.cli.train_ink.draw_learning_curves", lambda *_: None)
    options = ["--arch", "ink", "--epochs", 1, "--batch-size", 2, "-o", "my"]

    def invoke(*args: object) -> Result:
        return CliRunner().invoke(commands.main, [str(a) for a in ("train", *options, *args)])

    return invoke


class Killed(BaseException):
    """Nothing catches it, as nothing catches kill -9."""


def fail_at(monkeypatch: pytest.MonkeyPatch, step: int, error: BaseException) -> None:
    """Make a run end before a step."""
    fit, taken = InkLearner.fit_batch, itertools.count()

    def failing(self: InkLearner, *args: Any) -> Any:
        if next(taken) == step:
            raise error
        return fit(self, *args)

    monkeypatch.setattr(InkLearner, "fit_batch", failing)


def test_a_stopped_run_ends_with_the_same_model_as_one_that_was_not(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run()
    assert result.exit_code == 0, result.stderr
    undisturbed = Path("my.ink.onnx").read_bytes()
    Path("my.ink.onnx").unlink()
    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr("ocr.training.checkpoint.CHECKPOINT_SECONDS", 0.0)
        fail_at(patched, 5, Killed())
        run()
    with monkeypatch.context() as patched:
        fail_at(patched, 2, KeyboardInterrupt())
        assert run("--resume").exit_code == 130
    assert Path("my.ink.onnx.checkpoint.npz").exists() and not Path("my.ink.onnx").exists()
    assert run("--resume").exit_code == 0
    assert Path("my.ink.onnx").read_bytes() == undisturbed


def test_a_run_writes_a_model_a_log_and_a_card(run: Run) -> None:
    result = run("--seed", 3, *(["--init", "default"] if DEFAULT.exists() else []))
    assert result.exit_code == 0, result.stderr
    assert result.stdout == "" and "ocr read --binarize my.ink.onnx IMAGE" in result.stderr
    Reader(Path("my.ink.onnx"))
    lines = [json.loads(line) for line in Path("my.ink.onnx.log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [0, 8]
    card = Path("my.ink.onnx.md").read_text()
    assert "ocr train --arch ink --epochs 1" in card and "| seed | 3 |" in card
    assert "ink, F of its pixels" in card
    assert not Path("my.ink.onnx.checkpoint.npz").exists()


def test_a_time_budget_ends_a_run(run: Run) -> None:
    options = "--arch ink --time-budget 5s --batch-size 2 -o my"
    result = CliRunner().invoke(commands.main, ["train", *options.split()])
    assert result.exit_code == 0, result.stderr
    last = json.loads(Path("my.ink.onnx.log.jsonl").read_text().splitlines()[-1])
    assert last["step"] >= 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--alphabet", "digits"], "--alphabet is for networks that read letters"),
        (["--balance"], "--balance is for"),
        (["--per-class", 5], "--per-class is for"),
        (["--label-smoothing", 0.1], "--label-smoothing is for"),
        (["--no-augment"], "--no-augment is for"),
        (["--backend", "numpy"], "--arch ink needs --backend torch"),
        (["--time-budget", "5m"], "--epochs and --time-budget cannot be used together"),
    ],
)
def test_options_of_other_networks_are_refused(run: Run, options: list[Any], message: str) -> None:
    result = run(*options)
    assert result.exit_code == 2 and message in result.stderr


def test_a_model_that_is_no_ink_network_is_refused(run: Run) -> None:
    result = run("--init", models_dir() / "upper-digits.onnx")
    assert result.exit_code == 4 and "not an ink network" in result.stderr


def test_a_missing_extra_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "ocr.drawing.sources")
    monkeypatch.setitem(sys.modules, "cv2", None)
    result = run()
    assert result.exit_code == 7
    assert result.stderr.endswith(
        "training the ink network needs an extra: pip install 'ocr[draw]'\n"
    )
