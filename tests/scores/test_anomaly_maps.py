"""Maps of anomalies against slow loops, and what they promise."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from ama.scores.anomaly_maps import INPUT_SHARE, anomaly_map, difference_maps, level_weights

seeds, sizes = st.integers(0, 2**32), st.integers(1, 6)


def _uniform(seed, *shape):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@given(seeds, st.integers(1, 3), st.integers(1, 3), sizes, sizes)
def test_the_difference_of_the_input_is_the_mean_over_channels_and_neighbours(seed, b, c, h, w):
    x, rebuilt = _uniform(seed, 2, b, c, h, w)
    [found] = difference_maps(x, rebuilt, [], [])
    pixels = (x - rebuilt).abs()
    for i in range(b):
        for row in range(h):
            for column in range(w):
                near = [
                    pixels[i, k, y, z].item()
                    for k in range(c)
                    for y in range(max(0, row - 1), min(h, row + 2))
                    for z in range(max(0, column - 1), min(w, column + 2))
                ]
                assert np.isclose(found[i, row, column], np.mean(near))


@given(seeds, st.integers(1, 3), sizes, sizes)
def test_the_difference_of_a_layer_is_the_mean_over_its_channels(seed, k, h, w):
    same, others = _uniform(seed, 2, 2, k, h, w)
    x = _uniform(seed, 2, 1, 8, 8)
    _, found = difference_maps(x, x, [same], [others])
    for i in range(2):
        for row in range(h):
            for column in range(w):
                apart = [abs(float(same[i, c, row, column] - others[i, c, row, column])) for c in range(k)]
                assert np.isclose(found[i, row, column], np.mean(apart))


def test_normal_maps_add_up_to_the_mean_r_score_half_of_it_from_the_input_and_half_from_all_layers_alike():
    levels = [
        _uniform(0, 40, 6, 6),
        30 * _uniform(1, 40, 3, 3),
        0.01 * _uniform(2, 40, 4, 5),  # sizes that do not divide the first
    ]
    weights = level_weights([[level[:25] for level in levels], [level[25:] for level in levels]], 7.0)
    assert np.isclose(float(anomaly_map(levels, weights).sum((1, 2)).mean()), 7.0)
    for i, share in enumerate([INPUT_SHARE, 0.25, 0.25]):
        alone = torch.zeros(3, dtype=torch.float64)
        alone[i] = weights[i]
        assert np.isclose(float(anomaly_map(levels, alone).sum((1, 2)).mean()), 7.0 * share)


def test_a_level_that_never_differs_has_no_weight():
    levels = [_uniform(0, 5, 4, 4), torch.zeros(5, 2, 2)]
    weights = level_weights([levels], 1.0)
    assert weights[1] == 0
    assert torch.isfinite(anomaly_map(levels, weights)).all()


@given(seeds, st.integers(1, 4), st.integers(3, 9), st.integers(3, 9))
def test_a_map_is_not_negative_and_is_the_weighted_sum_of_its_levels(seed, b, h, w):
    levels = [_uniform(seed, b, h, w), _uniform(seed + 1, b, 3, 3), _uniform(seed + 2, b, 1, 2)]
    weights = torch.tensor([2.0, 0.5, 1.0], dtype=torch.float64)
    found = anomaly_map(levels, weights)
    assert found.shape == (b, h, w)
    assert (found >= 0).all()
    parts = [anomaly_map(levels, weights * (torch.arange(3) == i)) for i in range(3)]
    torch.testing.assert_close(found, sum(parts))
    torch.testing.assert_close(parts[0], 2 * levels[0])
    torch.testing.assert_close(anomaly_map(levels, 3 * weights), 3 * found)


def test_a_small_level_is_spread_over_the_places_it_stands_for():
    level = torch.tensor([[[1.0, 0.0], [0.0, 0.0]]])
    found = anomaly_map([torch.zeros(1, 8, 8), level], torch.ones(2))[0]
    assert found[:2, :2].min() == 1
    assert found[6:].max() == found[:, 6:].max() == 0
    torch.testing.assert_close(found.sum(), torch.tensor(16.0, dtype=torch.float64))


def test_a_perfect_reconstruction_has_an_empty_map():
    x = _uniform(0, 2, 1, 8, 8)
    same = _uniform(1, 2, 3, 4, 4)
    levels = difference_maps(x, x, [same], [same])
    found = anomaly_map(levels, torch.ones(2, dtype=torch.float64))
    assert torch.equal(found, torch.zeros(2, 8, 8, dtype=torch.float64))
