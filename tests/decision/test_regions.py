"""Regions against a slow flood fill, and the threshold that few normal images exceed."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ama.decision.conformal import p_value
from ama.decision.regions import SPECKS, Region, find_regions, map_threshold

seeds = st.integers(0, 2**32 - 1)


def flooded(above: np.ndarray) -> list[set[tuple[int, int]]]:
    """Connected pixels, one region after the other."""
    left, regions = {(int(i), int(j)) for i, j in zip(*above.nonzero(), strict=True)}, []
    while left:
        found, edge = set(), [left.pop()]
        while edge:
            i, j = edge.pop()
            found.add((i, j))
            near = {(i + a, j + b) for a in (-1, 0, 1) for b in (-1, 0, 1)} & left
            left -= near
            edge += near
        regions.append(found)
    return regions


@given(seeds, st.integers(1, 9), st.integers(1, 9))
def test_regions_are_the_connected_pixels_above_the_threshold(seed, h, w):
    heat = np.random.default_rng(seed).permutation(h * w).reshape(h, w) / 7
    expected = []
    for pixels in flooded(heat > 4):
        rows, columns = (sorted(side) for side in zip(*pixels, strict=True))
        box = columns[0], rows[0], columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1
        expected.append(Region(*box, max(heat[p] for p in pixels), len(pixels)))
    assert find_regions(heat, 4) == sorted(expected, key=lambda region: -region.peak)


def test_specks_are_left_out_of_photographs_and_kept_in_small_images():
    heat = np.zeros((384, 512))
    heat[5:11, 7:14] = 2  # 42 pixels, of 49.2
    heat[100:107, 200:208] = 1
    assert find_regions(heat, 0.5) == [Region(200, 100, 8, 7, 1.0, 56)]
    assert 42 < SPECKS * heat.size < 56
    assert find_regions(np.eye(28)[:, ::-1] * 3, 2) == [Region(0, 0, 28, 28, 3.0, 28)]
    assert len(find_regions(np.pad([[1.0]], 10), 0)) == 1


@given(seeds, *(st.integers(1, 12) for _ in range(2)), *(st.integers(1, 99) for _ in range(2)))
def test_a_box_of_an_image_of_another_size_covers_the_region_and_no_whole_pixel_more(
    seed, h, w, height, width
):
    heat = np.random.default_rng(seed).permutation(h * w).reshape(h, w) / 7
    here, there = find_regions(heat, 4), find_regions(heat, 4, (height, width))
    assert find_regions(heat, 4, (h, w)) == here
    for small, large in zip(here, there, strict=True):
        assert large.peak == small.peak
        assert 0 <= large.x < large.x + large.width <= width
        assert 0 <= large.y < large.y + large.height <= height
        assert 1 <= large.area <= large.width * large.height
        assert abs(large.area - small.area * height * width / (h * w)) <= 1
        for first, length, start, side, scale in (
            (small.x, small.width, large.x, large.width, width / w),
            (small.y, small.height, large.y, large.height, height / h),
        ):
            assert first * scale - 1 < start <= first * scale + 1e-9
            assert (first + length) * scale - 1e-9 <= start + side < (first + length) * scale + 1


def test_at_the_threshold_there_is_no_region():
    assert find_regions(np.ones((8, 8)), 1.0) == []


@given(seeds, st.integers(1, 60), st.floats(0.01, 0.9))
def test_a_map_is_above_the_threshold_exactly_if_its_p_value_allows_it(seed, m, rate):
    random = torch.Generator().manual_seed(seed)
    # Few values, so that there are ties.
    maxima, new = (torch.randint(0, 20, (n,), generator=random).double() for n in (m, 50))
    allowed = max(rate, 1 / (m + 1))
    above = new > map_threshold(maxima, rate)
    assert torch.equal(above, p_value(-new, -maxima) <= allowed)


def test_normal_images_have_a_region_as_often_as_allowed(rng):
    """Over many draws of held-out and new maxima from one distribution."""
    shares = []
    for _ in range(400):
        maxima, new = rng.lognormal(size=99), rng.lognormal(size=50)
        shares.append((new > map_threshold(torch.from_numpy(maxima), 0.1)).mean())
    assert np.mean(shares) == pytest.approx(0.1, abs=0.01)


def test_without_images_or_a_rate_there_is_no_threshold():
    with pytest.raises(ValueError, match="found none"):
        map_threshold(torch.zeros(0), 0.1)
    with pytest.raises(ValueError, match="must lie between 0 and 1"):
        map_threshold(torch.ones(9), 1.0)
