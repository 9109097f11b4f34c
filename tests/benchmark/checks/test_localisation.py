"""Metrics of localisation on perfect, random and inverted maps."""

from __future__ import annotations

import numpy as np
import pytest

from ama.benchmark.checks.localisation import FALSE_POSITIVES, pixel_auroc, region_overlap


@pytest.fixture
def masks():
    places = np.zeros((6, 20, 20), dtype=bool)
    for i, side in enumerate((1, 2, 4, 6, 8, 10)):
        places[i, 3 : 3 + side, 5 : 5 + side] = True
    return places


def test_a_perfect_map_finds_everything_and_an_inverted_one_nothing(masks):
    assert pixel_auroc(masks + 0.0, masks) == 1
    assert region_overlap(masks + 0.0, masks) == 1
    assert pixel_auroc(-(masks + 0.0), masks) == 0
    assert region_overlap(-(masks + 0.0), masks) == 0


def test_a_random_map_finds_its_share(masks):
    noise = np.random.default_rng(1).uniform(size=masks.shape)
    assert pixel_auroc(noise, masks) == pytest.approx(0.5, abs=0.06)
    many = np.tile(masks, (200, 1, 1))
    noise = np.random.default_rng(2).uniform(size=many.shape)
    # The thresholds flag 0 to 30 % of the normal pixels, and as many pixels of a region.
    assert region_overlap(noise, many) == pytest.approx(FALSE_POSITIVES / 2, abs=0.01)


def test_small_regions_count_as_much_as_large_ones(masks):
    found = np.where(masks, 1.0, 0.0)
    found[0] = 0  # misses a region of a single pixel out of 221
    assert region_overlap(found, masks) == pytest.approx(5 / 6)
    assert pixel_auroc(found, masks) > 0.99
