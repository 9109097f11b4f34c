"""Pixel AUROC and PRO against scikit-learn and a slow evaluation of every threshold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage
from sklearn.metrics import roc_auc_score

from ama.decision.localisation_metrics import FALSE_POSITIVES, PixelCounts, area_up_to

seeds = st.integers(0, 2**32 - 1)


def metrics(maps, masks):
    counts = PixelCounts()
    for heat, mask in zip(maps, masks, strict=True):
        counts.add(heat, mask)
    return counts.metrics()


def slow_pro(maps: np.ndarray, masks: np.ndarray) -> float:
    """The curve point by point, from every threshold that occurs, and its area in small steps."""
    regions = []
    for i, mask in enumerate(masks):
        numbers, n = ndimage.label(mask, np.ones((3, 3)))
        regions += [(i, numbers == k) for k in range(1, n + 1)]
    points = [(0.0, 0.0)]
    for threshold in sorted(set(maps.ravel().tolist()), reverse=True):
        found = maps >= threshold
        overlap = np.mean([found[i][region].mean() for i, region in regions])
        points.append((found[~masks].mean(), overlap))
    x, y = np.array(points).T
    # Where the curve rises upright, its upper end counts.
    area = 0.0
    for (a, b), (c, d) in zip(zip(x, y, strict=True), zip(x[1:], y[1:], strict=True), strict=False):
        if a >= FALSE_POSITIVES or c == a:
            continue
        end = min(c, FALSE_POSITIVES)
        area += (end - a) * (b + b + (d - b) * (end - a) / (c - a)) / 2
    return area / FALSE_POSITIVES


@given(seeds, st.integers(1, 4), st.integers(2, 9), st.integers(2, 9), st.sampled_from([3, 40, 4000]))
def test_the_metrics_are_those_of_all_pixels_and_thresholds(seed, n, h, w, values):
    random = np.random.default_rng(seed)
    # Values that 12 bits of a mantissa hold, with ties.
    maps = random.integers(0, values, (n, h, w)) / 64
    masks = random.uniform(size=(n, h, w)) < 0.3
    masks[0, 0, :2] = True, False
    found = metrics(maps, masks)
    assert found.pixel_auroc == pytest.approx(roc_auc_score(masks.ravel(), maps.ravel()), abs=1e-12)
    assert found.pro == pytest.approx(slow_pro(maps, masks), abs=1e-12)
    assert found.n_images == n


@given(seeds, st.floats(1e-6, 1e6))
def test_any_scale_of_maps_is_fine_enough(seed, scale):
    random = np.random.default_rng(seed)
    maps, masks = random.lognormal(size=(3, 30, 30)), np.zeros((3, 30, 30), dtype=bool)
    masks[:, 5:15, 5:20] = True
    maps[masks] *= 1.5
    found = metrics(scale * maps, masks)
    assert found.pixel_auroc == pytest.approx(roc_auc_score(masks.ravel(), maps.ravel()), abs=1e-3)
    assert found.pro == pytest.approx(slow_pro(maps, masks), abs=2e-3)


def test_a_perfect_map_finds_everything_an_inverted_one_nothing_and_a_constant_one_its_share():
    masks = np.zeros((2, 20, 20), dtype=bool)
    masks[0, 3:9, 4:9] = masks[1, 1, 1] = True
    perfect = metrics(masks + 0.0, masks)
    assert (perfect.pixel_auroc, perfect.pro) == (1, 1)
    assert (perfect.n_regions, perfect.max_fpr) == (2, 0.3)
    inverted = metrics(1.0 - masks, masks)
    assert inverted.pixel_auroc == 0
    assert inverted.pro == 0
    constant = metrics(np.ones((2, 20, 20)), masks)
    assert constant.pixel_auroc == 0.5
    assert constant.pro == pytest.approx(0.15)


def test_small_regions_count_as_much_as_large_ones_and_corners_connect():
    masks = np.zeros((1, 40, 40), dtype=bool)
    masks[0, 5:25, 5:25] = masks[0, 35, 35] = masks[0, 36, 36] = True
    heat = np.zeros((1, 40, 40))
    heat[0, 5:25, 5:25] = 1
    found = metrics(heat, masks)
    assert found.n_regions == 2
    # The large region is found at once, the small one as the last with all other pixels.
    assert found.pro == pytest.approx(0.5 + 0.5 * 0.3 / 2)
    assert found.pixel_auroc > 0.99


def test_an_area_ends_at_its_limit():
    assert area_up_to(0.5, np.array([0.0, 0.4, 0.4, 1.0]), np.array([0.0, 0.2, 0.6, 0.6])) == pytest.approx(
        0.1
    )


@pytest.mark.parametrize("full", [True, False])
def test_pixels_of_one_kind_have_no_metrics(full):
    counts = PixelCounts()
    counts.add(np.ones((4, 4)), np.full((4, 4), full))
    with pytest.raises(ValueError, match=f"found only those {'inside' if full else 'outside'}"):
        counts.metrics()
