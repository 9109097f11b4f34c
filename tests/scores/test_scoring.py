"""Eq. 5 and 6 against the oracle, the exactness of moments, and the sign of every score."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import gradcheck

import oracle
from ama.decision.conformal import is_anomaly, offset, p_value
from ama.scores.scoring import (
    DIFFERENCE_FLOOR,
    DISTANCE_FLOOR,
    RunningMoments,
    a_score,
    latent_features,
    log_term,
    mahalanobis,
    mixture_log_density,
    nearest_distance,
    pair_statistics,
    r_score,
    rotated_statistics,
    rotation_surprise,
    sum_of_terms,
    term_weights,
)

quick = settings(max_examples=25, deadline=None)
seeds, sizes = st.integers(0, 2**32), st.integers(1, 7)
# Few distinct values, so that ties are common.
tied = st.lists(st.integers(-3, 3).map(float), min_size=1, max_size=25)


def _draw(seed, *shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def _tensor(values):
    return torch.tensor(values, dtype=torch.float64)


def _mixture(seed, m, n):
    roots = _draw(seed, m, n, n)
    covariances = roots @ roots.mT + 0.3 * torch.eye(n, dtype=torch.float64)
    return _draw(seed + 1, m).softmax(0), _draw(seed + 2, m, n), covariances


@quick
@given(seeds, sizes, sizes)
def test_r_score_is_eq_5(seed, b, k):
    same, rebuilt = _draw(seed, 2, b, k)
    expected = [oracle.r_score(*pair) for pair in zip(same.tolist(), rebuilt.tolist(), strict=True)]
    assert r_score(same, rebuilt).tolist() == pytest.approx(expected)


@quick
@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=6), st.floats(-10, 10), st.floats(1e-3, 1e3))
def test_a_score_is_the_logarithm_of_eq_6(r, mean, std):
    expected = [oracle.log(oracle.a_score(value, mean, std)) for value in r]
    assert a_score(_tensor(r), mean, std).tolist() == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_a_score_neither_underflows_nor_ties_a_million_sigma_out():
    r = _tensor([0, 39, 40, 1e3, 999_999, 1e6])
    found = a_score(r, 0.0, 1.0)
    assert found.tolist() == pytest.approx([oracle.log(oracle.a_score(x, 0.0, 1.0)) for x in r.tolist()])
    assert (found.diff() < 0).all()


@pytest.mark.parametrize("unit", [1e-25, 1e-10, 1e10, 1e25])
def test_a_score_ranks_alike_in_any_unit_of_r(unit):
    r = torch.tensor([0.0, 1.0, 2.0, 4.0])
    found = a_score(r * unit, 1.0 * unit, 0.5 * unit)
    torch.testing.assert_close(found, a_score(r, 1.0, 0.5) - math.log(unit))


@pytest.mark.parametrize("std", [0.0, -1.0, math.nan])
def test_a_score_refuses_a_spread_that_is_not_positive(std):
    with pytest.raises(ValueError, match=f"the R-scores' standard deviation must be positive, found {std}"):
        a_score(torch.ones(3), 0.0, std)


@quick
@given(st.lists(st.lists(st.floats(-1e6, 1e6), max_size=9), min_size=1, max_size=6).filter(any))
def test_moments_of_any_split_are_those_of_the_whole(batches):
    moments = RunningMoments()
    for batch in batches:
        moments.update(_tensor(batch))
    values = [value for batch in batches for value in batch]
    mean, std = oracle.moments(values)
    assert moments.count == len(values)
    assert moments.mean == pytest.approx(float(mean), rel=1e-9, abs=1e-9)
    assert moments.std == pytest.approx(float(std), rel=1e-9, abs=1e-9)


@quick
@given(seeds, st.lists(st.integers(0, 30), max_size=6), st.floats(1e-3, 10))
def test_moments_keep_a_tiny_spread_around_a_huge_mean(seed, cuts, spread):
    values = 1e8 + spread * _draw(seed, 60)
    moments = RunningMoments()
    for part in values.tensor_split(sorted(cuts)):
        moments.update(part)
    assert moments.mean == pytest.approx(np.mean(values.numpy()), rel=1e-15)
    # The means of the batches are rounded to 1.5e-8, the spacing of numbers at 1e8.
    assert moments.std == pytest.approx(float(oracle.moments(values.tolist())[1]), rel=1e-6, abs=1e-7)


def test_moments_are_taken_in_float64():
    values = torch.full((4096,), 1e4) + torch.arange(4096) % 2 / 512
    assert values.dtype == torch.float32
    moments = RunningMoments().update(values[:1000]).update(values[1000:])
    assert moments.std == pytest.approx(1 / 1024, rel=1e-9)


def test_an_empty_batch_changes_no_moment():
    moments = RunningMoments().update(torch.tensor([])).update(torch.tensor([1.0, 3.0]))
    moments.update(torch.tensor([]))
    assert (moments.count, moments.mean, moments.std) == (2, 2.0, 1.0)
    assert math.isnan(RunningMoments().std)


def test_a_single_value_has_no_spread():
    assert RunningMoments().update(torch.tensor([5.0])).std == 0


def test_joint_features_are_the_code_and_the_logarithm_of_r():
    code, r = torch.randn(3, 2), torch.tensor([0.0, 0.5, 1e-9])
    found = latent_features(code, r, 1e-6)
    assert found.dtype == torch.float64
    assert torch.equal(found[:, :2], code.double())
    assert found[:, 2].tolist() == pytest.approx([math.log(1e-6), math.log(0.5), math.log(1e-6)])


@quick
@given(seeds, st.integers(1, 4), st.integers(1, 4))
def test_joint_score_is_the_logarithm_of_the_mixtures_density(seed, m, n):
    points, mixture = 3 * _draw(seed + 9, 4, n), _mixture(seed, m, n)
    parameters = [part.tolist() for part in mixture]
    expected = [oracle.log(oracle.mixture_density(point, *parameters)) for point in points.tolist()]
    assert mixture_log_density(points, *mixture).tolist() == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_joint_score_does_not_underflow_far_away():
    far = _tensor([[1e3, 0.0], [1e5, 0.0], [1e5 + 1, 0.0]])
    found = mixture_log_density(far, *_mixture(0, 3, 2))
    assert torch.isfinite(found).all()
    assert (found.diff() < 0).all()


def test_one_component_without_an_encoding_is_eq_6_of_log_r():
    r = _draw(0, 5).exp()
    features = latent_features(torch.empty(5, 0), r, 1e-6)
    mean, std = 0.3, 1.7
    found = mixture_log_density(features, _tensor([1.0]), _tensor([[mean]]), _tensor([[[std**2]]]))
    torch.testing.assert_close(found, a_score(r.log(), mean, std))


def test_scores_pass_gradcheck():
    # Far enough apart that no difference of features crosses the kink at zero.
    same = _draw(0, 3, 4).requires_grad_()
    rebuilt = (same.detach() + _draw(1, 3, 4).sign()).requires_grad_()
    assert gradcheck(r_score, (same, rebuilt))
    r = _draw(2, 5).requires_grad_()
    assert gradcheck(lambda r: a_score(r, 0.4, 1.3), (r,))
    features = _draw(3, 4, 3).requires_grad_()
    assert gradcheck(lambda f: mixture_log_density(f, *_mixture(0, 2, 3)), (features,))
    code, positive = _draw(4, 5, 2).requires_grad_(), (_draw(5, 5).abs() + 0.5).requires_grad_()
    assert gradcheck(lambda code, r: latent_features(code, r, 1e-6), (code, positive))


def test_an_obvious_anomaly_has_the_higher_r_and_the_lower_of_every_other_score():
    features = _draw(0, 50, 8)
    rebuilt = features + 0.1 * _draw(1, 50, 8)
    odd = torch.cat([rebuilt[:1], rebuilt[:1] + 5])
    r, code = r_score(features, rebuilt), _draw(2, 50, 2)
    usual_r, odd_r = r_score(features[:1].expand(2, -1), odd)
    assert odd_r > usual_r

    moments = RunningMoments().update(r)
    usual_a, odd_a = a_score(torch.stack([usual_r, odd_r]), moments.mean, moments.std)
    assert odd_a < usual_a

    points = latent_features(code, r, 1e-9)
    normal = _tensor([1.0]), points.mean(0)[None], points.T.cov()[None]
    usual_j, odd_j = mixture_log_density(
        latent_features(code[:2], torch.stack([usual_r, odd_r]), 1e-9), *normal
    )
    assert odd_j < usual_j
    odd_code = mixture_log_density(latent_features(code[:1] + 50, usual_r[None], 1e-9), *normal)
    assert odd_code < usual_j

    calibration = a_score(r, moments.mean, moments.std)
    usual_p, odd_p = p_value(torch.stack([usual_a, odd_a]), calibration)
    assert odd_p == 1 / 51 < usual_p
    assert is_anomaly(torch.stack([usual_a, odd_a]), offset(calibration, 0.02)).tolist() == [False, True]


@quick
@given(seeds, st.integers(1, 3), st.integers(1, 3), st.integers(1, 4), st.integers(1, 4))
def test_the_vector_of_a_pair_is_three_statistics_of_every_channel_of_every_layer(seed, b, k, h, w):
    layers = [_draw(seed + i, 2, b, k + i, h, w) for i in range(2)]
    found = pair_statistics([layer[0] for layer in layers], [layer[1] for layer in layers])
    for i in range(b):
        expected = [
            value
            for layer in layers
            for part in oracle.pair_statistics(layer[0, i].tolist(), layer[1, i].tolist(), DIFFERENCE_FLOOR)
            for value in part
        ]
        assert found[i].tolist() == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_the_vector_of_a_row_has_two_statistics_as_rows_have_no_space():
    same, other = _draw(0, 2, 3, 5)
    expected = torch.cat([((same - other).abs() + DIFFERENCE_FLOOR).log(), same], 1)
    torch.testing.assert_close(pair_statistics([same], [other]), expected)


@quick
@given(seeds, st.integers(1, 4), st.integers(1, 4))
def test_mahalanobis_by_hand(seed, b, n):
    vectors, mean, root = _draw(seed, b, n), _draw(seed + 1, n), _draw(seed + 2, n, n)
    precision = root @ root.mT
    expected = [oracle.mahalanobis(v, mean.tolist(), precision.tolist()) for v in vectors.tolist()]
    assert mahalanobis(vectors, mean, precision).tolist() == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_with_one_number_and_unit_variance_the_vector_score_ranks_as_the_two_sided_r_score():
    r = _draw(0, 50).abs()
    distance = mahalanobis(r[:, None], r.mean()[None], torch.ones(1, 1, dtype=torch.float64) / r.var())
    a = a_score(r, r.mean().item(), r.std().item())
    assert torch.equal(distance.argsort(), a.argsort(descending=True))


@quick
@given(seeds, st.integers(1, 4), st.sampled_from([2, 4]))
def test_turn_surprise_by_hand(seed, b, t):
    logits = 3 * _draw(seed, b, t, t)
    expected = [oracle.rotation_surprise(one) for one in logits.tolist()]
    assert rotation_surprise(logits).tolist() == pytest.approx(expected, rel=1e-9)
    assert (rotation_surprise(logits) > 0).all()


def test_a_critic_that_knows_every_turn_is_not_surprised():
    sure = 50 * torch.eye(4).expand(3, 4, 4)
    assert rotation_surprise(sure).abs().max() < 1e-9
    assert rotation_surprise(torch.zeros(1, 4, 4)).item() == pytest.approx(4 * math.log(4))


@quick
@given(seeds, st.integers(2, 9), st.integers(1, 3))
def test_a_sum_adds_the_standardised_terms_by_their_weights(seed, b, t):
    terms, mean, std = _draw(seed, b, t), _draw(seed + 1, t), _draw(seed + 2, t).exp()
    weight = _draw(seed + 3, t).abs()
    expected = [
        -sum(
            w * (value - m) / s
            for value, m, s, w in zip(row, *map(torch.Tensor.tolist, (mean, std, weight)), strict=True)
        )
        for row in terms.tolist()
    ]
    assert sum_of_terms(terms, mean, std, weight).tolist() == pytest.approx(expected, rel=1e-9, abs=1e-9)


@quick
@given(seeds, st.integers(1, 5), st.floats(0.5, 9))
def test_a_bounded_term_says_no_more_than_its_bound_and_small_ones_are_as_they_were(seed, t, bound):
    terms, mean, std = 100 * _draw(seed, 6, t), _draw(seed + 1, t), _draw(seed + 2, t).exp()
    weight = _draw(seed + 3, t).exp()
    [*total] = sum_of_terms(terms, mean, std, weight, bound).tolist()
    for row, found in zip(terms.tolist(), total, strict=True):
        z = [(x - m) / s for x, m, s in zip(row, mean.tolist(), std.tolist(), strict=True)]
        by_hand = -sum(w * bound * math.tanh(v / bound) for w, v in zip(weight.tolist(), z, strict=True))
        assert found == pytest.approx(by_hand, rel=1e-9, abs=1e-9)
        assert abs(found) <= bound * weight.sum() * (1 + 1e-12)
    near = mean + 1e-3 * std * terms.sign()
    scores = (sum_of_terms(near, mean, std, weight, c) for c in (bound, 0.0))
    torch.testing.assert_close(*scores, rtol=1e-5, atol=1e-12)


@quick
@given(seeds, st.integers(1, 4), st.integers(1, 5), st.integers(1, 4))
def test_the_nearest_of_the_whitened_points_by_hand(seed, b, m, n):
    vectors, points, mean = _draw(seed, b, n), _draw(seed + 1, m, n), _draw(seed + 2, n)
    whitening = _draw(seed + 3, n, n)
    white = ((vectors - mean) @ whitening).tolist()
    expected = [max(DISTANCE_FLOOR, min(math.dist(v, p) for p in points.tolist())) for v in white]
    assert nearest_distance(vectors, mean, whitening, points).tolist() == pytest.approx(expected, rel=1e-6)


def test_the_statistics_of_turned_pairs_are_the_means_of_every_map():
    maps = [[_draw(4 * i + j, 2, 3 + j, 5, 5) for j in range(2)] for i in range(4)]
    expected = [
        layer[:, k].flatten(1).mean(1) for turn in maps for layer in turn for k in range(layer.shape[1])
    ]
    torch.testing.assert_close(rotated_statistics(maps), torch.stack(expected, 1).float())


@quick
@given(seeds, st.integers(1, 20), st.integers(1, 20), st.integers(1, 3))
def test_a_weight_is_the_auroc_on_the_worst_kind(seed, n, m, t):
    normal, kinds = (
        _draw(seed, n, t).round(),
        [_draw(seed + i, m, t).round() for i in (1, 2)],
    )  # rounded: ties

    def auroc(kind, j):
        pairs = [(a > b) + (a == b) / 2 for a in kind[:, j].tolist() for b in normal[:, j].tolist()]
        return sum(pairs) / len(pairs)

    worst = [min(auroc(kinds[0], j), auroc(kinds[1], j)) for j in range(t)]
    total = sum(worst)
    expected = [w / total for w in worst] if total else [1 / t] * t
    assert term_weights(normal, kinds).tolist() == pytest.approx(expected)


def test_a_term_of_zero_stays_finite():
    assert log_term(torch.zeros(2)).isfinite().all()
