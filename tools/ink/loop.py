"""The training loop, bounded by the clock."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from tools.ink.batches import augmented
from tools.ink.evaluate import evaluate
from tools.ink.losses import losses, total
from tools.ink.network import InkNetwork
from tools.ink.views import Layout, Open, Pool
from tools.ink.weights import load_weights, save_weights

FLAT = 0.35  # share of the time before the learning rate decays
SMALL_VIEWS = 0.5  # share of the time with smaller views, which are quicker
WARM_UP = 200  # steps
CLIP = 2.0  # norm of the gradients
LOG_EVERY, SAVE_EVERY = 20.0, 60.0  # s
COLLECT_EVERY = 0.1  # s: a copy to the device waits for all that was asked of it before
FIRST_VIEWS = 60.0  # s that the first views are waited for; twice that in all


@dataclass(frozen=True)
class Settings:
    """How to train.

    Attributes
    ----------
    minutes : float
        Of everything, the evaluation and the files at the end too.
    batch, size : int
        Views a step, and their side in px; from half of the time on, views are shown whole.
    reuse : float
        Steps wait where views would be used more often than so, on average.
    """

    output: Path
    minutes: float = 8.5
    workers: int = 1
    batch: int = 64
    size: int = 288
    view: int = 384
    capacity: int = 16_000
    held_out: int = 512
    reuse: float = 4.0
    rate: float = 4e-3
    seed: int = 0
    initial: Path | None = None
    device: str = ""


def train(settings: Settings, opener: Open) -> dict[str, float]:
    """Train until the time is up; write weights, ONNX and metrics; return the metrics."""
    start = time.monotonic()
    torch.manual_seed(settings.seed)
    settings.output.mkdir(parents=True, exist_ok=True)
    cuda = settings.device != "cpu" and torch.cuda.device_count() > 0
    device = torch.device("cuda" if cuda else "cpu")
    layout = Layout(settings.view)
    pool = Pool(
        layout, capacity=settings.capacity, held_out=settings.held_out, workers=settings.workers,
        opener=opener, seed=settings.seed, device=device,
    )  # fmt: skip
    try:
        pool.wait_for(4 * settings.batch, held_out=True, seconds=FIRST_VIEWS)
        pool.wait_for(settings.batch, held_out=False, seconds=FIRST_VIEWS)
        if not pool.filled:
            raise RuntimeError("no view was drawn in two minutes (see the errors above)")
        trainer = Trainer(settings, pool, device, start)
        trainer.run()
    finally:
        pool.close()
    return trainer.finish()


class Trainer:
    """State of one training: network, averaged network, optimizer, clock."""

    def __init__(self, settings: Settings, pool: Pool, device: torch.device, start: float) -> None:
        self.settings, self.pool, self.device, self.start = settings, pool, device, start
        self.network = InkNetwork().to(device)
        if settings.initial is not None:
            fitting = load_weights(settings.initial, self.network)
            print(f"{fitting} tensors from {settings.initial}", flush=True)
        self.average = deepcopy(self.network).eval()
        self.format = torch.contiguous_format
        if device.type == "cuda":
            self._set_up_cuda()
        self.pairs = averaged_pairs(self.average, self.network)
        self.optimizer = new_optimizer(self.network, settings.rate)
        self.generator = torch.Generator().manual_seed(settings.seed)
        self.step = 0
        self.rate_factor = 1.0  # halved whenever the loss was not a number
        # the end, evaluated and written, takes about so long
        self.reserve = 25.0 if device.type == "cuda" else 0.1 * 60 * settings.minutes
        count = sum(p.numel() for p in self.network.parameters())
        print(f"{count} weights on {device}, {pool.filled} views, {pool.held} held out", flush=True)

    def _set_up_cuda(self) -> None:
        torch.backends.cudnn.benchmark = True
        torch.backends.cuda.matmul.allow_tf32 = True
        torch.backends.cudnn.allow_tf32 = True
        try:
            self.format = faster_format(self.network, self.settings, self.device)
        except RuntimeError as error:  # of one of the formats: the plain one always works
            print(f"memory formats not compared: {error}", flush=True)
        for network in (self.network, self.average):
            network.to(memory_format=self.format)  # type: ignore[call-overload]
        print(f"memory format {self.format}", flush=True)

    @property
    def elapsed(self) -> float:
        """Seconds since the start, of the drawing too."""
        return time.monotonic() - self.start

    def run(self) -> None:
        """Batch, loss, step, log, save, until the time is up."""
        end = 60 * self.settings.minutes - self.reserve
        begin = logged = saved = self.elapsed
        sums: dict[str, Tensor] = {}
        steps = waited = 0.0
        self.network.train()
        collected = 0.0
        while self.elapsed < end:
            if self.elapsed - collected > COLLECT_EVERY:
                self.pool.collect()
                collected = self.elapsed
            if self.too_fast():
                time.sleep(0.01)
                waited += 0.01
                continue
            share = (self.elapsed - begin) / max(end - begin, 1e-9)
            parts = self.train_step(share)
            steps += 1
            for name, value in parts.items():
                sums[name] = sums.get(name, torch.zeros((), device=self.device)) + value.detach()
            if self.elapsed - logged > LOG_EVERY:
                means = {name: float(value) / steps for name, value in sums.items()}
                self.log(means, steps / (self.elapsed - logged), waited)
                self.recover(means)
                sums, steps, waited, logged = {}, 0.0, 0.0, self.elapsed
                self.pool.restart_dead()
            if self.elapsed - saved > SAVE_EVERY:
                self.save("checkpoint")
                saved = self.elapsed

    def too_fast(self) -> bool:
        """Whether views would be used too often; never while no worker is left to draw more."""
        used = (self.step + 1) * self.settings.batch
        return used > self.settings.reuse * self.pool.drawn and self.pool.alive() > 0

    def train_step(self, share: float) -> dict[str, Tensor]:
        """One batch, at a share of the time."""
        rate = self.settings.rate * self.rate_factor * schedule(share, self.step)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        chosen = torch.randint(self.pool.filled, (self.settings.batch,), device=self.device)
        size = self.settings.size if share < SMALL_VIEWS else self.settings.view
        batch = augmented(self.pool.records[chosen], self.pool.layout, size, self.generator)
        gray = batch.gray.contiguous(memory_format=self.format)
        with half_precision(self.device):
            maps = self.network(gray)
        parts = losses(maps, batch)
        self.optimizer.zero_grad(set_to_none=True)
        total(parts).backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), CLIP)
        self.optimizer.step()
        self.step += 1
        update_average(self.pairs, self.step)
        return parts

    def log(self, means: dict[str, float], speed: float, waited: float) -> None:
        """Print where the training stands."""
        losses_ = " ".join(f"{name} {value:.4f}" for name, value in means.items())
        print(
            f"{self.elapsed:5.0f} s  step {self.step}  {speed:.1f} steps/s  drawn "
            f"{self.pool.drawn}  waited {waited:.0f} s  restarts {self.pool.restarts}  {losses_}",
            flush=True,
        )

    def recover(self, means: dict[str, float]) -> None:
        """Go back to the average, more slowly, where the loss is no longer a number."""
        if all(math.isfinite(value) for value in means.values()):
            return
        good = self.average.state_dict()
        if not all(bool(v.isfinite().all()) for v in good.values() if v.is_floating_point()):
            load_weights(self.settings.output / "checkpoint.npz", self.average)
        self.network.load_state_dict(self.average.state_dict())
        self.rate_factor *= 0.5
        self.optimizer = new_optimizer(self.network, self.settings.rate)
        print("the loss is not a number: back to the average, half the rate", flush=True)

    def save(self, name: str) -> None:
        """Write the averaged weights, if they are numbers, and what they are worth."""
        values = (v for v in self.average.state_dict().values() if v.is_floating_point())
        if not all(bool(v.isfinite().all()) for v in values):
            return
        save_weights(self.settings.output / f"{name}.npz", self.average)
        held = self.pool.held_out[: min(self.pool.held, 64)]
        found = evaluate(self.average, held, self.pool.layout, turns=False)
        print("  ".join(f"{k} {v:.3f}" for k, v in found.items()), flush=True)

    def finish(self) -> dict[str, float]:
        """Write the averaged network and its accuracy on all held-out views."""
        output = self.settings.output
        save_weights(output / "ink.npz", self.average)
        metrics = evaluate(self.average, self.pool.held_out[: self.pool.held], self.pool.layout)
        metrics |= {"steps": self.step, "views": self.pool.drawn, "seconds": self.elapsed}
        (output / "metrics.json").write_text(json.dumps(metrics, indent=1))
        for name, value in metrics.items():
            print(f"{name:20} {value:.4f}", flush=True)
        try:
            from tools.ink.export import save_onnx

            save_onnx(output / "ink.onnx", self.average, metrics)
        except Exception as error:  # the weights are safe; the file can be written elsewhere
            print(f"no ONNX file: {error}", flush=True)
        return metrics


def schedule(share: float, step: int) -> float:
    """Factor of the learning rate: warm-up, flat, then a cosine down to nothing.

    Examples
    --------
    >>> schedule(0.1, 1000), round(schedule(0.675, 1000), 2), schedule(1.0, 1000)
    (1.0, 0.5, 0.0)
    """
    warm = min(1.0, (step + 1) / WARM_UP)
    decay = max(0.0, (share - FLAT) / (1 - FLAT))
    return warm * (0.5 + 0.5 * math.cos(math.pi * min(decay, 1.0)))


def new_optimizer(network: nn.Module, rate: float) -> torch.optim.Optimizer:
    """AdamW that decays the weights of convolutions alone, not norms and biases."""
    kernels = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    groups = [{"params": kernels, "weight_decay": 1e-2}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.98))


def averaged_pairs(average: nn.Module, network: nn.Module) -> tuple[list[Tensor], list[Tensor]]:
    """Weights and running statistics of the averaged network, and those they follow."""
    ours, theirs = average.state_dict().values(), network.state_dict().values()
    pairs = [(a, b) for a, b in zip(ours, theirs, strict=True) if a.is_floating_point()]
    return [a for a, _ in pairs], [b for _, b in pairs]


@torch.no_grad()
def update_average(pairs: tuple[list[Tensor], list[Tensor]], step: int) -> None:
    """Move the averaged weights and running statistics towards the network's."""
    keep = min(0.999, 1 - 10 / (10 + step))
    torch._foreach_lerp_(*pairs, 1 - keep)


@contextmanager
def half_precision(device: torch.device) -> Iterator[None]:
    """Convolutions in bfloat16 on a GPU, in float32 on a CPU."""
    with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
        yield


def faster_format(
    network: nn.Module, settings: Settings, device: torch.device
) -> torch.memory_format:
    """Which memory format trains faster here: depthwise convolutions differ by machine."""
    times = {}
    for layout in (torch.channels_last, torch.contiguous_format):
        trial = deepcopy(network).to(memory_format=layout)  # type: ignore[call-overload]
        size = settings.size
        x = torch.randn((settings.batch, 1, size, size), device=device)
        x = x.contiguous(memory_format=layout)
        for i in range(13):
            if i == 3:  # the first ones choose algorithms
                torch.cuda.synchronize()
                begin = time.monotonic()
            with half_precision(device):
                maps = trial(x)
            sum(m.float().mean() for m in maps).backward()
        torch.cuda.synchronize()
        times[layout] = time.monotonic() - begin
        print(f"{layout}: {times[layout] / 10 * 1000:.1f} ms a step", flush=True)
    return min(times, key=lambda k: times[k])
