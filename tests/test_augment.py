from __future__ import annotations

import numpy as np
import pytest

from ocr.training import augment as module
from ocr.training.augment import (
    GRID,
    add_noise,
    augment,
    blur,
    break_strokes,
    change_stroke_width,
    cut_edges,
    draw_elastic_field,
    sample_bilinear,
    shift_each_way,
    warp,
)

STEPS = [warp, change_stroke_width, break_strokes, cut_edges, blur, add_noise]
BAR = np.zeros((32, 32), np.float32)
BAR[4:28, 14:18] = 1


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def bars(count: int) -> np.ndarray:
    return np.repeat(BAR[None], count, axis=0)


@pytest.mark.parametrize("step", [augment, *STEPS])
@pytest.mark.parametrize("count", [0, 1, 40])
def test_every_step_keeps_shape_type_and_range(step, count):
    out = step(bars(count), rng())
    assert (out.shape, out.dtype) == ((count, 32, 32), np.float32)
    assert count == 0 or (out.min() >= 0 and out.max() <= 1)


@pytest.mark.parametrize("step", [augment, *STEPS])
def test_every_step_leaves_its_input_as_it_was(step):
    crops = bars(40)
    step(crops, rng())
    np.testing.assert_array_equal(crops, bars(40))


@pytest.mark.parametrize("step", [augment, *STEPS])
def test_the_same_seed_distorts_alike(step):
    np.testing.assert_array_equal(step(bars(9), rng(5)), step(bars(9), rng(5)))


def test_each_crop_is_distorted_in_its_own_way():
    assert len(np.unique(augment(bars(50), rng()), axis=0)) == 50


def test_the_darkest_point_is_full_ink_again():
    peaks = augment(0.5 * bars(50), rng()).max(axis=(1, 2))
    np.testing.assert_allclose(peaks, 1, atol=1e-6)


def test_letters_stay_letters():
    """Half the ink of a distorted bar lies where the bar was, on average, and none is lost."""
    out = augment(bars(300), rng())
    assert (out * BAR).sum() / out.sum() > 0.5  # 0.60 measured
    assert 0.7 < out.sum() / (300 * BAR.sum()) < 1.3  # 1.05 measured


@pytest.mark.parametrize("step", [warp, change_stroke_width, break_strokes, cut_edges, blur])
def test_paper_stays_paper(step):
    assert not step(np.zeros((60, 32, 32), np.float32), rng()).any()


def test_sampling_at_the_pixels_themselves_changes_nothing():
    crops = rng().random((2, 32, 32), np.float32)
    where = np.repeat(GRID[None], 2, axis=0)
    np.testing.assert_allclose(sample_bilinear(crops, where), crops, atol=1e-6)


def test_sampling_between_pixels_is_their_mean_and_beyond_the_edge_is_paper():
    crop = np.zeros((1, 32, 32), np.float32)
    crop[0, 0, :2] = 0.4, 0.8
    where = np.full((1, 1024, 2), -5, np.float32)
    where[0, :3] = (0, 0.5), (0.5, 0), (-0.5, 1)
    assert sample_bilinear(crop, where)[0, 0, :4] == pytest.approx([0.6, 0.2, 0.4, 0])


def test_sampling_agrees_with_scipy():
    ndimage = pytest.importorskip("scipy.ndimage")
    crops = rng().random((3, 32, 32), np.float32)
    where = (GRID + rng(1).normal(0, 3, (3, 1024, 2))).astype(np.float32)
    expected = [
        ndimage.map_coordinates(crop, points.T, order=1, mode="grid-constant").reshape(32, 32)
        for crop, points in zip(crops, where, strict=True)
    ]
    np.testing.assert_allclose(sample_bilinear(crops, where), expected, atol=2e-3)


def test_the_elastic_field_agrees_with_scipy():
    ndimage = pytest.importorskip("scipy.ndimage")
    knots = rng().normal(0, 1, (4, 4)).astype(np.float32)
    expected = ndimage.zoom(knots, 8, order=1)
    np.testing.assert_allclose(
        (module.KNOT_WEIGHTS @ knots.ravel()).reshape(32, 32), expected, atol=1e-6
    )


@pytest.mark.parametrize(
    ("extreme", "filter_name"), [(np.maximum, "grey_dilation"), (np.minimum, "grey_erosion")]
)
def test_extremes_of_shifted_crops_agree_with_scipy(extreme, filter_name):
    ndimage = pytest.importorskip("scipy.ndimage")
    crop = rng().random((1, 32, 32), np.float32)
    cross = ndimage.generate_binary_structure(2, 1)
    expected = getattr(ndimage, filter_name)(crop[0], footprint=cross, mode="constant")
    np.testing.assert_array_equal(extreme.reduce([crop, *shift_each_way(crop)])[0], expected)


def test_the_elastic_field_is_smooth():
    field = draw_elastic_field(20, rng()).reshape(20, 32, 32, 2)
    assert np.abs(np.diff(field, axis=1)).max() < 0.7  # px between neighbours; 0.40 measured


def test_crops_are_shifted_by_one_pixel():
    crop = np.zeros((1, 32, 32), np.float32)
    crop[0, 8, 8] = 1
    assert [np.argwhere(n[0]).tolist() for n in shift_each_way(crop)] == [
        [[9, 8]],
        [[7, 8]],
        [[8, 9]],
        [[8, 7]],
    ]


def test_strokes_grow_and_shrink():
    ink = change_stroke_width(bars(200), rng()).sum(axis=(1, 2))
    assert (ink > BAR.sum()).any() and (ink < BAR.sum()).any() and (ink == BAR.sum()).any()


def test_breaks_and_cuts_only_take_ink_from_some():
    for step in (break_strokes, cut_edges):
        out = step(bars(400), rng())
        changed = (out != BAR).any(axis=(1, 2))
        assert 4 < changed.sum() < 60
        assert (out <= BAR).all()


def test_the_grid_is_rows_first():
    assert module.GRID[[0, 1, 32]].tolist() == [[0, 0], [0, 1], [1, 0]]
