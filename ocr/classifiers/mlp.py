"""A fully connected network in NumPy: forward pass, back-propagation, and its model file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ocr.alphabet import Alphabet
from ocr.classifiers.card import Card
from ocr.errors import ModelError
from ocr.files import read_arrays, read_errors, write_arrays

INPUTS = 32 * 32  # pixels of a crop
BATCH = 4096  # crops: 16 MB of input

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Architecture:
    """Number of units of each hidden layer, and the nonlinearity after each."""

    hidden: tuple[int, ...]
    activation: str  # a key of `ACTIVATIONS`

    def parameter_shapes(self, outputs: int) -> dict[str, tuple[int, ...]]:
        """Return the name and shape of every parameter, in the order of the layers.

        Examples
        --------
        >>> Architecture((64,), "sigmoid").parameter_shapes(36)
        {'w0': (1024, 64), 'b0': (64,), 'w1': (64, 36), 'b1': (36,)}
        """
        widths = (INPUTS, *self.hidden, outputs)
        shapes: dict[str, tuple[int, ...]] = {}
        for layer, (before, after) in enumerate(zip(widths[:-1], widths[1:], strict=True)):
            shapes[f"w{layer}"] = (before, after)
            shapes[f"b{layer}"] = (after,)
        return shapes


#: Architectures by name: that of the course report, and a more accurate one.
ARCHITECTURES = {
    "mlp": Architecture((64,), "sigmoid"),
    "mlp-wide": Architecture((256, 128), "relu"),
}


@dataclass(eq=False, repr=False)
class MLP:
    """Fully connected layers from the 1024 pixels of a crop to log-probabilities.

    The parameters are the weights ``w0``, ``w1`` … [inputs, outputs] and biases ``b0``, ``b1`` …
    [outputs] of the layers, all of one floating dtype, in which the network computes.
    """

    architecture: Architecture
    parameters: dict[str, Array]
    card: Card

    @property
    def alphabet(self) -> Alphabet:
        """Meaning of each output."""
        return self.card.alphabet

    def log_probs(self, crops: NDArray[np.float32]) -> NDArray[np.float32]:
        """Classify crops, float32 [N, 32, 32]; return log-probabilities, float32 [N, C]."""
        result = np.empty((len(crops), len(self.alphabet)), np.float32)
        for start in range(0, len(crops), BATCH):
            batch = slice(start, start + BATCH)
            result[batch] = log_softmax(self.forward(crops[batch])[-1])
        return result

    def forward(self, crops: NDArray[Any]) -> list[Array]:
        """Return the pixels [N, 1024], the output of each hidden layer, and the logits [N, C]."""
        activation = ACTIVATIONS[self.architecture.activation]
        signals = [crops.reshape(len(crops), INPUTS).astype(self.parameters["w0"].dtype)]
        for layer in range(self._layers):
            z = signals[-1] @ self.parameters[f"w{layer}"] + self.parameters[f"b{layer}"]
            signals.append(z if layer == self._layers - 1 else activation.value(z))
        return signals

    def backward(self, signals: list[Array], error: Array) -> dict[str, Array]:
        """Compute the gradient of a loss in every parameter, by back-propagation.

        `signals` is the result of `forward`, `error` [N, C] the gradient in the logits.
        """
        activation = ACTIVATIONS[self.architecture.activation]
        gradients: dict[str, Array] = {}
        for layer in reversed(range(self._layers)):
            inputs = signals[layer]
            gradients[f"w{layer}"] = inputs.T @ error
            gradients[f"b{layer}"] = error.sum(axis=0)
            if layer > 0:  # pixels need no gradient
                error = (error @ self.parameters[f"w{layer}"].T) * activation.slope(inputs)
        return gradients

    @property
    def _layers(self) -> int:
        return len(self.architecture.hidden) + 1


@dataclass(frozen=True)
class Activation:
    """An elementwise nonlinearity."""

    value: Callable[[Array], Array]  # from the sums of a layer to its outputs
    slope: Callable[[Array], Array]  # from the outputs to the derivative of `value`


def sigmoid(z: Array) -> Array:
    """Logistic function 1 / (1 + exp(-z)), without overflow for any z."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * z)))


ACTIVATIONS = {
    "sigmoid": Activation(sigmoid, lambda a: a * (1 - a)),
    "tanh": Activation(np.tanh, lambda a: 1 - a * a),
    "relu": Activation(lambda z: np.maximum(z, 0), lambda a: (a > 0).astype(a.dtype)),
}


def log_softmax(logits: Array) -> Array:
    """Return the logarithms of the softmax of logits, [N, C]."""
    # exp of the differences from the maximum cannot overflow
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def new_mlp(
    name: str, alphabet: Alphabet, rng: np.random.Generator, *, dtype: DTypeLike = np.float32
) -> MLP:
    """Return a network with weights uniform in ±sqrt(6 / (inputs + outputs)) and biases 0.

    This bound keeps the variance of signals and gradients the same in all layers (Glorot and
    Bengio 2010, section 4.2.1). `name` is a key of `ARCHITECTURES`.
    """
    architecture = ARCHITECTURES[name]
    parameters: dict[str, Array] = {}
    for key, shape in architecture.parameter_shapes(len(alphabet)).items():
        bound = np.sqrt(6 / sum(shape)) if len(shape) == 2 else 0
        parameters[key] = rng.uniform(-bound, bound, shape).astype(dtype)
    return MLP(architecture, parameters, Card.describe(name, alphabet, {}))


def save_mlp(network: MLP, path: Path, card: dict[str, Any]) -> None:
    """Write the parameters and the card of a network to a NumPy archive, whole or not at all.

    `card` adds JSON values such as data, seed, epoch and measured accuracy.
    """
    shape = asdict(network.architecture)
    described = Card.describe(network.card.architecture, network.alphabet, card | shape)
    write_arrays(path, {"card": np.array(described.to_json()), **network.parameters})


def load_mlp(path: Path) -> MLP:
    """Load a file of `save_mlp`; ModelError if the file is anything else."""
    with read_errors(path, ModelError):
        try:
            arrays = read_arrays(path)
        except ValueError as error:
            raise ModelError(f"cannot use {path}: not a NumPy model (train one)") from error
    card = Card.parse(str(arrays.pop("card", "")), path)
    architecture = _architecture_of(card, path)
    shapes = architecture.parameter_shapes(len(card.alphabet))
    if {name: array.shape for name, array in arrays.items()} != shapes:
        raise ModelError(f"cannot use {path}: its weights do not fit its card (train it again)")
    if not all(a.dtype.kind == "f" and np.isfinite(a).all() for a in arrays.values()):
        raise ModelError(f"cannot use {path}: its weights are not all numbers (train it again)")
    parameters = {name: arrays[name].astype(np.float32) for name in shapes}
    return MLP(architecture, parameters, card)


def _architecture_of(card: Card, path: Path) -> Architecture:
    hidden, activation = card.values.get("hidden"), card.values.get("activation")
    if not isinstance(hidden, list) or activation not in [*ACTIVATIONS]:
        raise ModelError(f"cannot use {path}: its card lacks the layers (train it again)")
    return Architecture(tuple(hidden), activation)
