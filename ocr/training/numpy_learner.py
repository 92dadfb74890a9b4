"""Training of the NumPy network: its loss and optimizer, written out by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr.alphabet import Alphabet
from ocr.classifiers.mlp import MLP, Array, load_mlp, log_softmax, new_mlp, save_mlp
from ocr.errors import DataError, ModelError
from ocr.training.learner import shared_outputs

# found with batches of 64 and 20 epochs on 300 images of each of 36 characters
WEIGHT_DECAY = 3e-4


class NumpyLearner:
    """A network of `ocr.classifiers.mlp.ARCHITECTURES` and its optimizer."""

    def __init__(
        self, architecture: str, alphabet: Alphabet, *, seed: int, label_smoothing: float = 0.0
    ) -> None:
        self.network = new_mlp(architecture, alphabet, np.random.default_rng(seed))
        self.optimizer = Momentum()
        self.label_smoothing = label_smoothing

    @property
    def alphabet(self) -> Alphabet:
        """The character of each output."""
        return self.network.alphabet

    def fit_batch(
        self, crops: NDArray[np.float32], targets: NDArray[np.int64], learning_rate: float
    ) -> tuple[float, int]:
        """Take one optimizer step; see `Learner.fit_batch`."""
        signals = self.network.forward(crops)
        loss, error = cross_entropy(signals[-1], targets, self.label_smoothing)
        gradients = self.network.backward(signals, error)
        self.optimizer.step(self.network.parameters, gradients, learning_rate)
        likeliest = signals[-1].argmax(axis=1)  # (N,)
        return loss, int((targets == likeliest[:, None]).any(axis=1).sum())

    def log_probs(self, crops: NDArray[np.float32]) -> NDArray[np.float32]:
        """Log-probabilities, float32 [N, C], of crops, float32 [N, 32, 32]."""
        return self.network.log_probs(crops)

    def hold_statistics(self) -> None:
        """Do nothing: the network has only weights."""

    def state(self) -> dict[str, NDArray[Any]]:
        """Return copies of the parameters and of the optimizer's memory, by name."""
        arrays = self.network.parameters | self.optimizer.memory
        return {name: array.copy() for name, array in arrays.items()}

    def load_state(self, state: dict[str, NDArray[Any]]) -> None:
        """Restore what `state` returned; DataError if it is of another network."""
        memory = {name: array.copy() for name, array in state.items()}
        own = self.network.parameters
        if any(name not in memory or memory[name].shape != own[name].shape for name in own):
            raise DataError(
                "the checkpoint is of another network (resume with the options of the stopped run)"
            )
        self.network.parameters = {name: memory.pop(name) for name in own}
        self.optimizer.memory = memory

    def start_from(self, source: MLP) -> None:
        """Copy the weights of a trained network with the same hidden layers.

        Outputs of characters that both alphabets have are copied; those of new characters
        keep their initial weights.
        """
        if source.architecture != self.network.architecture:
            raise ModelError(
                f"cannot start {self.network.card.architecture} from a model of other layers "
                f"(add --arch {source.card.architecture})"
            )
        last = len(source.architecture.hidden)
        mine, theirs = shared_outputs(self.alphabet, source.alphabet)
        for name, parameter in self.network.parameters.items():
            if name in (f"w{last}", f"b{last}"):
                parameter[..., mine] = source.parameters[name][..., theirs]
            else:
                parameter[:] = source.parameters[name]

    def save_model(self, path: Path, card: dict[str, Any]) -> None:
        """Write the model file with its card (JSON values)."""
        save_mlp(self.network, path, card)

    def load_model(self, path: Path) -> None:
        """Load the weights that `save_model` wrote."""
        self.start_from(load_mlp(path))


def cross_entropy(
    logits: Array, targets: NDArray[np.int64], smoothing: float = 0.0
) -> tuple[float, Array]:
    """Return the mean of -log(p[first] + p[second]), and its gradient in the logits, [N, C].

    The targets are those of `Learner.fit_batch`. With label smoothing ε (Szegedy et al. 2016,
    section 7) the loss is 1 - ε of that mean and ε of the mean of -log p over all outputs.
    Each row of the gradient is (p - q) / N, where q is 1 - ε on the two targets, in the
    proportion of p, and ε spread evenly over all outputs.
    """
    log_p = log_softmax(logits)
    log_pair = np.take_along_axis(log_p, targets, axis=1)  # (N, 2)
    log_pair[targets[:, 0] == targets[:, 1], 1] = -np.inf  # one target must not count twice
    log_right = np.logaddexp(log_pair[:, 0], log_pair[:, 1])  # (N,)
    q = (1 - smoothing) * np.exp(log_pair - log_right[:, None])  # (N, 2)
    error = np.exp(log_p) - smoothing / logits.shape[1]
    rows = np.arange(len(targets))
    error[rows, targets[:, 0]] -= q[:, 0]
    error[rows, targets[:, 1]] -= q[:, 1]
    loss = (smoothing - 1) * log_right.mean() - smoothing * log_p.mean()
    return float(loss), error / len(targets)


class Momentum:
    """Stochastic gradient descent with momentum μ (Polyak 1964): v ← μ v + g, w ← w - η v.

    `weight_decay` is λ of a penalty λ/2 ‖w‖² on the weights, not the biases.
    """

    def __init__(self, *, momentum: float = 0.9, weight_decay: float = WEIGHT_DECAY) -> None:
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.memory: dict[str, NDArray[Any]] = {}

    def step(
        self, parameters: dict[str, Array], gradients: dict[str, Array], learning_rate: float
    ) -> None:
        """Update `parameters` in place."""
        for name, parameter in parameters.items():
            velocity = self.memory.setdefault(f"velocity.{name}", np.zeros_like(parameter))
            velocity *= self.momentum
            velocity += gradients[name]
            if parameter.ndim > 1:
                velocity += self.weight_decay * parameter
            parameter -= learning_rate * velocity
