"""Run the ink network: a gray page in, maps of writing, rules and rows out.

The page is processed in tiles, so that a page of any size needs the memory of one tile.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ocr.errors import ModelError

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

STRIDE = 32  # px of the coarsest level of the network; tiles begin at multiples of it
TILE = 768  # px, side of a tile; its activations take 50 MB
MARGIN = 64  # px around the part of a tile that is used: three letters
TYPICAL_HEIGHT = 20.0  # px; the network returns log2 of the height over this
OUTPUTS = {"ink": 1, "rule": 1, "core": 2, "height": 8, "turn": 32}  # px of the page per pixel


class InkMaps(NamedTuple):
    """Output of the network for an image of h x w pixels.

    Attributes
    ----------
    ink : ndarray, uint8 [h, w]
        Probability, 0 to 255, of ink of writing or print, darker or lighter than its background.
    rule : ndarray, uint8 [h, w]
        Probability of a ruled line, a box, an underline.
    core : ndarray, uint8 [ceil(h/2), ceil(w/2)]
        Probability of lying between the baseline and the x-height of a row.
    height : ndarray, float32 [ceil(h/8), ceil(w/8)]
        Cap height in pixels; only meaningful inside a core.
    turn : ndarray, float32 [4, ceil(h/32), ceil(w/32)]
        Logits of the number of quarter turns, counterclockwise, by which the page is rotated.
    """

    ink: Bytes
    rule: Bytes
    core: Bytes
    height: Floats
    turn: Floats


class InkNetwork:
    """An ink network in ONNX Runtime; ModelError if the file is not one.

    `threads` is the maximum number of cores that it uses; by default all.
    """

    def __init__(self, path: Path, *, threads: int | None = None) -> None:
        # imported by that module with telemetry off, and only if a network is used
        onnxruntime = import_module("ocr.classifiers.onnx").onnxruntime
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # errors only; a bad file is reported below
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.enable_cpu_mem_arena = False  # an arena does not give memory back
        if threads is not None:
            options.intra_op_num_threads = threads
        try:
            self._session: Any = onnxruntime.InferenceSession(
                path, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # ONNX Runtime's exceptions have no public base class
            raise ModelError(f"cannot use {path}: not an ONNX model (train one)") from error
        if [o.name for o in self._session.get_outputs()] != list(OUTPUTS):
            raise ModelError(f"cannot use {path}: not an ink network (train one)")

    def maps(self, gray: Bytes) -> InkMaps:
        """Run the network on an image, uint8 [h, w]."""
        whole = empty_maps(*gray.shape)
        for rows in tiles(gray.shape[0]):
            for columns in tiles(gray.shape[1]):
                self._run_tile(gray, rows, columns, whole)
        return whole

    def _run_tile(self, gray: Bytes, rows: Tile, columns: Tile, whole: InkMaps) -> None:
        """Run one tile and copy its inner part into the maps of the whole image."""
        part = gray[rows.start : rows.stop, columns.start : columns.stop]
        part = np.pad(part, [(0, -n % STRIDE) for n in part.shape], mode="edge")
        found: list[NDArray[Any]] = self._session.run(None, {"gray": part[None, None]})
        found[3] = TYPICAL_HEIGHT * np.exp2(found[3])
        targets: tuple[NDArray[Any], ...] = whole
        for k, output, target in zip(OUTPUTS.values(), found, targets, strict=True):
            own = output[0, ..., rows.own(k), columns.own(k)]
            target[..., rows.of_page(k), columns.of_page(k)] = own.reshape(
                target[..., rows.of_page(k), columns.of_page(k)].shape
            )


def empty_maps(height: int, width: int) -> InkMaps:
    """Allocate the maps of an image."""
    sides = [(-(-height // k), -(-width // k)) for k in OUTPUTS.values()]
    ink, rule, core = (np.empty(side, np.uint8) for side in sides[:3])
    return InkMaps(
        ink, rule, core, np.empty(sides[3], np.float32), np.empty((4, *sides[4]), np.float32)
    )


class Tile(NamedTuple):
    """Pixels `start` to `stop` are processed; of the result `first` to `last` is used."""

    start: int
    first: int
    last: int
    stop: int

    def of_page(self, k: int) -> slice:
        """Return the used part in a map of the page with one pixel for k pixels."""
        return slice(self.first // k, -(-self.last // k))

    def own(self, k: int) -> slice:
        """Return the used part in a map of the tile."""
        return slice((self.first - self.start) // k, -(-(self.last - self.start) // k))


def tiles(length: int) -> Iterator[Tile]:
    """Cover a length with tiles of at most `TILE` px.

    Examples
    --------
    >>> [tuple(t) for t in tiles(700)]
    [(0, 0, 700, 700)]
    >>> [tuple(t) for t in tiles(1200)]
    [(0, 0, 608, 672), (544, 608, 1200, 1200)]
    """
    count = 1 if length <= TILE else -(-length // (TILE - 2 * MARGIN))
    step = -(-length // count // STRIDE) * STRIDE
    for first in range(0, length, step):
        last = min(first + step, length)
        yield Tile(max(first - MARGIN, 0), first, last, min(last + MARGIN, length))
