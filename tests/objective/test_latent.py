"""Where interpolated and atypical points lie, and that a generator makes them repeatable."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from torch.autograd import gradcheck

import oracle
from ama.objective.latent import (
    NEGATIVES,
    atypical_selection,
    cube_selection,
    scaled_selection,
    shell_bounds,
    simplex_interpolation,
    sphere_directions,
)
from draws import draw

seeds = st.integers(0, 2**32)
directions = pytest.mark.parametrize("direction", ["inward", "outward"])
DOUBLE = torch.empty(0, dtype=torch.float64)

SAMPLERS = {
    "simplex": lambda g: simplex_interpolation(torch.arange(12.0).view(4, 3), 3, g),
    "sphere": lambda g: sphere_directions(5, 3, g),
    "atypical": lambda g: atypical_selection(5, 3, 0.5, "inward", g),
    "scaled": lambda g: scaled_selection(torch.ones(5, 3), "outward", g),
    "cube": lambda g: cube_selection(5, 3, 1.0, g),
}
samplers = pytest.mark.parametrize("sample", SAMPLERS.values(), ids=SAMPLERS)


def _generator(seed=0):
    return torch.Generator().manual_seed(seed)


def _weights(b, k, seed=0):
    """The weight of every sample of the batch (columns) in every interpolated point (rows)."""
    return simplex_interpolation(torch.eye(b, dtype=torch.float64), k, _generator(seed))


@given(seeds, st.integers(1, 12), st.integers(1, 6), st.integers(2, 6))
def test_interpolated_points_are_the_papers_combinations_of_the_encodings(seed, b, d, k):
    code = draw(seed, b, d)
    found = simplex_interpolation(code, k, _generator(seed)).tolist()
    for point, alpha in zip(found, _weights(b, k, seed).tolist(), strict=True):
        assert point == pytest.approx(oracle.simplex_interpolation(alpha, code.tolist()))


@given(seeds, st.integers(1, 12), st.integers(2, 16))
def test_weights_are_convex_with_the_sample_itself_among_k(seed, b, k):
    weights = _weights(b, k, seed)
    assert (weights >= 0).all()
    torch.testing.assert_close(weights.sum(1), torch.ones(b, dtype=torch.float64))
    assert (weights.diagonal() > 0).all()
    # Every sample is also used k times by the batch; with k > b some are paired with themselves.
    assert ((weights > 0).sum(1) == min(b, k)).all()
    assert ((weights > 0).sum(0) == min(b, k)).all()


@given(seeds, st.integers(2, 20), st.integers(2, 5))
def test_interpolated_points_stay_inside_the_batch_per_coordinate(seed, b, k):
    code = torch.randn(b, 4, generator=_generator(seed))
    mixed = simplex_interpolation(code, k, _generator(seed))
    assert (mixed <= code.amax(0) + 1e-5).all()
    assert (mixed >= code.amin(0) - 1e-5).all()


def test_two_shares_are_a_ratio_of_uniforms():
    own = torch.cat([_weights(50, 2, seed).diagonal() for seed in range(40)]).numpy()
    cdf = np.vectorize(oracle.ratio_of_uniforms)
    assert stats.kstest(own, cdf).pvalue > 1e-3


def test_partners_are_drawn_evenly_from_the_batch():
    partner = torch.stack([(_weights(5, 2, seed) > 0).double() for seed in range(600)]).mean(0)
    others = partner[~torch.eye(5, dtype=torch.bool)]
    assert (others - 1 / 4).abs().max() < 0.09  # five standard errors


def test_interpolation_of_a_single_sample_is_the_sample():
    code = torch.randn(1, 4)
    torch.testing.assert_close(simplex_interpolation(code, 5), code)


@pytest.mark.parametrize("k", [1, 0, -3])
def test_interpolating_fewer_than_two_is_refused(k):
    with pytest.raises(ValueError, match=f"n_interpolated must be at least 2, found {k}"):
        simplex_interpolation(torch.ones(4, 2), k)


@pytest.mark.parametrize("k", [2, 3, 7])
def test_interpolation_passes_gradcheck(k):
    code = draw(0, 4, 3).requires_grad_()
    assert gradcheck(lambda e: simplex_interpolation(e, k, _generator()), (code,))


@directions
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("d", [1, 2, 16, 128, 512])
@pytest.mark.parametrize("delta", [0.1, 1.0, 40.0])
def test_atypical_points_are_uniform_in_volume(d, delta, direction, dtype):
    points = atypical_selection(2000, d, delta, direction, _generator(d), torch.empty(0, dtype=dtype))
    assert points.dtype == dtype
    inner, outer = shell_bounds(d, delta, direction)
    radii = points.double().norm(dim=1)
    assert radii.min() >= inner * (1 - 1e-6)
    assert radii.max() <= outer * (1 + 1e-6)
    shares = [oracle.share_of_shell(r, d, inner, outer) for r in radii.tolist()]
    assert stats.kstest(shares, "uniform").pvalue > 1e-3


@directions
@pytest.mark.parametrize("d", [2, 16, 512])
def test_the_radius_is_the_inverse_of_the_shells_volume(d, direction):
    # The first draw of the generator is the share of the volume.
    u = torch.rand(20, 1, generator=_generator(), dtype=torch.float64).flatten()
    radii = atypical_selection(20, d, 1.0, direction, _generator(), DOUBLE).norm(dim=1)
    bounds = shell_bounds(d, 1.0, direction)
    expected = [oracle.shell_radius(share, d, *bounds) for share in u.tolist()]
    assert radii.tolist() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("d", [2, 16, 128])
def test_a_delta_beyond_the_root_of_d_means_the_whole_ball(d):
    assert shell_bounds(d, 2 * math.sqrt(d), "inward") == (0.0, math.sqrt(d))
    radii = atypical_selection(2000, d, 2 * math.sqrt(d), "inward", _generator(), DOUBLE).norm(dim=1)
    assert stats.kstest((radii / math.sqrt(d)) ** d, "uniform").pvalue > 1e-3


@given(st.integers(1, 600), st.floats(1e-6, 100))
def test_shells_lie_on_either_side_of_the_root_of_d(d, delta):
    root = math.sqrt(d)
    assert shell_bounds(d, delta, "inward") == (max(0.0, root - delta), root)
    assert shell_bounds(d, delta, "outward") == (root, root + delta)


@pytest.mark.parametrize("delta", [0.0, -1.0])
def test_a_delta_that_is_not_positive_is_refused(delta):
    with pytest.raises(ValueError, match=f"delta must be positive, found {delta}"):
        atypical_selection(3, 2, delta)


def test_an_unknown_direction_is_refused():
    message = "direction must be 'inward' or 'outward', found 'up'"
    with pytest.raises(ValueError, match=message):
        atypical_selection(3, 2, 1.0, "up")
    with pytest.raises(ValueError, match=message):
        scaled_selection(torch.ones(3, 2), "up")


@pytest.mark.parametrize("d", [2, 3, 16, 128])
def test_directions_are_isotropic(d):
    points = sphere_directions(4000, d, _generator(d), DOUBLE)
    torch.testing.assert_close(points.norm(dim=1), torch.ones(4000, dtype=torch.float64))
    axis = torch.nn.functional.normalize(draw(1, d), dim=0)
    for along in (points[:, 0], points @ axis):
        assert stats.kstest((1 + along) / 2, stats.beta((d - 1) / 2, (d - 1) / 2).cdf).pvalue > 1e-3


@directions
def test_atypical_directions_are_isotropic(direction):
    points = atypical_selection(4000, 3, 1.0, direction, _generator(), DOUBLE)
    unit = points / points.norm(dim=1, keepdim=True)
    for axis in range(3):  # in three dimensions every coordinate is uniform (Archimedes)
        assert stats.kstest((1 + unit[:, axis]) / 2, "uniform").pvalue > 1e-3


@given(seeds, st.floats(0.1, 10))
def test_cube_points_fill_the_cube_evenly(seed, half_side):
    points = cube_selection(400, 3, half_side, _generator(seed), DOUBLE)
    assert points.abs().max() <= half_side
    assert stats.kstest((points.flatten() / half_side + 1) / 2, "uniform").pvalue > 1e-6


@directions
def test_scaled_points_keep_their_direction_and_move_by_a_factor_of_two_or_more(direction):
    code = draw(0, 2000, 4)
    ratio = (scaled_selection(code, direction, _generator()) / code).T
    torch.testing.assert_close(ratio, ratio[:1].expand(4, -1))
    factor = ratio[0] if direction == "inward" else 1 / ratio[0]
    assert factor.min() > 0
    assert factor.max() <= 0.5
    assert stats.kstest(2 * factor, "uniform").pvalue > 1e-3


@given(seeds, st.integers(2, 6), st.integers(1, 9))
def test_the_last_encoding_has_the_remainder_of_the_weights(seed, k, b):
    code = draw(seed, b, 3)
    found = simplex_interpolation(code, k, _generator(seed), "remainder")
    alpha = torch.rand((b, k - 1), generator=_generator(seed), dtype=code.dtype) / (k - 1)
    assert torch.equal(found, simplex_interpolation(code, k, _generator(seed), "remainder"))
    # Every sample is the same: the weights add up to 1, and none is negative.
    same = code[:1].expand(b, -1)
    torch.testing.assert_close(simplex_interpolation(same, k, _generator(seed), "remainder"), same)
    assert (1 - alpha.sum(1)).min() >= -1e-12
    if b == 2 and k == 2:
        own, other = alpha[:, :1], 1 - alpha
        torch.testing.assert_close(found, own * code + other * code.flip(0))


@samplers
def test_a_generator_makes_draws_repeatable_without_touching_the_global_state(sample):
    before = torch.get_rng_state()
    first, again, other = sample(_generator(1)), sample(_generator(1)), sample(_generator(2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(before, torch.get_rng_state())


@samplers
def test_without_a_generator_the_global_seed_decides(sample):
    torch.manual_seed(3)
    first = sample(None)
    torch.manual_seed(3)
    assert torch.equal(first, sample(None))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_points_have_the_type_of_what_they_are_drawn_like(dtype):
    like = torch.ones(2, 3, dtype=dtype)
    assert atypical_selection(4, 3, like=like).dtype == dtype
    assert cube_selection(4, 3, like=like).dtype == dtype
    assert sphere_directions(4, 3, like=like).dtype == dtype
    assert scaled_selection(like).dtype == simplex_interpolation(like).dtype == dtype


def test_no_points_are_drawn_where_none_are_asked_for():
    assert atypical_selection(0, 3).shape == cube_selection(0, 3).shape == (0, 3)


@directions
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_negatives_are_the_samplers_by_name_with_the_same_draws(direction, dtype):
    code, n, delta = draw(0, 8, 5).to(dtype), 3, 0.7
    expected = {
        "atypical": atypical_selection(n, 5, delta, direction, _generator(1), code),
        "cube": cube_selection(n, 5, delta, _generator(1), code),
        "scaled": scaled_selection(code[:n], direction, _generator(1)),
    }
    assert list(NEGATIVES) == list(expected)
    for name, sample in NEGATIVES.items():
        found = sample(code, n, delta, direction, _generator(1))
        assert found.dtype == dtype
        assert torch.equal(found, expected[name])
