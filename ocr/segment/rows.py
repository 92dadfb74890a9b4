"""Components to rows of writing, on tilted and uneven pages.

The tilt of the page is estimated from the projection profile of the components (Postl 1986);
then a sweep from left to right follows each row as it climbs and bends.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ocr.segment.components import Components, letter_height

Floats = NDArray[np.float64]

MAX_SLOPE = 0.1  # of a row: 6 degrees; a page that is tilted by more was levelled
SMALL_MARK = 0.35  # of the letter height; smaller marks join rows and start none
LOW_MARK = 0.55  # of the letter height; lower marks may be quotation marks of a row
MAX_LOW_MARK_DISTANCE = 0.9  # band heights from the middle of a row; quotation marks are at 0.8
MEMORY = 4  # letters whose mean position predicts the position of the next
MAX_SMALL_MARK_DISTANCE = 1.5  # band heights; a dot over a row of small letters is at 1.2
# Share of the lower band of two tracks that must overlap for them to be one row:
MIN_OVERLAP_TOUCHING = 0.25  # end to end, as when the row climbs
MIN_OVERLAP_ACROSS_GAP = 0.4  # with a wide space between them
MIN_OVERLAP_FAR = 0.6  # more than three row heights apart
MIN_OVERLAP_NESTED = 0.55  # one within the other, as when taller letters started the row again
MIN_OVERLAP_SCRAP = 0.35  # one within the other and with few letters: a lone p or comma
DISTANCE_PENALTY = 0.05  # of that overlap, for each row height of distance
MAX_DISTANCE = 10  # row heights that the penalty counts
MIN_PIECE_OVERLAP = 0.6  # of the narrower width, for two pieces of one broken letter
MIN_ROW_OVERLAP = 0.45  # of the smaller height, for a letter to join a row


@dataclass(frozen=True)
class Row:
    """Components of one row."""

    members: NDArray[np.intp]  # indices into the components, left to right by their middles
    slope: float  # pixels down for each pixel to the right


def find_rows(components: Components) -> list[Row]:
    """Cluster components, without pictures and rules, into rows from top to bottom."""
    height = letter_height(components)
    if not len(components):
        return []
    slope = find_slope(components, height)
    boxes = straighten(components.boxes, slope)
    small, low = (components.heights < share * height for share in (SMALL_MARK, LOW_MARK))
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
    """Find the slope of the rows: the one with the sharpest projection profile."""
    large = components.heights >= SMALL_MARK * height
    left, top, right, bottom = components.boxes[large].T.astype(np.float64)
    if len(left) < 4:
        return 0.0
    x, y = (left + right) / 2, (top + bottom) / 2
    slopes = np.append(np.linspace(-MAX_SLOPE, MAX_SLOPE, 21), 0.0)
    scores = _sharpness(x, y, slopes, height)
    best = float(slopes[scores.argmax()])
    if scores.max() < 1.15 * scores[-1]:  # with few letters some slope looks sharp by chance
        best = 0.0
    fine = best + np.linspace(-0.03, 0.03, 25)
    scores = _sharpness(x, y, fine, height) - np.abs(fine - best)
    return float(fine[scores.argmax()])


def _sharpness(x: Floats, y: Floats, slopes: Floats, height: float) -> Floats:
    """Sum the squares of the profile of each slope, smoothed over half a letter, per component."""
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


def straighten(boxes: NDArray[np.int32], slope: float) -> Floats:
    """Move boxes to where they would be if the rows were level, float64 [n, 4]."""
    left, top, right, bottom = boxes.T.astype(np.float64)
    x, y = (left + right) / 2, (top + bottom) / 2
    dx, dy = slope * y, -slope * x
    return np.stack([left + dx, top + dy, right + dx, bottom + dy], 1)


class Track(NamedTuple):
    """A row while the sweep follows it: its letters, its small marks, and the box around all.

    Marks such as quotation marks belong to a row, but say nothing about where its letters stand.
    """

    members: list[int]
    marks: list[int]
    box: Floats

    def merge(self, other: Track) -> None:
        """Merge another row into this one."""
        self.members.extend(other.members)
        self.marks.extend(other.marks)
        self._extend(other.box)

    def add(self, member: int, boxes: Floats) -> None:
        """Add a letter."""
        self.members.append(member)
        self._extend(boxes[member])

    def attach(self, mark: int, boxes: Floats) -> None:
        """Add a small mark."""
        self.marks.append(mark)
        self._extend(boxes[mark])

    def _extend(self, box: Floats) -> None:
        np.minimum(self.box[:2], box[:2], out=self.box[:2])
        np.maximum(self.box[2:], box[2:], out=self.box[2:])

    def band(self, boxes: Floats, near: float) -> tuple[float, float]:
        """Predict top and bottom at the abscissa `near`: the mean of the letters nearest to it."""
        own = boxes[self.members]
        nearest = np.argsort(np.abs((own[:, 0] + own[:, 2]) / 2 - near))[:MEMORY]
        top, bottom = own[nearest][:, [1, 3]].mean(0)
        return float(top), float(bottom)

    def middle(self, boxes: Floats) -> float:
        """Mean ordinate of the letters, weighted by their height."""
        top, bottom = boxes[self.members, 1], boxes[self.members, 3]
        return float(np.average((top + bottom) / 2, weights=bottom - top + 1e-9))


def sweep(boxes: Floats, which: NDArray[np.intp]) -> list[Track]:
    """Follow rows from left to right; a letter that fits no row starts a new one."""
    order = which[np.argsort(boxes[which, 0])]
    tracks: list[Track] = []
    letters: list[list[list[float]]] = []  # boxes of each track, pieces of broken letters merged
    ends = np.empty((len(order), 3))  # of each track: top and bottom of its last letters, right end
    corners: list[list[float]] = boxes.tolist()
    for i in order.tolist():
        _, top, _, bottom = corners[i]
        tops, bottoms, rights = ends[: len(tracks)].T
        shared = np.minimum(bottoms, bottom) - np.maximum(tops, top)
        fits = shared / np.maximum(np.minimum(bottoms - tops, bottom - top), 1e-9)
        if len(fits) and fits.max() >= MIN_ROW_OVERLAP:
            # prefer the nearer of two rows that fit: a scratch far to the left started a row too
            gaps = (boxes[i, 0] - rights) / np.maximum(bottoms - tops, 1e-9)
            nearness = fits - DISTANCE_PENALTY * np.clip(gaps, 0, MAX_DISTANCE)
            best = int(np.where(fits >= MIN_ROW_OVERLAP, nearness, -np.inf).argmax())
            tracks[best].add(i, boxes)
        else:
            best = len(tracks)
            tracks.append(Track([i], [], boxes[i].copy()))
            letters.append([])
        add_letter(letters[best], corners[i])
        ends[best] = (*mean_place(letters[best][-MEMORY:]), tracks[best].box[2])
    return tracks


def add_letter(letters: list[list[float]], box: list[float]) -> None:
    """Add the box of a letter to a row, or merge it if it is a piece of the last letter."""
    if letters and is_piece(box, letters[-1]):
        left, top, right, bottom = letters[-1]
        letters[-1] = [left, min(top, box[1]), max(right, box[2]), max(bottom, box[3])]
    else:
        letters.append(box)


def is_piece(box: list[float], letter: list[float]) -> bool:
    """Whether a box lies above or below one of similar size, as pieces of a broken letter do."""
    tall, other = box[3] - box[1], letter[3] - letter[1]
    over = min(box[2], letter[2]) - max(box[0], letter[0])
    narrower = min(box[2] - box[0], letter[2] - letter[0])
    return over > MIN_PIECE_OVERLAP * narrower and min(tall, other) > SMALL_MARK * max(tall, other)


def mean_place(letters: list[list[float]]) -> tuple[float, float]:
    """Compute the mean top and bottom of letters."""
    _, tops, _, bottoms = zip(*letters, strict=True)
    return sum(tops) / len(letters), sum(bottoms) / len(letters)


def overlap(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Compute the overlap of two intervals as a share of the shorter, negative if they are apart.

    Examples
    --------
    >>> overlap((0, 10), (5, 25))
    0.5
    """
    shared = min(one[1], other[1]) - max(one[0], other[0])
    return shared / max(min(one[1] - one[0], other[1] - other[0]), 1e-9)


def merge_tracks(tracks: list[Track], boxes: Floats) -> list[Track]:
    """Merge rows that were started twice: they have the same height where their ends meet."""
    merged: list[Track] = []
    for track in sorted(tracks, key=lambda t: -len(t.members)):
        home = next((h for h in merged if is_same_row(h, track, boxes)), None)
        if home is None:
            merged.append(track)
        else:
            home.merge(track)
    return merged


def is_same_row(home: Track, track: Track, boxes: Floats) -> bool:
    """Whether a track continues a longer one, or lies within it."""
    left, top, right, bottom = track.box
    start, highest, end, lowest = home.box
    if bottom < highest or top > lowest:
        return False
    near_left = overlap(home.band(boxes, left), track.band(boxes, left))
    near_right = overlap(home.band(boxes, right), track.band(boxes, right))
    scrap = 4 * len(track.members) <= len(home.members)
    tall = lowest - highest
    apart = max(left - end, start - right)
    if apart > -0.5 * tall:  # side by side, or overlapping by a letter
        near = near_left if left + right >= start + end else near_right
        return near >= _min_overlap(apart / tall)
    lower, upper = sorted((near_left, near_right))
    return lower >= (MIN_OVERLAP_SCRAP if scrap else MIN_OVERLAP_NESTED) or (
        lower >= MIN_OVERLAP_TOUCHING and upper >= MIN_OVERLAP_NESTED
    )


def _min_overlap(gap: float) -> float:
    """Overlap that two tracks side by side need, by the gap between them in row heights."""
    if gap < 0.5:
        return MIN_OVERLAP_TOUCHING
    return MIN_OVERLAP_ACROSS_GAP if gap < 3 else MIN_OVERLAP_FAR


def attach_low(tracks: list[Track], boxes: Floats, low: NDArray[np.intp]) -> NDArray[np.intp]:
    """Attach low letters, quotation marks and asterisks to rows; return those left over.

    A row has at most as many of them as tall letters; more are a line of small print.
    """
    homes = [nearest_row(tracks, boxes, boxes[i], MAX_LOW_MARK_DISTANCE) for i in low]
    shares = Counter(map(id, homes))
    apart = []
    for i, home in zip(low.tolist(), homes, strict=True):
        if home is not None and shares[id(home)] <= len(home.members):
            home.attach(i, boxes)
        else:
            apart.append(i)
    return np.array(apart, np.intp)


def attach_small(tracks: list[Track], boxes: Floats, small: NDArray[np.intp]) -> None:
    """Attach dots, commas, hyphens and scraps to the nearest row, from left to right."""
    for i in small[np.argsort(boxes[small, 0])].tolist():
        home = nearest_row(tracks, boxes, boxes[i], MAX_SMALL_MARK_DISTANCE)
        if home is not None:
            home.attach(i, boxes)


def nearest_row(
    tracks: list[Track], boxes: Floats, mark: Floats, max_distance: float
) -> Track | None:
    """Find the row whose band is nearest to a small mark; None if all are far."""
    x, y = (mark[0] + mark[2]) / 2, (mark[1] + mark[3]) / 2
    best, home = max_distance, None
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
