"""Check gradients of back-propagation, and measure whether they reach the first layer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr.classifiers.mlp import ACTIVATIONS, MLP, Architecture, Array
from ocr.study import Say, Source, nist36, pictures
from ocr.study.networks import REPORT, build_network, fit, loss_and_gradients, targets
from ocr.study.nist36 import Letters, Nist36
from ocr.study.output import percent, scientific, table
from ocr.training.numpy_learner import cross_entropy

STEP = 1e-5  # of the central differences; their error is about that of float64's rounding
COORDINATES_CHECKED = 40  # of each array
LETTERS_CHECKED = 64
HIDDEN = (64,) * 7  # deep enough to show by which factor a layer changes gradients
LETTERS_MEASURED = 512
SCALES = {"Xavier": None, "normal 0.01": 0.01, "normal 1": 1.0, "zeros": 0.0}
DEEP_RATE = 0.1
ZERO_RATE = 0.3
EPOCHS = 10

Loss = Callable[[Array], tuple[float, Array]]  # outputs to the mean loss and its gradient in them


def study(data: Source, output: Path, *, seed: int, say: Say, epochs: int = EPOCHS) -> None:
    """Check gradients; compare initial weights; measure how gradients vanish."""
    pictures.require_libraries()
    letters = nist36.load(data, seed=seed)
    say(_check_table(letters.train, seed))
    say(_zeros_table(letters, output, seed, epochs))
    say(_spread_tables(letters.train, output, seed))
    say(_vanishing_table(letters, output, seed, epochs))


def check(
    network: MLP, crops: NDArray[np.floating], loss: Loss, rng: np.random.Generator
) -> dict[str, float]:
    """Compare back-propagation with central differences, on random coordinates of each array.

    For each array of the network, which must be float64, the largest difference is returned,
    in units of its largest gradient.
    """
    signals = network.forward(crops)
    gradients = network.backward(signals, loss(signals[-1])[1])
    errors = {}
    for name, parameter in network.parameters.items():
        chosen = rng.choice(parameter.size, min(COORDINATES_CHECKED, parameter.size), replace=False)
        numeric = [_difference(network, crops, loss, parameter, int(i)) for i in chosen]
        largest = np.abs(numeric - gradients[name].ravel()[chosen]).max()
        errors[name] = float(largest / np.abs(gradients[name]).max())
    return errors


def _difference(
    network: MLP, crops: NDArray[np.floating], loss: Loss, parameter: Array, index: int
) -> float:
    """Return the slope of the loss along one coordinate, (f(w + h) - f(w - h)) / 2h."""
    flat = parameter.reshape(-1)  # a view of the network's array
    value = flat[index]
    losses = []
    for step in (STEP, -STEP):
        flat[index] = value + step
        losses.append(loss(network.forward(crops)[-1])[0])
    flat[index] = value
    return (losses[0] - losses[1]) / (2 * STEP)


def _check_table(train: Letters, seed: int) -> str:
    rng = np.random.default_rng(seed)
    sample = _draw(train, LETTERS_CHECKED, rng)
    errors = {
        activation: check(
            build_network(Architecture((64, 48), activation), rng, dtype=np.float64),
            sample.crops,
            lambda outputs: cross_entropy(outputs, targets(sample)),
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


def _draw(letters: Letters, count: int, rng: np.random.Generator) -> Letters:
    return letters.take(rng.choice(len(letters), min(count, len(letters)), replace=False))


def _array_name(key: str) -> str:
    kind = {"w": "weights", "b": "biases"}[key[0]]
    return f"layer {int(key[1:]) + 1} {kind}"


def _zeros_table(letters: Nist36, output: Path, seed: int, epochs: int) -> str:
    starts = {
        "zeros, sigmoid": ("sigmoid", 0.0, np.float64),
        # float32 sums in another order differ in their last digit, which separates the units
        "zeros, sigmoid, float32": ("sigmoid", 0.0, np.float32),
        "zeros, tanh": ("tanh", 0.0, np.float64),
        "Xavier, sigmoid": ("sigmoid", None, np.float64),
        "Xavier, tanh": ("tanh", None, np.float64),
    }
    rows, curves = [], {}
    for name, (activation, scale, dtype) in starts.items():
        architecture = Architecture(REPORT.hidden, activation)
        rng = np.random.default_rng(seed)
        network = build_network(architecture, rng, scale=scale, dtype=dtype)
        parts = (letters.train, letters.valid)
        history = fit(network, *parts, epochs=epochs, rate=ZERO_RATE, seed=seed, name=name)
        curves[name] = [epoch.train_loss for epoch in history]
        last = history[-1]
        units = count_different_units(network)
        rows.append((name, f"{last.train_loss:.3f}", percent(last.valid_accuracy), str(units)))
    pictures.save_curves(output / "zeros.png", curves, x="epoch", y="training loss")
    return table(
        f"Starting weights, 1024-64-36, {epochs} epochs (chance: loss {np.log(36):.3f}, 2.8 %)",
        ("", "training loss", "validation accuracy", "different hidden units"),
        rows,
    )


def count_different_units(network: MLP) -> int:
    """Count the hidden units of the first layer whose weights differ by more than rounding."""
    weights = network.parameters["w0"].T  # (units, 1024)
    tolerance = 1e-3 * np.abs(weights).max()
    different: list[Array] = []
    for unit in weights:
        if all(np.abs(unit - other).max() > tolerance for other in different):
            different.append(unit)
    return len(different)


def standard_deviations(network: MLP, letters: Letters) -> tuple[list[float], list[float]]:
    """Return those of each hidden layer's outputs, and of the gradient of each layer's weights."""
    signals = network.forward(letters.crops)
    _, gradients = loss_and_gradients(network, letters)
    layers = len(network.architecture.hidden)
    return (
        [float(signal.std()) for signal in signals[1:-1]],
        [float(gradients[f"w{layer}"].std()) for layer in range(layers + 1)],
    )


def _spread_tables(train: Letters, output: Path, seed: int) -> str:
    rng = np.random.default_rng(seed)
    sample = _draw(train, LETTERS_MEASURED, rng)
    architecture = Architecture(HIDDEN, "tanh")
    measured = {
        name: standard_deviations(
            build_network(architecture, rng, scale=scale, dtype=np.float64), sample
        )
        for name, scale in SCALES.items()
    }
    figure, axes = pictures.make_figure(2)
    titles = ("standard deviation of outputs", "standard deviation of gradients")
    tables = []
    for i, title in enumerate(titles):
        values = {name: both[i] for name, both in measured.items()}
        positive = {name: v for name, v in values.items() if any(v)}  # the axis is logarithmic
        pictures.plot_curves(axes[i], positive, x="layer", y=title, log=True)
        tables.append(
            table(
                f"{title[0].upper()}{title[1:]} by layer, before training: "
                f"{len(HIDDEN)} hidden layers of 64 tanh",
                ("", *values),
                _by_layer(values),
            )
        )
    pictures.save_figure(figure, output / "spread.png")
    return "\n".join(tables)


def _by_layer(values: dict[str, list[float]]) -> list[tuple[str, ...]]:
    layers = zip(*values.values(), strict=True)
    return [(f"layer {i}", *map(scientific, layer)) for i, layer in enumerate(layers, 1)]


def gradient_norms(network: MLP, letters: Letters) -> list[float]:
    """Return the Euclidean norm of the gradient of each layer's weights."""
    _, gradients = loss_and_gradients(network, letters)
    layers = range(len(network.architecture.hidden) + 1)
    return [float(np.linalg.norm(gradients[f"w{layer}"])) for layer in layers]


def _vanishing_table(letters: Nist36, output: Path, seed: int, epochs: int) -> str:
    sample = _draw(letters.train, LETTERS_MEASURED, np.random.default_rng(seed))
    norms, last = {}, []
    for activation in ("sigmoid", "tanh"):
        network = build_network(Architecture(HIDDEN, activation), np.random.default_rng(seed))
        norms[f"{activation}, start"] = gradient_norms(network, sample)
        parts = (letters.train, letters.valid)
        name = f"{len(HIDDEN)} layers of {activation}"
        history = fit(network, *parts, epochs=epochs, rate=DEEP_RATE, seed=seed, name=name)
        norms[f"{activation}, trained"] = gradient_norms(network, sample)
        last.append((activation, history[-1]))
    path = output / "vanishing.png"
    pictures.save_curves(path, norms, x="layer", y="norm of the weights' gradient", log=True)
    ratio = ("first / last", *(scientific(n[0] / n[-1]) for n in norms.values()))
    by_layer = table(
        f"Norm of the weights' gradient by layer: {len(HIDDEN)} hidden layers of 64, Xavier",
        ("", *norms),
        [*_by_layer(norms), ratio],
    )
    learned = table(
        f"What they learned in {epochs} epochs",
        ("", "training loss", "validation accuracy"),
        [(name, f"{e.train_loss:.3f}", percent(e.valid_accuracy)) for name, e in last],
    )
    return f"{by_layer}\n{learned}"
