"""Split components that are letters of two rows, which touch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ocr.segment.components import Components
from ocr.segment.rows import HALF_CORE, Piece

MIN_SHARE = 0.25  # of the ink of two letters that touch, for each of them


def split_touching(
    components: Components, lines: Sequence[Piece]
) -> tuple[Components, list[Piece]]:
    """Split components that cross the cores of several rows, and give each row its part."""
    lines = list(lines)
    crossing = np.array([crosses(components.boxes, line) for line in lines])  # (lines, n)
    touching = np.flatnonzero(crossing.sum(0) > 1) if lines else ()
    if not len(touching):
        return components, lines
    labels = components.labels.copy()
    ids, boxes, areas, probabilities = (
        part.tolist()
        for part in (components.ids, components.boxes, components.areas, components.probabilities)
    )
    for i in touching:
        left, top, right, bottom = boxes[i]
        y, x = np.nonzero(labels[top:bottom, left:right] == ids[i])
        y, x = y + top, x + left
        rows = np.flatnonzero(crossing[:, i]).tolist()
        away = [np.abs(lines[row].at(x) - y) / lines[row].height for row in rows]
        nearest = np.argmin(away, axis=0)
        if np.bincount(nearest, minlength=len(rows)).min() < MIN_SHARE * len(x):
            continue
        for k, row in enumerate(rows):
            own_y, own_x = y[nearest == k], x[nearest == k]
            others = lines[row].members[lines[row].members != i]
            lines[row] = lines[row]._replace(members=np.append(others, len(ids)))
            ids.append(int(labels.max()) + 1)
            boxes.append([own_x.min(), own_y.min(), own_x.max() + 1, own_y.max() + 1])
            areas.append(len(own_x))
            probabilities.append(probabilities[i])
            labels[own_y, own_x] = ids[-1]
    new_ids, new_boxes, new_areas = (np.array(part, np.int32) for part in (ids, boxes, areas))
    new_probabilities = np.array(probabilities, np.float32)
    return Components(labels, new_ids, new_boxes, new_areas, new_probabilities), lines


def crosses(boxes: NDArray[np.int32], line: Piece) -> NDArray[np.bool_]:
    """Tell which boxes, [n, 4], reach over the core of a row."""
    left, top, right, bottom = boxes.T
    middle = (left + right) / 2
    y, half = line.at(middle), HALF_CORE * line.height
    beside = (middle < line.left) | (middle > line.right)
    over: NDArray[np.bool_] = (top < y - half) & (y + half < bottom) & ~beside
    return over
