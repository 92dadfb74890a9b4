"""Whether gradients are right, and whether they reach the first layer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr.classifiers.mlp import ACTIVATIONS, MLP, Architecture, Array
from ocr.study import Say, Source, nist36, pictures
from ocr.study.networks import REPORT, built, fit, loss_and_gradients, targets
from ocr.study.nist36 import Letters, Nist36
from ocr.study.tables import percent, scientific, table
from ocr.training.numpy_learner import cross_entropy

STEP = 1e-5  # of the central differences: its error and float64's are about alike there
COORDINATES = 40  # of each array that are compared
CHECKED = 64  # letters whose loss is differentiated
HIDDEN = (64,) * 7  # a network deep enough for a factor a layer to tell
SHOWN = 512  # letters that a spread is measured on
SCALES = {"Xavier": None, "normal 0.01": 0.01, "normal 1": 1.0, "zeros": 0.0}
DEEP_RATE = 0.1
ZERO_RATE = 0.3
EPOCHS = 10

Loss = Callable[[Array], tuple[float, Array]]  # outputs to a mean and its gradient in them


def study(data: Source, output: Path, *, seed: int, say: Say, epochs: int = EPOCHS) -> None:
    """Check gradients; compare starting weights; measure how gradients vanish."""
    pictures.require()
    letters = nist36.load(data, seed=seed)
    say(_check_table(letters.train, seed))
    say(_zeros_table(letters, output, seed, epochs))
    say(_spread_tables(letters.train, output, seed))
    say(_vanishing_table(letters, output, seed, epochs))


def check(
    network: MLP,
    crops: NDArray[np.floating],
    loss: Loss,
    rng: np.random.Generator,
    *,
    coordinates: int = COORDINATES,
) -> dict[str, float]:
    """Compare back-propagation with central differences, on some coordinates of each array.

    Parameters
    ----------
    network : MLP
        Of float64.
    crops : ndarray [N, 32, 32]
    loss : callable
    rng : numpy.random.Generator
        Of the coordinates.

    Returns
    -------
    dict of str to float
        For each array the largest difference, in units of its largest gradient.
    """
    signals = network.forward(crops)
    gradients = network.backward(signals, loss(signals[-1])[1])
    errors = {}
    for name, parameter in network.parameters.items():
        picked = rng.choice(parameter.size, min(coordinates, parameter.size), replace=False)
        numeric = [_difference(network, crops, loss, parameter, int(i)) for i in picked]
        largest = np.abs(numeric - gradients[name].ravel()[picked]).max()
        errors[name] = float(largest / np.abs(gradients[name]).max())
    return errors


def _difference(
    network: MLP, crops: NDArray[np.floating], loss: Loss, parameter: Array, index: int
) -> float:
    """Slope of the loss along one coordinate, by (f(w + h) - f(w - h)) / 2h."""
    flat = parameter.reshape(-1)  # a view: what changes here, changes in the network
    value = flat[index]
    losses = []
    for step in (STEP, -STEP):
        flat[index] = value + step
        losses.append(loss(network.forward(crops)[-1])[0])
    flat[index] = value
    return (losses[0] - losses[1]) / (2 * STEP)


def _check_table(train: Letters, seed: int) -> str:
    rng = np.random.default_rng(seed)
    some = train.take(rng.choice(len(train), min(CHECKED, len(train)), replace=False))
    errors = {
        activation: check(
            built(Architecture((64, 48), activation), rng, dtype=np.float64),
            some.crops,
            lambda outputs: cross_entropy(outputs, targets(some)),
            rng,
        )
        for activation in ACTIVATIONS
    }
    rows = [
        (_array_name(key), *(scientific(error[key]) for error in errors.values()))
        for key in next(iter(errors.values()))
    ]
    return table(
        "Back-propagation against central differences (1024-64-48-36, float64): largest\n"
        "difference, in units of the array's largest gradient",
        ("", *errors),
        rows,
    )


def _array_name(key: str) -> str:
    kind = {"w": "weights", "b": "biases"}[key[0]]
    return f"layer {int(key[1:]) + 1} {kind}"


def _zeros_table(letters: Nist36, output: Path, seed: int, epochs: int) -> str:
    starts = {
        "zeros, sigmoid": ("sigmoid", 0.0, np.float64),
        # sums in another order differ in their last digit: enough to set units apart
        "zeros, sigmoid, float32": ("sigmoid", 0.0, np.float32),
        "zeros, tanh": ("tanh", 0.0, np.float64),
        "Xavier, sigmoid": ("sigmoid", None, np.float64),
        "Xavier, tanh": ("tanh", None, np.float64),
    }
    rows, curves = [], {}
    for name, (activation, scale, dtype) in starts.items():
        architecture = Architecture(REPORT.hidden, activation)
        network = built(architecture, np.random.default_rng(seed), scale=scale, dtype=dtype)
        history = fit(
            network,
            letters.train,
            letters.valid,
            epochs=epochs,
            rate=ZERO_RATE,
            rng=np.random.default_rng([seed, 1]),
            name=name,
        )
        curves[name] = [epoch.train_loss for epoch in history]
        last = history[-1]
        units = different_units(network)
        rows.append((name, f"{last.train_loss:.3f}", percent(last.valid_accuracy), str(units)))
    drawn, (axes,) = pictures.figure(1)
    pictures.lines(axes, curves, x="epoch", y="training loss")
    pictures.save(drawn, output / "zeros.png")
    return table(
        f"Starting weights, 1024-64-36, {epochs} epochs (chance: loss {np.log(36):.3f}, 2.8 %)",
        ("", "training loss", "validation accuracy", "different hidden units"),
        rows,
    )


def different_units(network: MLP) -> int:
    """How many hidden units of the first layer have weights of their own.

    Units that started alike and were only ever pushed alike differ by rounding alone.
    """
    weights = network.parameters["w0"].T  # (units, 1024)
    grain = 1e-3 * np.abs(weights).max()
    different: list[Array] = []
    for unit in weights:
        if all(np.abs(unit - other).max() > grain for other in different):
            different.append(unit)
    return len(different)


def spreads(network: MLP, letters: Letters) -> tuple[list[float], list[float]]:
    """Standard deviation of each hidden layer's outputs, and of each layer's weights' gradient."""
    signals = network.forward(letters.crops)
    _, gradients = loss_and_gradients(network, letters)
    layers = len(network.architecture.hidden)
    return (
        [float(signal.std()) for signal in signals[1:-1]],
        [float(gradients[f"w{layer}"].std()) for layer in range(layers + 1)],
    )


def _spread_tables(train: Letters, output: Path, seed: int) -> str:
    rng = np.random.default_rng(seed)
    some = train.take(rng.choice(len(train), min(SHOWN, len(train)), replace=False))
    architecture = Architecture(HIDDEN, "tanh")
    measured = {
        name: spreads(built(architecture, rng, scale=scale, dtype=np.float64), some)
        for name, scale in SCALES.items()
    }
    drawn, axes = pictures.figure(2)
    titles = ("standard deviation of outputs", "standard deviation of gradients")
    tables = []
    for which, title in enumerate(titles):
        values = {name: both[which] for name, both in measured.items()}
        seen = {name: v for name, v in values.items() if any(v)}  # a logarithm has no 0
        pictures.lines(axes[which], seen, x="layer", y=title, log=True)
        tables.append(
            table(
                f"{title[0].upper()}{title[1:]} by layer, before training: "
                f"{len(HIDDEN)} hidden layers of 64 tanh",
                ("", *values),
                _by_layer(values),
            )
        )
    pictures.save(drawn, output / "spread.png")
    return "\n".join(tables)


def _by_layer(values: dict[str, list[float]]) -> list[tuple[str, ...]]:
    layers = zip(*values.values(), strict=True)
    return [(f"layer {i}", *map(scientific, layer)) for i, layer in enumerate(layers, 1)]


def gradient_norms(network: MLP, letters: Letters) -> list[float]:
    """Euclidean norm of the gradient of each layer's weights."""
    _, gradients = loss_and_gradients(network, letters)
    layers = range(len(network.architecture.hidden) + 1)
    return [float(np.linalg.norm(gradients[f"w{layer}"])) for layer in layers]


def _vanishing_table(letters: Nist36, output: Path, seed: int, epochs: int) -> str:
    rng = np.random.default_rng(seed)
    count = len(letters.train)
    some = letters.train.take(rng.choice(count, min(SHOWN, count), replace=False))
    norms, ends = {}, []
    for activation in ("sigmoid", "tanh"):
        network = built(Architecture(HIDDEN, activation), np.random.default_rng(seed))
        norms[f"{activation}, start"] = gradient_norms(network, some)
        history = fit(
            network,
            letters.train,
            letters.valid,
            epochs=epochs,
            rate=DEEP_RATE,
            rng=np.random.default_rng([seed, 1]),
            name=f"{len(HIDDEN)} layers of {activation}",
        )
        norms[f"{activation}, trained"] = gradient_norms(network, some)
        ends.append((activation, history[-1]))
    drawn, (axes,) = pictures.figure(1)
    pictures.lines(axes, norms, x="layer", y="norm of the weights' gradient", log=True)
    pictures.save(drawn, output / "vanishing.png")
    ratio = ("first / last", *(scientific(n[0] / n[-1]) for n in norms.values()))
    by_layer = table(
        f"Norm of the weights' gradient by layer: {len(HIDDEN)} hidden layers of 64, Xavier",
        ("", *norms),
        [*_by_layer(norms), ratio],
    )
    learnt = table(
        f"What they learnt in {epochs} epochs",
        ("", "training loss", "validation accuracy"),
        [(name, f"{e.train_loss:.3f}", percent(e.valid_accuracy)) for name, e in ends],
    )
    return f"{by_layer}\n{learnt}"
