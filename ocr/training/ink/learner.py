"""The ink network in training: its optimizer, and the moving average of its weights."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ocr.errors import DataError
from ocr.training.ink.batches import Batch
from ocr.training.ink.losses import losses, total
from ocr.training.ink.network import InkNetwork
from ocr.training.ink.onnx_file import load_weights, restore_norms
from ocr.training.ranks import ALONE
from ocr.training.torch_learner import (
    is_mixed,
    load_optimizer,
    network_arrays,
    optimizer_arrays,
    pick_device,
    select,
)

WEIGHT_DECAY = 1e-2  # of the kernels of convolutions; norms and biases have none
MAX_GRADIENT = 2.0  # norm of all gradients, to which larger ones are reduced
CALIBRATION = 64  # views for the first statistics of batch norm in fine-tuning
MOMENTUM = 0.01  # of these statistics; torch's 0.1 makes them those of a few dozen views
MEMORY = 0.999  # of the average, for each step; shorter in the first steps


class InkLearner:
    """An ink network, the average of its weights over the last steps, and AdamW.

    Convolutions are computed in bfloat16 on a GPU that can, and in float32 on a CPU.

    Parameters
    ----------
    seed : int
        For the first weights.
    init : Path, optional
        Ink network (ONNX) to start from instead; ModelError if it is not one.
    """

    def __init__(self, *, seed: int, init: Path | None = None) -> None:
        self.device = pick_device(ALONE)
        self._is_new = init is None
        with torch.random.fork_rng(devices=[]):  # does not change the caller's random numbers
            torch.manual_seed(seed)
            self.network = InkNetwork()
        if init is not None:
            load_weights(init, self.network)
            for module in self.network.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.momentum = MOMENTUM
        # faster than the plain layout, on a CPU as well as on a GPU
        self.network.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = deepcopy(self.network).eval()
        self._averaged, self._present = _float_tensors(self.average), _float_tensors(self.network)
        parameters = [*self.network.parameters()]
        self.optimizer = torch.optim.AdamW(
            [p for p in parameters if p.ndim > 1], betas=(0.9, 0.98), weight_decay=WEIGHT_DECAY
        )
        norms = [p for p in parameters if p.ndim == 1]
        self.optimizer.add_param_group({"params": norms, "weight_decay": 0.0})
        if self.device.type == "cuda":
            torch.backends.cudnn.benchmark = True
            torch.backends.cuda.matmul.allow_tf32 = True
            torch.backends.cudnn.allow_tf32 = True

    def calibrate(self, draw_batch: Callable[[int], Batch]) -> None:
        """Restore the batch norm of a network that came from a file, with batches by number."""
        if self._is_new:
            return
        first = draw_batch(0)
        numbers = range(1, -(-CALIBRATION // len(first.gray)))
        gray = torch.cat([first.gray, *(draw_batch(number).gray for number in numbers)])
        restore_norms(self.network, gray)
        self.average.load_state_dict(self.network.state_dict())

    def fit_batch(self, batch: Batch, learning_rate: float, step: int) -> Tensor:
        """Take a step, the number `step` from 0; return the loss, which stays on the device."""
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate
        self.network.train()
        with torch.autocast(self.device.type, torch.bfloat16, enabled=is_mixed(self.device)):
            maps = self.network(batch.gray.contiguous(memory_format=torch.channels_last))
        loss = total(losses(maps, batch))
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), MAX_GRADIENT)
        self.optimizer.step()
        with torch.no_grad():
            memory = min(MEMORY, 1 - 10 / (11 + step))
            torch._foreach_lerp_(self._averaged, self._present, 1 - memory)
        return loss.detach()

    def state(self) -> dict[str, NDArray[Any]]:
        """Return copies of the weights, of their average, and of both moments of AdamW."""
        arrays = network_arrays(self.network, "weight/") | network_arrays(self.average, "average/")
        return arrays | optimizer_arrays(self.optimizer)

    def load_state(self, state: dict[str, NDArray[Any]]) -> None:
        """Restore what `state` returned; DataError if it is of another network."""
        tensors = {name: torch.from_numpy(array.copy()) for name, array in state.items()}
        try:
            self.network.load_state_dict(select(tensors, "weight/"))
            self.average.load_state_dict(select(tensors, "average/"))
            load_optimizer(self.optimizer, tensors)
        except RuntimeError as error:
            raise DataError(
                "the checkpoint is of another network (resume with the options of the stopped run)"
            ) from error


def _float_tensors(network: nn.Module) -> list[Tensor]:
    """Return weights and running statistics, which stay where they are in memory."""
    return [tensor for tensor in network.state_dict().values() if tensor.is_floating_point()]
