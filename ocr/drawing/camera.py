"""Make a picture of a drawn page: geometry, light, focus, noise and file compression."""

from __future__ import annotations

import math
from random import Random
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.float32]
Mask = NDArray[np.uint8]


class Geometry(NamedTuple):
    """Where each pixel of the view comes from on the canvas.

    ``whole`` is int16 [S, S, 2], px; ``part`` is uint16 [S, S], the fraction in OpenCV's form.
    """

    whole: NDArray[np.int16]
    part: NDArray[np.uint16]
    zoom: float


def random_tilt(dice: Random) -> float:
    """Tilt of the page, radians: mostly a few degrees, often up to 15, sometimes up to 45."""
    drawn = dice.random()
    if drawn < 0.5:
        return dice.gauss(0, 0.02)
    if drawn < 0.78:
        return dice.gauss(0, 0.07)
    limit = math.radians(15) if drawn < 0.95 else math.radians(45)
    return dice.uniform(-limit, limit)


def canvas_size(size: int, tilt: float) -> int:
    """Side of a canvas that covers a view turned by so much, px."""
    reach = abs(math.cos(tilt)) + abs(math.sin(tilt))
    return int(size * reach * 1.06 + 24)


def geometry(
    dice: Random, rng: np.random.Generator, size: int, canvas: int, tilt: float
) -> Geometry:
    """A view of a canvas: turned, in perspective, curled."""
    zoom = dice.uniform(0.97, 1.08)
    skew_x = dice.gauss(0, 1.3e-4) if dice.random() < 0.6 else 0.0
    skew_y = dice.gauss(0, 1.3e-4) if skew_x else 0.0
    axis = np.arange(size, dtype=np.float32) - size / 2
    x, y = axis[None, :], axis[:, None]
    near = 1 / ((1 + skew_x * x + skew_y * y) * zoom)
    cosine, sine = math.cos(tilt), math.sin(tilt)
    at_x = (cosine * x - sine * y) * near + canvas / 2
    at_y = (sine * x + cosine * y) * near + canvas / 2
    if dice.random() < 0.3:
        bumps = rng.normal(0, dice.uniform(1, 5), (2, 4, 4)).astype(np.float32)
        at_x += cv2.resize(bumps[0], (size, size), interpolation=cv2.INTER_CUBIC) * np.float32(0.5)
        at_y += cv2.resize(bumps[1], (size, size), interpolation=cv2.INTER_CUBIC)
    if dice.random() < 0.08:  # the page curls towards the spine of a book
        spine = np.exp(-(axis + size / 2) / dice.uniform(30, 120)) * dice.uniform(-25, 25)
        at_y += (spine if dice.random() < 0.5 else spine[::-1])[None, :].astype(np.float32)
    whole, part = cv2.convertMaps(at_x, at_y, cv2.CV_16SC2)
    return Geometry(np.asarray(whole, np.int16), np.asarray(part, np.uint16), zoom)


def light(gray: Gray, dice: Random, rng: np.random.Generator) -> Gray:
    """Uneven light, shadows with an edge, a flash, vignetting, a dark or thin exposure."""
    size = gray.shape[0]
    if dice.random() < 0.55:
        patches = 1 + rng.normal(0, dice.uniform(0.03, 0.18), (3, 3)).astype(np.float32)
        gray = gray * cv2.resize(patches, (size, size), interpolation=cv2.INTER_CUBIC).clip(
            0.25, 1.6
        )
    axis = np.arange(size, dtype=np.float32) - size / 2
    x, y = axis[None, :], axis[:, None]
    if dice.random() < 0.2:
        angle, soft = dice.uniform(0, 6.3), dice.uniform(1.5, 40)
        ramp = (math.cos(angle) * x + math.sin(angle) * y - dice.gauss(0, 90)) / np.float32(soft)
        gray = gray * (1 - np.float32(dice.uniform(0.15, 0.6)) / (1 + np.exp(-ramp.clip(-30, 30))))
    if dice.random() < 0.08:
        center_x, center_y = dice.uniform(-150, 150), dice.uniform(-150, 150)
        spread = dice.uniform(20, 90)
        fall_x = np.exp(-((x - center_x) ** 2) / (2 * spread**2))
        fall_y = np.exp(-((y - center_y) ** 2) / (2 * spread**2))
        gray = gray + fall_x * fall_y * np.float32(dice.uniform(0.1, 0.5))
    if dice.random() < 0.08:
        gray = gray * (1 - np.float32(dice.uniform(0.1, 0.5)) * (x * x + y * y) / (size * size / 2))
    if dice.random() < 0.25:
        gray = gray * np.float32(dice.uniform(0.5, 1))
    if dice.random() < 0.08:  # a thin exposure: little contrast on a gray veil
        gray = gray * np.float32(dice.uniform(0.35, 0.9)) + np.float32(dice.uniform(0, 0.3))
    return np.asarray(gray, np.float32)


def focus(gray: Gray, dice: Random, height: float) -> Gray:
    """Blur of the lens or the hand, at most what letters of a capital height (px) allow."""
    drawn = dice.random()
    limit = max(0.5, 0.085 * height)
    if drawn < 0.45:
        return _blurred(gray, min(dice.uniform(0.3, 1.1), limit * 1.3))
    if drawn < 0.55:
        return _blurred(gray, min(4.0, limit * dice.uniform(0.7, 1.5)))
    if drawn < 0.61:
        length = max(2, min(11, round(height * dice.uniform(0.08, 0.3))))
        kernel = np.zeros((length, length), np.float32)
        end = dice.randrange(length)
        cv2.line(kernel, (0, end), (length - 1, length - 1 - end), 1.0)
        return np.asarray(cv2.filter2D(gray, -1, kernel / kernel.sum()), np.float32)
    return gray


def _blurred(gray: Gray, sigma: float) -> Gray:
    return np.asarray(cv2.GaussianBlur(gray, (0, 0), sigma), np.float32)


def coarsen(gray: Gray, dice: Random, height: float) -> Gray:
    """The view at a lower resolution and back, so that capitals had at least about 5 px."""
    share = max(dice.uniform(0.3, 0.85), min(0.9, 5.5 / height))
    small = cv2.resize(gray, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    how = dice.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_NEAREST if share > 0.6 else 1])
    return np.asarray(cv2.resize(small, gray.shape[::-1], interpolation=how), np.float32)


def grain(gray: Gray, noise: Gray, dice: Random, strength: float) -> Gray:
    """Noise of the sensor, sharp or soft."""
    size = gray.shape[0]
    if noise.shape[0] <= size:
        return gray
    a, b = (dice.randrange(noise.shape[0] - size) for _ in range(2))
    field = noise[a : a + size, b : b + size]
    if dice.random() < 0.3:
        field = cv2.GaussianBlur(field, (0, 0), dice.uniform(0.6, 2)) * np.float32(2)
    return np.asarray(gray + field * np.float32(strength), np.float32)


def special(gray: Gray, dice: Random) -> Gray:
    """Sometimes a fax, a dithered print, a worn thermal print or a moire pattern."""
    drawn, size = dice.random(), gray.shape[0]
    axis = np.arange(size, dtype=np.float32)
    if drawn < 0.05:
        around = cv2.resize(cv2.blur(gray[::4, ::4], (11, 11)), (size, size))
        return (gray > around - dice.uniform(0.04, 0.12)).astype(np.float32)
    if drawn < 0.065:
        tiles = np.tile(_BAYER, (-(-size // 4), -(-size // 4)))[:size, :size]
        return (gray > tiles * np.float32(0.9) + 0.05).astype(np.float32)
    if drawn < 0.09:
        fade = 0.65 + 0.35 * np.sin(axis * dice.uniform(0.005, 0.1) + dice.random() * 6)
        ground = float(np.percentile(gray[::8, ::8], 90))
        return np.asarray(ground + (gray - ground) * fade[None, :].astype(np.float32), np.float32)
    if drawn < 0.125:
        waves = (
            np.sin(axis * dice.uniform(0.1, 2))[:, None] * np.sin(axis * dice.uniform(0.1, 2))[None]
        )
        return np.asarray(gray + waves * np.float32(dice.uniform(0.01, 0.06)), np.float32)
    return gray


_BAYER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], np.float32) / 16


def to_bytes(gray: Gray, dice: Random) -> Mask:
    """Pixels from 0 to 255, through a JPEG file sometimes."""
    pixels = np.clip(gray * 255, 0, 255).astype(np.uint8)
    if dice.random() < 0.4:
        quality = dice.randint(12, 92)
        _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
        pixels = np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)
    return pixels


def visible(gray: Mask, ink: Mask, core: Mask) -> Mask:
    """Where the truth can be seen, uint8 [S, S]: not where ink hardly differs from the ground.

    Means of ink and of the ground around it, in windows of 25 px, are compared with each
    other and with the ground's own spread.
    """
    sure = np.full(gray.shape, 255, np.uint8)
    if int(ink.max()) <= 70:
        return sure
    half = (gray.shape[1] // 2, gray.shape[0] // 2)
    inked = (cv2.resize(ink, half, interpolation=cv2.INTER_AREA) > 70).astype(np.float32)
    value = cv2.resize(gray, half, interpolation=cv2.INTER_AREA).astype(np.float32)
    wide = np.asarray(cv2.dilate(inked, np.ones((3, 3), np.uint8)), np.float32)
    around = np.asarray(1 - wide, np.float32)

    def total(field: Gray) -> Gray:
        return np.asarray(cv2.boxFilter(field, -1, (13, 13), normalize=False), np.float32)

    count, free = total(inked) + 1e-3, total(around) + 1e-3
    ground = value * around
    mean = total(ground) / free
    step = np.abs(total(value * inked) / count - mean)
    spread = np.sqrt(np.maximum(total(value * ground) / free - mean * mean, 0))
    faint = (step < np.maximum(6, 0.7 * spread)) & (count > 0.5) & (free > 5)
    cored = cv2.resize(core, half, interpolation=cv2.INTER_AREA) > 127
    near = cv2.dilate(np.maximum(inked, cored.astype(np.float32)), np.ones((3, 3), np.uint8))
    doubtful = (faint & (near > 0)).astype(np.uint8)
    sure[cv2.resize(doubtful, gray.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0] = 0
    return sure
