"""Random distortions of crops, as photographs, pens and imperfect segmentation cause them.

Every function takes a batch of crops, float32 [N, 32, 32], ink 1.0 on paper 0.0. The strengths
were set by comparing contact sheets with crops of real photographs.

scipy.ndimage has the same operations (the tests compare them), but training works without
SciPy, and for 256 crops SciPy takes, on one thread: map_coordinates 15 ms (`sample_bilinear`
19 ms), zoom 143 ms (`draw_elastic_field` 0.5 ms), grey_dilation 2.3 ms and grey_erosion 8 ms
(maximum and minimum of `shift_each_way` 0.9 ms), convolve 4.6 ms (1.1 ms).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ocr.segment.crops import SIZE

Crops = NDArray[np.float32]

ELASTIC_GRID = 4  # control points along each side: about one per stroke of a letter
GRID = np.argwhere(np.ones((SIZE, SIZE))).astype(np.float32)  # (1024, 2) y, x
CENTER = np.float32((SIZE - 1) / 2)


def augment(crops: Crops, rng: np.random.Generator) -> Crops:
    """Distort each crop at random, independently of the others; the maximum of each becomes 1."""
    out = warp(crops, rng)
    out = change_stroke_width(out, rng)
    out = break_strokes(out, rng)
    out = cut_edges(out, rng)
    out = blur(out, rng)
    out = add_noise(out, rng)
    peak = out.max(axis=(1, 2), keepdims=True)
    return np.asarray(out / np.maximum(peak, np.float32(0.1)))


def warp(crops: Crops, rng: np.random.Generator) -> Crops:
    """Rotate, slant, stretch, shift and bend, in one bilinear resampling."""
    n = len(crops)
    angle = rng.normal(0, 0.10, n)  # radians: 95 % within 11 degrees
    slant = rng.normal(0, 0.18, n)
    stretch = np.exp(rng.normal(0, 0.10, n))
    zoom = np.exp(rng.normal(0, 0.06, n))
    cos, sin = np.cos(angle), np.sin(angle)
    matrix = np.empty((n, 2, 2), np.float32)  # output (y, x) offset from the center -> input
    matrix[:, 0, 0] = cos / (zoom * stretch)
    matrix[:, 0, 1] = -sin / zoom
    matrix[:, 1, 0] = (sin + slant * cos) / zoom
    matrix[:, 1, 1] = (cos - slant * sin) * stretch / zoom
    shift = rng.normal(0, 0.8, (n, 1, 2)).astype(np.float32)
    where = np.matmul(GRID - CENTER, matrix.transpose(0, 2, 1), dtype=np.float32)  # (N, 1024, 2)
    where += CENTER + shift
    where += draw_elastic_field(n, rng)
    return sample_bilinear(crops, where)


def draw_elastic_field(n: int, rng: np.random.Generator) -> Crops:
    """Draw smooth displacements in pixels, float32 [N, 1024, 2] (Simard et al. 2003)."""
    strength = rng.uniform(0, 1.1, (n, 1, 1))
    knots = (rng.normal(0, 1, (n, ELASTIC_GRID**2, 2)) * strength).astype(np.float32)
    return np.asarray(np.einsum("pk,nkc->npc", KNOT_WEIGHTS, knots, optimize=True))


def _knot_weights() -> Crops:
    """Return the bilinear weight of each control point at each pixel, [1024, 16]."""
    position = np.linspace(0, ELASTIC_GRID - 1, SIZE)
    hat = np.clip(1 - np.abs(position[:, None] - np.arange(ELASTIC_GRID)), 0, 1)  # (32, 4)
    return np.kron(hat, hat).astype(np.float32)


KNOT_WEIGHTS = _knot_weights()


def sample_bilinear(crops: Crops, where: Crops) -> Crops:
    """Sample each crop at its own positions, float [N, 1024, 2] (y, x); outside is paper."""
    n = len(crops)
    side = SIZE + 2
    padded = np.zeros((n, side, side), np.float32)
    padded[:, 1:-1, 1:-1] = crops
    where = np.clip(where + 1, 0, side - 1.001)
    y, x = where[..., 0], where[..., 1]
    row, column = np.floor(y), np.floor(x)
    fy, fx = y - row, x - column
    index = (row * side + column).astype(np.intp) + (np.arange(n) * side * side)[:, None]
    flat = padded.ravel()
    a, b = flat.take(index), flat.take(index + 1)
    top = a + (b - a) * fx
    a, b = flat.take(index + side), flat.take(index + side + 1)
    bottom = a + (b - a) * fx
    return (top + (bottom - top) * fy).reshape(crops.shape)


def change_stroke_width(crops: Crops, rng: np.random.Generator) -> Crops:
    """Thicken a third of the crops and thin a third, by up to a pixel on each side."""
    kind = rng.uniform(size=len(crops))
    out = crops.copy()
    for chosen, extreme in ((kind < 0.3, np.maximum), (kind > 0.7, np.minimum)):
        part = crops[chosen]
        moved = extreme.reduce([part, *shift_each_way(part)])
        blend = rng.uniform(0.2, 1, (len(part), 1, 1)).astype(np.float32)
        out[chosen] = part + blend * (moved - part)
    return out


def shift_each_way(crops: Crops) -> list[Crops]:
    """Return the crops shifted by one pixel down, up, right and left."""
    padded = np.pad(crops, ((0, 0), (1, 1), (1, 1)))
    return [padded[:, y : y + SIZE, x : x + SIZE] for y, x in ((0, 1), (2, 1), (1, 0), (1, 2))]


def break_strokes(crops: Crops, rng: np.random.Generator) -> Crops:
    """Fade the ink along a random line through one crop in fourteen, as where a pen skips."""
    chosen = np.flatnonzero(rng.uniform(size=len(crops)) < 0.07)
    angle = rng.uniform(0, np.pi, (len(chosen), 1))
    offset = rng.uniform(-7, 7, (len(chosen), 1))
    width = rng.uniform(0.5, 1.5, (len(chosen), 1))
    y, x = (GRID - CENTER).T
    distance = np.abs(y * np.cos(angle) + x * np.sin(angle) - offset)  # (n, 1024)
    out = crops.copy()
    out[chosen] *= np.clip(distance - width, 0, 1).reshape(-1, SIZE, SIZE)
    return out


def cut_edges(crops: Crops, rng: np.random.Generator) -> Crops:
    """Erase one side of one crop in twelve, as a cut between touching letters does."""
    out = crops.copy()
    for i in np.flatnonzero(rng.uniform(size=len(crops)) < 0.08):
        depth = int(rng.integers(5, 8))  # px from the border; ink starts at 4
        side = out[i] if rng.uniform() < 0.25 else out[i].T
        (side if rng.uniform() < 0.5 else side[::-1])[:depth] = 0
    return out


def blur(crops: Crops, rng: np.random.Generator) -> Crops:
    """Blur two crops in five, as low resolution and a shaking hand do."""
    chosen = rng.uniform(size=len(crops)) < 0.4
    part = crops[chosen]
    down, up, right, left = shift_each_way(part)
    soft = (2 * part + down + up + right + left) / 6
    blend = rng.uniform(0.2, 1.3, (len(part), 1, 1)).astype(np.float32)
    out = crops.copy()
    out[chosen] = np.clip(part + blend * (soft - part), 0, 1)
    return out


def add_noise(crops: Crops, rng: np.random.Generator) -> Crops:
    """Change the darkness of the ink in one crop of three, and add noise to one in five."""
    out = np.clip(crops, 0, 1)
    chosen = rng.uniform(size=len(crops)) < 0.35
    gamma = np.exp(rng.normal(0, 0.4, (int(chosen.sum()), 1, 1))).astype(np.float32)
    out[chosen] **= gamma
    chosen = rng.uniform(size=len(crops)) < 0.2
    part = out[chosen]
    strength = rng.uniform(0.02, 0.15, (len(part), 1, 1)).astype(np.float32)
    noise = rng.standard_normal(part.shape, np.float32)
    out[chosen] = np.clip(part + noise * strength, 0, 1)
    return out
