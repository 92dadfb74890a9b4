"""Pictures of the studies: curves and grids of crops, as small PNG files."""

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

INCHES = 4.0  # height of a diagram
DPI = 90
COLORS = 64  # of a palette; lines and gray levels need no more
GAP = 2  # px between the images of a grid
MIDDLE_GRAY = 128  # of a weight of 0


def require_libraries() -> None:
    """Raise MissingExtraError before minutes of training if nothing could be drawn after it."""
    try:
        import matplotlib  # noqa: F401
        import skimage  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingExtraError("a study", "study") from error


def make_figure(columns: int) -> tuple[Figure, list[Axes]]:
    """Return a figure of diagrams in a row, and their axes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(columns * INCHES * 1.2, INCHES), dpi=DPI, layout="constrained")
    return figure, [figure.add_subplot(1, columns, i + 1) for i in range(columns)]


def plot_curves(
    axes: Axes,
    curves: Mapping[str, Sequence[float] | NDArray[Any]],
    *,
    x: str,
    y: str,
    log: bool = False,
) -> None:
    """Plot named curves over 1, 2, 3 ...; validation dashed, in the color of its training."""
    colors: dict[str, Any] = {}
    for name, values in curves.items():
        base = name.removesuffix(", validation")
        steps = range(1, len(values) + 1)
        style = "-" if name == base else "--"
        (line,) = axes.plot(steps, values, style, color=colors.get(base), label=name)
        colors[base] = line.get_color()
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.locator_params(axis="x", integer=True)
    if log:
        axes.set_yscale("log")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)


def save_curves(
    path: Path, curves: Mapping[str, Sequence[float]], *, x: str, y: str, log: bool = False
) -> None:
    """Write a diagram of curves as a PNG."""
    figure, (axes,) = make_figure(1)
    plot_curves(axes, curves, x=x, y=y, log=log)
    save_figure(figure, path)


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure as a PNG."""
    png = BytesIO()
    figure.savefig(png, format="png")
    with Image.open(png) as image:
        save_image(image, path)


def save_image(image: Image.Image, path: Path) -> None:
    """Write an image as a PNG of few colors, which makes a diagram a third of its size."""
    if image.mode != "L":  # dithering would cost more bytes than the palette saves
        image = image.convert("RGB").quantize(COLORS, dither=Image.Dither.NONE)
    png = BytesIO()
    image.save(png, format="PNG", optimize=True)
    write_whole(path, png.getvalue())


def ink_to_gray(crops: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """Return gray levels of crops as on paper: ink 1 black, paper 0 white."""
    levels: NDArray[np.uint8] = np.rint(255 * (1 - np.clip(crops, 0, 1))).astype(np.uint8)
    return levels


def weights_to_gray(filters: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """Return gray levels of weights [N, h, w]: 0 is middle gray, each filter's largest an end."""
    largest = np.abs(filters).max(axis=(1, 2), keepdims=True)
    scaled = filters / np.maximum(largest, np.finfo(filters.dtype).tiny)
    levels: NDArray[np.uint8] = np.rint(MIDDLE_GRAY + (MIDDLE_GRAY - 1) * scaled).astype(np.uint8)
    return levels


def arrange_grid(images: NDArray[np.uint8], *, columns: int, scale: int = 2) -> Image.Image:
    """Arrange images [N, h, w] in rows from left to right, on white, enlarged by whole pixels."""
    from skimage.util import montage

    rows = -(-len(images) // columns)
    sheet = montage(images, fill=255, grid_shape=(rows, columns), padding_width=GAP)
    return Image.fromarray(sheet.repeat(scale, axis=0).repeat(scale, axis=1))
