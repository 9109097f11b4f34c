"""p-values and thresholds against the oracle and by simulation, false discoveries, drift."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest
import torch
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from scipy import stats

import oracle
from ama.decision.conformal import (
    ROUNDING,
    calibration_scores,
    coarse,
    discoveries,
    drift,
    false_alarm_distribution,
    is_anomaly,
    offset,
    p_value,
    samples_needed,
    scores_behind,
)
from draws import draw

# Few distinct values, so that ties are common.
tied = st.lists(st.integers(-3, 3).map(float), min_size=1, max_size=25)


def _tensor(values):
    return torch.tensor(values, dtype=torch.float64)


@given(tied, tied)
def test_p_values_count_as_the_oracle_counts(scores, calibration):
    found = p_value(_tensor(scores), _tensor(calibration))
    assert found.tolist() == [oracle.p_value(score, calibration) for score in scores]
    assert (found > 0).all()
    assert (found <= 1).all()


@pytest.mark.parametrize("score", [-math.inf, -1e30, 1e30, math.inf])
def test_p_values_of_extreme_scores_stay_in_the_half_open_unit_interval(score):
    (found,) = p_value(_tensor([score]), draw(0, 19)).tolist()
    assert found == (1 / 20 if score < 0 else 1)


def test_scores_of_a_strided_tensor_have_p_values_too():
    scores = draw(0, 4, 2)
    assert torch.equal(p_value(scores[:, 0], draw(1, 9)), p_value(scores[:, 0].clone(), draw(1, 9)))


@settings(max_examples=200, deadline=None)
@given(tied, tied, st.floats(0.01, 0.99), st.one_of(st.none(), st.integers(1, 25)))
@example([0.0], [0.0] * 9, 0.1 + 0.2, None)
@example([0.0], [0.0] * 9, 0.3 - 5e-17, None)
@example([0.0], [0.0, 1.0], math.nextafter(1, 0), None)
def test_below_the_offset_means_a_p_value_up_to_alpha(scores, calibration, alpha, rank):
    m = len(calibration)
    if rank is not None:  # a rate that equals a possible p-value
        alpha = min(rank, m) / (m + 1)
    assume(1 / (m + 1) <= alpha)
    scores, calibration = _tensor(scores), _tensor(calibration)
    flagged = is_anomaly(scores, offset(calibration, alpha))
    assert torch.equal(flagged, p_value(scores, calibration) <= alpha)


@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.1, 0.29, 0.57])
def test_round_rates_are_met_to_the_sample(alpha):
    calibration = draw(0, 99)
    below = is_anomaly(calibration, offset(calibration, alpha)).sum().item()
    assert below == round(100 * alpha) - 1


def test_too_few_samples_give_the_smallest_possible_rate():
    calibration = draw(0, 9)
    assert offset(calibration, 0.001) == offset(calibration, 0.1) == calibration.min().item()


def test_offset_flags_no_sample_among_ties():
    calibration = torch.ones(20)
    assert not is_anomaly(calibration, offset(calibration, 0.5)).any()


@pytest.mark.parametrize("rate", [0.0, 1.0, -0.1, 1.5, math.nan])
def test_a_rate_outside_the_open_unit_interval_is_refused(rate):
    with pytest.raises(
        ValueError, match=f"false_alarm_rate must lie between 0 and 1, both excluded; found {rate}"
    ):
        offset(torch.ones(5), rate)


def test_offset_without_calibration_samples_is_refused():
    with pytest.raises(ValueError, match="at least one held-out normal sample, found none"):
        offset(torch.ones(0), 0.1)


@pytest.mark.parametrize(("m", "alpha"), [(9, 0.1), (10, 0.1), (47, 0.05), (199, 0.01), (30, 0.5)])
@pytest.mark.parametrize("rounded", [False, True])
def test_normal_samples_are_flagged_at_most_at_the_requested_rate(m, alpha, rounded):
    draws = 4000
    scores = draw(m, draws, m + 1)
    scores = scores.round() if rounded else scores
    flagged = [p_value(row[:1], row[1:]).item() <= alpha for row in scores]
    assert np.mean(flagged) <= alpha + 4 * math.sqrt(alpha * (1 - alpha) / draws)
    if not rounded:
        reachable = math.floor(alpha * (m + 1) + 1e-9) / (m + 1)
        assert np.mean(flagged) >= reachable - 4 * math.sqrt(alpha * (1 - alpha) / draws)


@pytest.mark.parametrize(("m", "alpha"), [(19, 0.05), (60, 0.1), (298, 0.01), (500, 0.05)])
def test_the_share_of_normal_samples_below_the_threshold_has_the_beta_distribution(m, alpha):
    draws = 2000
    calibration = draw(m, draws, m)
    # Scores are normal here, so the share below a threshold is known exactly.
    shares = [stats.norm.cdf(offset(row, alpha)) for row in calibration]
    expected = false_alarm_distribution(m, alpha)
    assert stats.kstest(shares, expected.cdf).pvalue > 0.001
    assert expected.mean() <= alpha
    assert np.mean(shares) == pytest.approx(expected.mean(), abs=4 * expected.std() / math.sqrt(draws))


@given(st.floats(1e-4, 0.999))
def test_samples_needed_is_the_smallest_sufficient_number(alpha):
    m = samples_needed(alpha)
    assert 1 / (m + 1) <= alpha * (1 + 1e-6)
    assert m == 0 or 1 / m > alpha * (1 - 1e-6)


def test_round_rates_need_round_numbers_of_samples():
    assert [samples_needed(alpha) for alpha in (0.5, 0.1, 0.05, 0.01, 0.001)] == [1, 9, 19, 99, 999]


def _step_up(p, q):
    """Benjamini & Hochberg 1995, literally: the largest i with p_(i) <= i q / n; the i smallest are rejected."""
    limit = max((x for i, x in enumerate(sorted(p), 1) if x <= i * q / len(p) * (1 + 1e-12)), default=-1)
    return [x <= limit for x in p]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.integers(1, 20).map(lambda i: i / 20), max_size=30), st.sampled_from([0.05, 0.1, 0.3, 0.9])
)
def test_discoveries_are_those_of_the_step_up_procedure(p, q):
    assert discoveries(np.array(p, dtype=float), q).tolist() == _step_up(p, q)


def test_the_false_discovery_rate_is_at_most_the_requested_one():
    random, q, shares, found = np.random.default_rng(0), 0.2, [], []
    for _ in range(400):
        calibration = torch.from_numpy(random.normal(size=300))
        scores = np.concatenate([random.normal(size=90), random.normal(-4, 1, 10)])
        flagged = discoveries(p_value(torch.from_numpy(scores), calibration).numpy(), q)
        shares.append(flagged[:90].sum() / max(1, flagged.sum()))
        found.append(flagged[90:].mean())
    assert np.mean(shares) <= q + 3 * np.std(shares) / 20
    assert np.mean(shares) > q / 3  # not needlessly conservative
    assert np.mean(found) > 0.8


@pytest.mark.parametrize("rate", [0.0, 1.0, math.nan])
def test_a_share_of_false_discoveries_outside_the_open_unit_interval_is_refused(rate):
    with pytest.raises(
        ValueError, match=f"false_discovery_rate must lie between 0 and 1, both excluded; found {rate}"
    ):
        discoveries(np.ones(3), rate)


@pytest.mark.parametrize(("n", "m"), [(1, 20), (5, 10), (20, 50), (300, 300), (2000, 200)])
def test_normal_batches_drift_no_more_often_than_the_p_value_allows(n, m):
    random = np.random.default_rng(n)
    p = [drift(random.normal(size=n), random.normal(size=m)).p_value for _ in range(500)]
    for level in (0.01, 0.05, 0.2):
        assert np.mean(np.array(p) <= level) <= level + 4 * math.sqrt(level * (1 - level) / 500)


def test_few_scores_have_the_p_value_of_all_their_orders():
    calibration = np.arange(54.0)
    assert drift(np.array([-1.0]), calibration).p_value == pytest.approx(2 / 55)
    assert drift(np.arange(-5.0, 0), calibration[:10]).p_value == pytest.approx(2 / math.comb(15, 5))


def test_shifted_scores_are_detected_with_their_direction():
    random = np.random.default_rng(0)
    calibration = random.normal(size=300)
    for shift in (-0.5, 0.5):
        found = drift(random.normal(shift, 1, 500), calibration)
        assert found.p_value < 1e-4
        assert found.lower == (shift < 0)
        assert 0.1 < found.distance < 0.4
    assert drift(np.full(50, -9.0), calibration).distance == 1


@pytest.mark.parametrize("arithmetic", ROUNDING)
def test_what_rounding_alone_tells_apart_ties_and_nothing_else_does(arithmetic):
    scores = np.array([-1e30, -1e3, -2.5, -1, 0, 1e-1, 2, 1e3])
    rounded = scores * (1 + 1e-3 * ROUNDING[arithmetic])
    behind = scores_behind(calibration_scores(torch.from_numpy(scores), arithmetic), arithmetic).numpy()
    whole = coarse(scores, arithmetic)
    assert (np.diff(whole) > 0).all()
    for others in (rounded, behind):
        assert np.array_equal(coarse(others, arithmetic), whole)


@pytest.mark.parametrize(("n", "expected"), [(20, 2 / math.comb(40, 20)), (5000, sys.float_info.min)])
def test_the_p_value_of_a_drift_is_never_zero(n, expected):
    found = drift(np.arange(n) + 1e6, np.arange(n) * 1.0)
    assert found.p_value == pytest.approx(expected)
    assert not found.lower
