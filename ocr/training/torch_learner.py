"""Training of a torch network with AdamW, in one process or several.

Each process takes its part of a batch. After the backward pass the gradients are summed over
the processes, and so are the running statistics of batch normalization. Each process normalizes
by its own part, as is usual; the statistics used in reading are the mean of the parts, so that
all processes hold the same network, bit by bit, after each step.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ocr.alphabet import Alphabet
from ocr.classifiers.card import Card
from ocr.classifiers.cnn import ARCHITECTURES, TorchClassifier
from ocr.classifiers.onnx_file import load_torch, save_onnx
from ocr.errors import DataError
from ocr.training.learner import shared_outputs
from ocr.training.ranks import ALONE, Ranks

WEIGHT_DECAY = 0.02


class TorchLearner:
    """A network of `ocr.classifiers.cnn.ARCHITECTURES` and its optimizer."""

    def __init__(
        self,
        architecture: str,
        alphabet: Alphabet,
        *,
        seed: int,
        label_smoothing: float = 0.0,
        ranks: Ranks = ALONE,
    ) -> None:
        self.architecture = architecture
        self.alphabet = alphabet
        self.label_smoothing = label_smoothing
        self.ranks = ranks
        self.device = pick_device(ranks)
        with torch.random.fork_rng(devices=[]):  # does not change the caller's random numbers
            torch.manual_seed(seed)
            self.network = ARCHITECTURES[architecture](len(alphabet))
        # channels_last: convolutions of few channels are 1.5 times as fast on a CPU
        self.network.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), weight_decay=WEIGHT_DECAY, fused=True
        )
        self._classifier = TorchClassifier(self.network, alphabet)
        self._statistics_held = False

    def hold_statistics(self) -> None:
        """Keep the means and variances of batch normalization; see `Learner`."""
        self._statistics_held = True

    def fit_batch(
        self, crops: NDArray[np.float32], targets: NDArray[np.int64], learning_rate: float
    ) -> tuple[float, int]:
        """Take one AdamW step; see `Learner.fit_batch`."""
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate
        self.network.train(not self._statistics_held)
        self.optimizer.zero_grad(set_to_none=True)
        loss, correct = self._forward_backward(crops, targets) if len(crops) else (0.0, 0)
        if self.ranks.world > 1:
            loss, correct = self._share(loss, correct, len(crops))
        self.optimizer.step()
        return loss, correct

    def _forward_backward(
        self, crops: NDArray[np.float32], targets: NDArray[np.int64]
    ) -> tuple[float, int]:
        """Compute the gradients of a batch; return its loss and the number of correct answers."""
        wanted = torch.from_numpy(targets).to(self.device)  # (N, 2)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=is_mixed(self.device)):
            logits = self.network(torch.from_numpy(crops).to(self.device)[:, None])
        log_probs = torch.log_softmax(logits.float(), 1)
        picked = log_probs.gather(1, wanted)  # (N, 2)
        same = wanted[:, 0] == wanted[:, 1]
        loss = -torch.where(same, picked[:, 0], torch.logsumexp(picked, 1)).mean()
        if self.label_smoothing:
            even = -log_probs.mean()
            loss = (1 - self.label_smoothing) * loss + self.label_smoothing * even
        loss.backward()  # type: ignore[no-untyped-call]
        correct = (log_probs.argmax(1, keepdim=True) == wanted).any(1).sum()
        return float(loss.detach()), int(correct)

    @torch.no_grad()
    def _share(self, loss: float, correct: int, count: int) -> tuple[float, int]:
        """Average gradients, running statistics and loss over the processes.

        Each process is weighted by the number of its crops.
        """
        for parameter in self.network.parameters():
            if parameter.grad is None:  # this process has no crops
                parameter.grad = torch.zeros_like(parameter)
        shared = [p.grad for p in self.network.parameters() if p.grad is not None]
        shared += [b for b in self.network.buffers() if b.is_floating_point()]
        weighted = torch.cat([tensor.reshape(-1) for tensor in shared]).cpu() * count
        own = np.array([count, count * loss, correct], np.float32)
        sums = self.ranks.total(np.concatenate([own, weighted.numpy()]))
        means = torch.from_numpy(sums[3:] / sums[0])
        parts = torch.split(means, [tensor.numel() for tensor in shared])
        for tensor, mean in zip(shared, parts, strict=True):
            tensor.copy_(mean.view(tensor.shape))
        return float(sums[1] / sums[0]), int(sums[2])

    def log_probs(self, crops: NDArray[np.float32]) -> NDArray[np.float32]:
        """Log-probabilities, float32 [N, C], in evaluation mode."""
        return self._classifier.log_probs(crops)

    def state(self) -> dict[str, NDArray[Any]]:
        """Return copies of the weights and of both moments of AdamW."""
        return network_arrays(self.network, "weight/") | optimizer_arrays(self.optimizer)

    def load_state(self, state: dict[str, NDArray[Any]]) -> None:
        """Restore what `state` returned; DataError if it is of another network."""
        tensors = {name: torch.from_numpy(array.copy()) for name, array in state.items()}
        try:
            self.network.load_state_dict(select(tensors, "weight/"))
            load_optimizer(self.optimizer, tensors)
        except RuntimeError as error:
            raise DataError(
                "the checkpoint is of another network (resume with the options of the stopped run)"
            ) from error

    def start_from(self, source: TorchClassifier) -> None:
        """Copy the weights of a trained network of the same architecture.

        Outputs of characters that both alphabets have are copied; those of new characters
        keep their initial weights.
        """
        own, theirs = self.network.state_dict(), source.network.state_dict()
        last = max(int(name.partition(".")[0]) for name in own)
        for name, tensor in own.items():
            if not name.startswith(f"{last}."):
                tensor.copy_(theirs[name])
        mine, other = shared_outputs(self.alphabet, source.alphabet)
        for name in (f"{last}.weight", f"{last}.bias"):
            own[name][mine] = theirs[name][other]

    def save_model(self, path: Path, card: dict[str, Any]) -> None:
        """Write the ONNX model file with its card (JSON values)."""
        network = copy.deepcopy(self.network).cpu()
        save_onnx(path, network, Card.describe(self.architecture, self.alphabet, card))

    def load_model(self, path: Path) -> None:
        """Load the weights that `save_model` wrote."""
        self.start_from(load_torch(path)[0])


def pick_device(ranks: Ranks) -> torch.device:
    """Return a GPU for each process if there are any, else the CPU."""
    if not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda", ranks.rank % torch.cuda.device_count())


def is_mixed(device: torch.device) -> bool:
    """Return whether to use bfloat16 where that is safe; its range needs no loss scaling."""
    return device.type == "cuda" and torch.cuda.is_bf16_supported()


def network_arrays(network: torch.nn.Module, prefix: str) -> dict[str, NDArray[Any]]:
    """Return copies of a network's weights and running statistics."""
    return {f"{prefix}{k}": _copy(v) for k, v in network.state_dict().items()}


def optimizer_arrays(optimizer: torch.optim.Optimizer) -> dict[str, NDArray[Any]]:
    """Return copies of an optimizer's moments, by the numbers of its parameters."""
    states = optimizer.state_dict()["state"]
    return {
        f"optimizer/{i}/{k}": _copy(v) for i, moments in states.items() for k, v in moments.items()
    }


def load_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, torch.Tensor]) -> None:
    """Restore what `optimizer_arrays` returned."""
    moments: dict[int, dict[str, torch.Tensor]] = {}
    for i, parameter in enumerate(p for group in optimizer.param_groups for p in group["params"]):
        own = select(tensors, f"optimizer/{i}/")
        moments[i] = {name: _match_layout(moment, parameter) for name, moment in own.items()}
    optimizer.load_state_dict({**optimizer.state_dict(), "state": moments})


def _copy(tensor: torch.Tensor) -> NDArray[Any]:
    return tensor.detach().cpu().numpy().copy()


def select(tensors: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    """Return the tensors whose names have a prefix, by the rest of their names."""
    return {k.removeprefix(prefix): t for k, t in tensors.items() if k.startswith(prefix)}


def _match_layout(moment: torch.Tensor, parameter: torch.Tensor) -> torch.Tensor:
    """Return a moment in its parameter's memory order, which the fused optimizer relies on."""
    if moment.shape != parameter.shape:  # the step counter
        return moment
    return torch.empty_like(parameter, requires_grad=False).copy_(moment)
