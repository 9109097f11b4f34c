"""Maps of anomalies against slow loops, and what they promise."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ama.maps import INPUT_SHARE, anomaly_map, difference_maps, expected_values, level_weights

quick = settings(max_examples=25, deadline=None)
seeds, sizes = st.integers(0, 2**32), st.integers(1, 6)


def _draw(seed, *shape):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@quick
@given(seeds, st.integers(1, 3), st.integers(1, 3), sizes, sizes)
def test_the_difference_of_the_input_is_the_mean_over_channels_and_neighbours(seed, b, c, h, w):
    x, rebuilt = _draw(seed, 2, b, c, h, w)
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


@quick
@given(seeds, st.integers(1, 3), sizes, sizes)
def test_the_difference_of_a_layer_is_the_mean_over_its_channels(seed, k, h, w):
    same, others = _draw(seed, 2, 2, k, h, w)
    x = _draw(seed, 2, 1, 8, 8)
    _, found = difference_maps(x, x, [same], [others])
    for i in range(2):
        for row in range(h):
            for column in range(w):
                apart = [abs(float(same[i, c, row, column] - others[i, c, row, column])) for c in range(k)]
                assert np.isclose(found[i, row, column], np.mean(apart))


def test_every_level_has_the_same_share_on_normal_samples_and_the_input_more():
    levels = [scale * _draw(n, 40, 4, 4) for n, scale in enumerate((1.0, 30.0, 0.01))]
    weights = level_weights([[level[:25] for level in levels], [level[25:] for level in levels]])
    shares = [float(weight * level.mean()) for weight, level in zip(weights, levels, strict=True)]
    assert np.allclose(shares, [INPUT_SHARE, 1, 1])


def test_a_level_that_never_differs_has_no_weight():
    levels = [_draw(0, 5, 4, 4), torch.zeros(5, 2, 2)]
    weights = level_weights([levels])
    assert weights[1] == 0
    assert torch.isfinite(anomaly_map(levels, weights, torch.ones(5))).all()


@quick
@given(seeds, st.integers(1, 4), st.integers(3, 9), st.integers(3, 9))
def test_a_map_is_not_negative_and_adds_up_to_the_r_score(seed, b, h, w):
    levels = [_draw(seed, b, h, w), _draw(seed + 1, b, 3, 3), _draw(seed + 2, b, 1, 2)]
    r = 10 * _draw(seed + 3, b)
    found = anomaly_map(levels, torch.tensor([2.0, 0.5, 1.0], dtype=torch.float64), r)
    assert found.shape == (b, h, w)
    assert (found >= 0).all()
    torch.testing.assert_close(found.sum((1, 2)), r)


def test_a_map_of_one_level_has_its_order():
    level = _draw(0, 1, 6, 6)
    found = anomaly_map([level], torch.tensor([3.0], dtype=torch.float64), torch.tensor([5.0]))
    torch.testing.assert_close(found, 5 * level / level.sum())


def test_a_perfect_reconstruction_has_an_empty_map():
    x = _draw(0, 2, 1, 8, 8)
    same = _draw(1, 2, 3, 4, 4)
    levels = difference_maps(x, x, [same], [same])
    found = anomaly_map(levels, torch.ones(2, dtype=torch.float64), torch.zeros(2))
    assert torch.equal(found, torch.zeros(2, 8, 8, dtype=torch.float64))


def test_an_expected_value_is_the_regression_on_the_other_columns():
    random = np.random.default_rng(0)
    z = random.normal(size=(5000, 2))
    x = torch.from_numpy(z @ random.normal(size=(2, 4)) + 0.3 * random.normal(size=(5000, 4)))
    mean, precision = x.mean(0), torch.linalg.inv(x.T.cov())
    found = expected_values(x[:50], mean, precision)
    for j in range(4):
        others = [k for k in range(4) if k != j]
        design = np.column_stack([np.ones(5000), x[:, others]])
        slope, *_ = np.linalg.lstsq(design, x[:, j].numpy(), rcond=None)
        assert np.allclose(found[:, j], design[:50] @ slope, atol=1e-6)


def test_without_a_precision_the_mean_is_expected():
    x = _draw(0, 3, 5)
    assert torch.equal(expected_values(x, x[0], None), x[0].expand(3, 5))
