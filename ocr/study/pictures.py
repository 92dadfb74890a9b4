"""Pictures of the studies: curves, grids of crops and matrices, as small PNG files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocr.errors import MissingExtraError
from ocr.files import write_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INCHES = 4.0  # width and height of one diagram
DPI = 90
COLOURS = 64  # of a palette; lines and grey levels need no more
NO_DITHER = Image.Dither.NONE  # dots would cost more bytes than colours save
GAP = 2  # px between the images of a grid
MIDDLE = 128  # grey of a weight of 0


def require() -> None:
    """MissingExtraError if there is nothing to draw with: before the minutes of training."""
    try:
        import matplotlib  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingExtraError("drawing a study", "plot") from error


def figure(columns: int) -> tuple[Figure, list[Axes]]:
    """Figure of diagrams side by side, and their axes."""
    require()
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(columns * INCHES * 1.2, INCHES), dpi=DPI, layout="constrained")
    return drawn, [drawn.add_subplot(1, columns, i + 1) for i in range(columns)]


def lines(
    axes: Axes,
    curves: Mapping[str, Sequence[float] | NDArray[Any]],
    *,
    x: str,
    y: str,
    log: bool = False,
) -> None:
    """Draw named curves over 1, 2, 3 ...; validation dashed, in the colour of its training."""
    colours: dict[str, Any] = {}
    for name, values in curves.items():
        base = name.removesuffix(", validation")
        steps = range(1, len(values) + 1)
        style = "-" if name == base else "--"
        (line,) = axes.plot(steps, values, style, color=colours.get(base), label=name)
        colours[base] = line.get_color()
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.locator_params(axis="x", integer=True)
    if log:
        axes.set_yscale("log")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)


def save(drawn: Figure, path: Path) -> None:
    """Write a figure as a PNG; OutputError if the file cannot be written."""
    png = BytesIO()
    drawn.savefig(png, format="png")
    with Image.open(png) as image:
        write_png(image, path)


def write_png(image: Image.Image, path: Path) -> None:
    """Write an image in few colours, which makes a diagram a third of its size."""
    png = BytesIO()
    small = image if image.mode == "L" else image.convert("RGB").quantize(COLOURS, dither=NO_DITHER)
    small.save(png, format="PNG", optimize=True)
    write_whole(path, png.getvalue())


def ink(crops: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """Grey levels of crops, as on paper: ink 1 black, paper 0 white."""
    levels: NDArray[np.uint8] = np.rint(255 * (1 - np.clip(crops, 0, 1))).astype(np.uint8)
    return levels


def weights(filters: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """Grey levels of weights [N, h, w]: 0 is middle grey, each filter's largest black or white."""
    largest = np.abs(filters).max(axis=(1, 2), keepdims=True)
    scaled = filters / np.maximum(largest, np.finfo(filters.dtype).tiny)
    levels: NDArray[np.uint8] = np.rint(MIDDLE + (MIDDLE - 1) * scaled).astype(np.uint8)
    return levels


def grid(images: NDArray[np.uint8], *, columns: int, scale: int = 2) -> Image.Image:
    """Images [N, h, w] in rows from left to right, on white, enlarged by whole pixels."""
    count, height, width = images.shape
    rows = -(-count // columns)
    sheet = np.full((rows * (height + GAP) + GAP, columns * (width + GAP) + GAP), 255, np.uint8)
    for i, image in enumerate(images):
        top = GAP + i // columns * (height + GAP)
        left = GAP + i % columns * (width + GAP)
        sheet[top : top + height, left : left + width] = image
    return Image.fromarray(np.kron(sheet, np.ones((scale, scale), np.uint8)))
