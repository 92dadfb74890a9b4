"""Components to rows of writing, on tilted and uneven pages.

The page's tilt is taken from the profile of the components (Postl 1986); then a sweep from
left to right follows each row as it climbs and bends.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ocr.segment.components import Components, letter_height

Floats = NDArray[np.float64]

STEEPEST = 0.42  # slope of a row: 23 degrees
SMALL = 0.35  # of the letter height; smaller marks follow a row, and do not found one
LOW = 0.55  # of the letter height; what is lower may be a row's quotation marks ...
BESIDE = 0.9  # ... where it is so near to it, in band heights from its middle: they are at 0.8
MEMORY = 4  # letters whose mean place a row is expected to keep
FARTHEST = 1.5  # band heights from a band's middle: a dot over a row of small letters is at 1.2
GOES_ON = 0.25  # share of the lower band that two rows share which are one that climbs ...
BEYOND = 0.4  # ... of two that a wide space parts ...
AMID = 0.55  # ... and of two that are one whose taller letters began it anew
NEARER = 0.05  # of that overlap, that a row must fit better for each height that it is farther
FAR = 10  # heights, beyond which a row is just far
PIECE = 0.6  # of the narrower one's width, that pieces of a broken letter are over each other
SAME_ROW = 0.45  # share of the smaller height that must overlap the row


class Row(NamedTuple):
    """Components of one row.

    Attributes
    ----------
    members : ndarray, intp [n]
        Indices into the components, left to right by their middles.
    slope : float
        Of the page's rows: pixels down for each pixel to the right.
    """

    members: NDArray[np.intp]
    slope: float


def find_rows(components: Components) -> list[Row]:
    """Cluster components into rows, top to bottom.

    Parameters
    ----------
    components : Components
        Without pictures and rules (`drop_non_text`).

    Returns
    -------
    list of Row
        Empty for no components.
    """
    height = letter_height(components)
    if not len(components):
        return []
    slope = find_slope(components, height)
    boxes = straightened(components.boxes, slope)
    small, low = (components.heights < share * height for share in (SMALL, LOW))
    tracks = merge_tracks(sweep(boxes, np.flatnonzero(~low)), boxes)
    apart = attach_low(tracks, boxes, np.flatnonzero(low & ~small))
    tracks = merge_tracks(tracks + sweep(boxes, apart), boxes)
    attach_small(tracks, boxes, np.flatnonzero(small))
    tracks.sort(key=lambda t: t.middle(boxes))
    return [Row(_left_to_right(t.members + t.marks, boxes), slope) for t in tracks]


def _left_to_right(members: list[int], boxes: Floats) -> NDArray[np.intp]:
    order = np.array(members, np.intp)
    middles = boxes[order, 0] + boxes[order, 2]
    return order[np.argsort(middles, kind="stable")]


def find_slope(components: Components, height: float) -> float:
    """Slope of the rows: the one along which the components' profile is sharpest."""
    large = components.heights >= SMALL * height
    left, top, right, bottom = components.boxes[large].T.astype(np.float64)
    if len(left) < 4:
        return 0.0
    x, y = (left + right) / 2, (top + bottom) / 2
    slopes = np.append(np.linspace(-STEEPEST, STEEPEST, 85), 0.0)
    scores = _sharpness(x, y, slopes, height)
    best = float(slopes[scores.argmax()])
    if scores.max() < 1.15 * scores[-1]:  # a few letters look sharp along some slope by chance
        best = 0.0
    fine = best + np.linspace(-0.03, 0.03, 25)
    scores = _sharpness(x, y, fine, height) - np.abs(fine - best)
    return float(fine[scores.argmax()])


def _sharpness(x: Floats, y: Floats, slopes: Floats, height: float) -> Floats:
    """Sum of squares of each slope's profile, smoothed over half a letter, per component."""
    place = (y - slopes[:, None] * x) / (height / 4)  # (slopes, components)
    place -= place.min(1, keepdims=True)
    base = place.astype(np.intp)
    share = place - base
    size = int(base.max()) + 4
    base += size * np.arange(len(slopes))[:, None] + 1  # one array of all profiles
    base, share = base.ravel(), share.ravel()
    profile = np.bincount(base, 1 - share, size * len(slopes))
    profile += np.bincount(base + 1, share, size * len(slopes))
    profile = np.pad(profile, 1)
    smooth = 0.25 * profile[:-2] + 0.5 * profile[1:-1] + 0.25 * profile[2:]
    totals: Floats = (smooth**2).reshape(len(slopes), size).sum(1) / len(x)
    return totals


def straightened(boxes: NDArray[np.int32], slope: float) -> Floats:
    """Boxes moved to where they would be if the rows were level, float64 [n, 4]."""
    left, top, right, bottom = boxes.T.astype(np.float64)
    x, y = (left + right) / 2, (top + bottom) / 2
    dx, dy = slope * y, -slope * x
    return np.stack([left + dx, top + dy, right + dx, bottom + dy], 1)


class Track(NamedTuple):
    """A row while it is followed: its letters, the marks beside them, and the box around all.

    Quotation marks and the like are in a row, and tell nothing of where its letters stand.
    """

    members: list[int]
    marks: list[int]
    box: Floats

    @classmethod
    def start(cls, member: int, boxes: Floats) -> Track:
        """Begin a row with one letter."""
        return cls([member], [], boxes[member].copy())

    def take_in(self, other: Track) -> None:
        """Take in another row."""
        self.members.extend(other.members)
        self.marks.extend(other.marks)
        self._reach(other.box)

    def add(self, member: int, boxes: Floats) -> None:
        """Take in a letter."""
        self.members.append(member)
        self._reach(boxes[member])

    def attach(self, mark: int, boxes: Floats) -> None:
        """Take in a mark."""
        self.marks.append(mark)
        self._reach(boxes[mark])

    def _reach(self, box: Floats) -> None:
        np.minimum(self.box[:2], box[:2], out=self.box[:2])
        np.maximum(self.box[2:], box[2:], out=self.box[2:])

    def band(self, boxes: Floats, near: float) -> tuple[float, float]:
        """Top and bottom expected at the abscissa `near`: the mean of the letters there."""
        own = boxes[self.members]
        nearest = np.argsort(np.abs((own[:, 0] + own[:, 2]) / 2 - near))[:MEMORY]
        top, bottom = own[nearest][:, [1, 3]].mean(0)
        return float(top), float(bottom)

    def middle(self, boxes: Floats) -> float:
        """Mean ordinate, each letter counting as much as it is tall."""
        top, bottom = boxes[self.members, 1], boxes[self.members, 3]
        return float(np.average((top + bottom) / 2, weights=bottom - top + 1e-9))


def sweep(boxes: Floats, which: NDArray[np.intp]) -> list[Track]:
    """Follow rows of some letters from left to right; one that fits none begins a new one."""
    order = which[np.argsort(boxes[which, 0])]
    tracks: list[Track] = []
    letters: list[list[list[float]]] = []  # boxes of each, pieces of broken ones together
    ends = np.empty((len(order), 3))  # top and bottom of the last letters of each, and its right
    corners: list[list[float]] = boxes.tolist()
    for i in order.tolist():
        _, top, _, bottom = corners[i]
        tops, bottoms, rights = ends[: len(tracks)].T
        shared = np.minimum(bottoms, bottom) - np.maximum(tops, top)
        fits = shared / np.maximum(np.minimum(bottoms - tops, bottom - top), 1e-9)
        if len(fits) and fits.max() >= SAME_ROW:
            # of two rows that fit, the nearer one: a scratch far to the left had its row too
            gaps = np.clip((boxes[i, 0] - rights) / np.maximum(bottoms - tops, 1e-9), 0, FAR)
            best = int(np.where(fits >= SAME_ROW, fits - NEARER * gaps, -np.inf).argmax())
            tracks[best].add(i, boxes)
        else:
            best = len(tracks)
            tracks.append(Track.start(i, boxes))
            letters.append([])
        add_letter(letters[best], corners[i])
        ends[best] = (*mean_place(letters[best][-MEMORY:]), tracks[best].box[2])
    return tracks


def add_letter(letters: list[list[float]], box: list[float]) -> None:
    """Add a letter's box to those of a row; a piece of the last letter adds to that one's."""
    if letters and is_piece(box, letters[-1]):
        left, top, right, bottom = letters[-1]
        letters[-1] = [left, min(top, box[1]), max(right, box[2]), max(bottom, box[3])]
    else:
        letters.append(box)


def is_piece(box: list[float], letter: list[float]) -> bool:
    """Whether a box is over or under one that is not far larger, such as a margin's rule is."""
    tall, other = box[3] - box[1], letter[3] - letter[1]
    over = min(box[2], letter[2]) - max(box[0], letter[0])
    narrower = min(box[2] - box[0], letter[2] - letter[0])
    return over > PIECE * narrower and min(tall, other) > SMALL * max(tall, other)


def mean_place(letters: list[list[float]]) -> tuple[float, float]:
    """Mean top and bottom of letters."""
    _, tops, _, bottoms = zip(*letters, strict=True)
    return sum(tops) / len(letters), sum(bottoms) / len(letters)


def overlap(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Overlap of two intervals as a share of the shorter, negative where they are apart.

    Examples
    --------
    >>> overlap((0, 10), (5, 25))
    0.5
    """
    shared = min(one[1], other[1]) - max(one[0], other[0])
    return shared / max(min(one[1] - one[0], other[1] - other[0]), 1e-9)


def merge_tracks(tracks: list[Track], boxes: Floats) -> list[Track]:
    """Join rows that were begun twice: the same height where their ends meet."""
    merged: list[Track] = []
    for track in sorted(tracks, key=lambda t: -len(t.members)):
        home = next((h for h in merged if is_same_row(h, track, boxes)), None)
        if home is None:
            merged.append(track)
        else:
            home.take_in(track)
    return merged


def is_same_row(home: Track, track: Track, boxes: Floats) -> bool:
    """Whether a track goes on, or lies within, a longer one."""
    left, top, right, bottom = track.box
    start, highest, end, lowest = home.box
    if bottom < highest or top > lowest:
        return False
    near_left = overlap(home.band(boxes, left), track.band(boxes, left))
    near_right = overlap(home.band(boxes, right), track.band(boxes, right))
    # a lone p or comma that hangs low amid a long row, or ends it, did not begin another
    scrap = 4 * len(track.members) <= len(home.members)
    tall = lowest - highest
    apart = max(left - end, start - right)
    if apart > -0.5 * tall:  # side by side, or the one's last letter over the other's first
        near = near_left if left + right >= start + end else near_right
        return near >= (GOES_ON if apart < 0.5 * tall else BEYOND if apart < 3 * tall else 0.6)
    lower, upper = sorted((near_left, near_right))
    return lower >= (0.35 if scrap else AMID) or (lower >= GOES_ON and upper >= AMID)


def attach_low(tracks: list[Track], boxes: Floats, low: NDArray[np.intp]) -> NDArray[np.intp]:
    """Give low letters, quotation marks and asterisks to the rows beside them; what has none.

    A row has no more of them than of tall letters: more are a line of small print.
    """
    homes = [nearest_row(tracks, boxes, boxes[i], BESIDE) for i in low]
    shares = Counter(map(id, homes))
    apart = []
    for i, home in zip(low.tolist(), homes, strict=True):
        if home is not None and shares[id(home)] <= len(home.members):
            home.attach(i, boxes)
        else:
            apart.append(i)
    return np.array(apart, np.intp)


def attach_small(tracks: list[Track], boxes: Floats, small: NDArray[np.intp]) -> None:
    """Give dots, commas, hyphens and scraps to the row whose band they are in or next to.

    From left to right, as an equals sign, quotation marks and a colon follow each other.
    """
    for i in small[np.argsort(boxes[small, 0])].tolist():
        home = nearest_row(tracks, boxes, boxes[i], FARTHEST)
        if home is not None:
            home.attach(i, boxes)


def nearest_row(tracks: list[Track], boxes: Floats, mark: Floats, farthest: float) -> Track | None:
    """Row whose band is nearest to a small mark; None if all are far."""
    x, y = (mark[0] + mark[2]) / 2, (mark[1] + mark[3]) / 2
    best, home = farthest, None
    for track in tracks:
        left, highest, right, lowest = track.box
        tall = lowest - highest
        if not (highest - tall <= y <= lowest + tall and left - 2 * tall <= x <= right + 2 * tall):
            continue
        top, bottom = track.band(boxes, x)
        height = bottom - top
        away = abs(y - (top + bottom) / 2) / height  # 0.5 on the rim of the band
        if left - 2 * height <= x <= right + 2 * height and away < best:
            best, home = away, track
    return home
