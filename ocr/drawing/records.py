"""Views as rows of bytes, so that a batch of them is one array."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ocr.drawing.view import View

HEIGHT_STEPS = 32  # steps of the stored height for each doubling: 2 % each
SIDES = {"gray": 1, "ink": 1, "rule": 1, "valid": 1, "core": 2, "height": 8}  # px per value

Bytes = NDArray[np.uint8]


class Layout(NamedTuple):
    """Where each map is in the bytes of a view of `size` x `size` pixels."""

    size: int

    @property
    def parts(self) -> dict[str, tuple[slice, int]]:
        """Place in the record and side of each map, by name."""
        parts, start = {}, 0
        for name, divisor in SIDES.items():
            side = self.size // divisor
            parts[name] = slice(start, start + side * side), side
            start += side * side
        return parts

    @property
    def bytes(self) -> int:
        """Length of a record; its last byte is 1 if the view shows which side is up."""
        return 1 + sum(side * side for _, side in self.parts.values())

    def pack(self, view: View, out: Bytes) -> None:
        """Write a view into a record, uint8 [bytes]; ValueError if it has another size."""
        for name, (place, side) in self.parts.items():
            values = getattr(view, name)
            if values.shape != (side, side):
                raise ValueError(f"{name} is {values.shape}, expected {side} x {side}")
            out[place] = (encode_height(values) if name == "height" else values).ravel()
        out[-1] = view.shows_turn


def encode_height(height: NDArray[np.float32]) -> Bytes:
    """Encode a height in px as a byte: 1 + 32 log2(height), 0 for none.

    Examples
    --------
    >>> encode_height(np.array([0, 1, 16], np.float32)).tolist()
    [0, 1, 129]
    """
    code = 1 + HEIGHT_STEPS * np.log2(np.maximum(height, 1))
    return np.where(height > 0, np.clip(code.round(), 1, 255), 0).astype(np.uint8)
