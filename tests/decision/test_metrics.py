"""Metrics: scikit-learn's values, dependence on rank alone, sign, and coverage of the intervals."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from sklearn.metrics import average_precision_score, roc_auc_score

from ama.decision.metrics import Metric, evaluate, precision_recall_band, roc_band


@st.composite
def labelled_scores(draw):
    """Scores with many ties, around 1e3 in size, and both classes."""
    values = st.integers(-1000, 1000)
    pool = draw(st.lists(values, min_size=1, max_size=8))
    few = st.lists(st.sampled_from(pool) | values, min_size=1, max_size=40)
    normal, anomalies = draw(few), draw(few)
    return np.array(normal + anomalies, dtype=float), np.arange(len(normal + anomalies)) >= len(normal)


def fpr_at_95_recall(scores: np.ndarray, anomalous: np.ndarray) -> float:
    """The smallest share of normal samples flagged by a threshold that flags 95 % of the anomalies."""
    rates = []
    for threshold in scores:
        flagged = scores <= threshold
        if flagged[anomalous].sum() * 20 >= 19 * anomalous.sum():
            rates.append(flagged[~anomalous].mean())
    return min(rates)


def values(evaluation) -> list[float]:
    metrics = (evaluation.auroc, evaluation.average_precision, evaluation.fpr_at_95_recall)
    return [metric.value for metric in metrics]


@given(labelled_scores())
@example((np.repeat(np.arange(20.0), 2), np.tile([True, False], 20)))  # a straight line of ties
def test_values_are_scikit_learns_and_the_brute_force_fpr(given_scores):
    scores, anomalous = given_scores
    found = evaluate(scores, anomalous, resamples=2)
    expected = [
        roc_auc_score(anomalous, -scores),
        average_precision_score(anomalous, -scores),
        fpr_at_95_recall(scores, anomalous),
    ]
    assert values(found) == pytest.approx(expected, abs=1e-12)
    assert (found.n_normal, found.n_anomalous) == ((~anomalous).sum(), anomalous.sum())


INCREASING = {
    "shifted and scaled": lambda s: 3 * s + 1e6,
    "cubed": lambda s: s**3,
    "squashed": lambda s: np.arctan(s / 100),
    "exponentiated": lambda s: np.exp(s / 100),
    "ranked": lambda s: np.unique(s, return_inverse=True)[1].astype(float),
}


@pytest.mark.parametrize("transformation", INCREASING)
@settings(max_examples=20)
@given(given_scores=labelled_scores())
def test_only_the_order_of_the_scores_counts(transformation, given_scores):
    scores, anomalous = given_scores
    changed = INCREASING[transformation](scores)
    assert evaluate(changed, anomalous, resamples=5) == evaluate(scores, anomalous, resamples=5)


def test_low_scores_of_the_anomalies_are_a_perfect_result():
    scores = np.concatenate([np.full(50, 1000.0), np.full(10, 999.0)])
    anomalous = np.arange(60) >= 50
    good, bad = evaluate(scores, anomalous), evaluate(-scores, anomalous)
    assert values(good) == [1, 1, 0]
    assert values(bad) == pytest.approx([0, 10 / 60, 1])
    assert (good.auroc.low, good.auroc.high) == (1, 1)


def test_constant_scores_are_no_better_than_chance():
    found = evaluate(np.zeros(100), np.arange(100) < 20)
    assert values(found) == pytest.approx([0.5, 0.2, 1.0])


@given(labelled_scores())
@settings(max_examples=50)
def test_intervals_are_ordered_and_lie_between_0_and_1(given_scores):
    found = evaluate(*given_scores, resamples=20)
    for metric in (found.auroc, found.average_precision, found.fpr_at_95_recall):
        assert 0 <= metric.low <= metric.high <= 1
        assert 0 <= metric.value <= 1


def draw(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two Gaussians, one standard deviation apart, a quarter of them anomalies."""
    anomalous = np.arange(n) % 4 == 0
    return np.random.default_rng(seed).normal(size=n) - anomalous, anomalous


def test_the_interval_mostly_contains_the_value_and_the_truth():
    truth = norm.cdf(1 / math.sqrt(2))
    found = [evaluate(*draw(200, seed), resamples=200, seed=seed).auroc for seed in range(60)]
    assert np.mean([m.low <= m.value <= m.high for m in found]) == 1
    assert np.mean([m.low <= truth <= m.high for m in found]) > 0.85


def test_the_interval_shrinks_with_more_samples():
    def widths(n: int) -> np.ndarray:
        found = evaluate(*draw(n, 0))
        return np.array(
            [m.high - m.low for m in (found.auroc, found.average_precision, found.fpr_at_95_recall)]
        )

    few, many = widths(100), widths(10_000)
    assert (many < few / 4).all()
    assert (many > few / 40).all()


def test_the_same_seed_gives_the_same_interval():
    assert evaluate(*draw(80, 0), seed=3) == evaluate(*draw(80, 0), seed=3)
    assert evaluate(*draw(80, 0), seed=3) != evaluate(*draw(80, 0), seed=4)


PAIRED = [evaluate, roc_band, precision_recall_band]


@pytest.mark.parametrize("function", PAIRED)
def test_samples_that_share_a_score_are_drawn_together(function):
    """Pairs of equal scores are no more evidence than one of each."""
    scores, anomalous = draw(60, 0)
    once = function(scores, anomalous)
    pairs = np.repeat(scores, 2), np.repeat(anomalous, 2)
    together = function(*pairs, groups=np.repeat(np.arange(60), 2))
    if function is evaluate:
        assert (together.auroc, together.average_precision) == (once.auroc, once.average_precision)
        assert together.fpr_at_95_recall == once.fpr_at_95_recall
        assert (together.n_normal, together.n_anomalous) == (90, 30)
        apart = evaluate(*pairs).auroc
        assert apart.high - apart.low < 0.85 * (once.auroc.high - once.auroc.low)
    else:
        assert np.array_equal(together.low, once.low, equal_nan=True)
        assert np.array_equal(together.high, once.high, equal_nan=True)


@pytest.mark.parametrize(("n_normal", "n_anomalous"), [(1, 5), (5, 1), (1, 1)])
def test_a_single_sample_of_a_class_has_the_widest_interval(n_normal, n_anomalous):
    anomalous = np.arange(n_normal + n_anomalous) >= n_normal
    found = evaluate(-anomalous.astype(float), anomalous)
    assert values(found) == [1, 1, 0]
    for metric in (found.auroc, found.average_precision, found.fpr_at_95_recall):
        assert (metric.low, metric.high) == (0, 1)


def test_a_missing_class_is_refused():
    with pytest.raises(ValueError, match="needs normal samples and anomalies, found 3 and 0"):
        evaluate(np.arange(3.0), np.zeros(3, dtype=bool))
    with pytest.raises(ValueError, match="found 0 and 3"):
        evaluate(np.arange(3.0), np.ones(3, dtype=bool))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_score_that_is_not_finite_is_refused(value):
    with pytest.raises(ValueError, match=f"scores must be finite, found {value}"):
        evaluate(np.array([0.0, value, 1.0]), np.array([True, False, True]))


def test_an_evaluation_prints_and_goes_into_a_results_file():
    assert str(Metric(0.91234, 0.9, 0.95)) == "0.9123  (95 % interval 0.9000 to 0.9500)"
    found = evaluate(*draw(40, 0)).as_dict()
    assert json.loads(json.dumps(found)) == found
    assert list(found["auroc"]) == ["value", "low", "high"]
    assert (found["n_normal"], found["n_anomalous"]) == (30, 10)


@pytest.mark.parametrize("band", [roc_band, precision_recall_band])
def test_a_band_holds_the_curve_and_narrows_with_more_samples(band):
    random, widths = np.random.default_rng(0), []
    for n in (50, 5000):
        scores = np.concatenate([random.normal(1, 1, n), random.normal(-1, 1, n)])
        found = band(scores, np.arange(2 * n) >= n)
        inside = (found.low <= found.y + 1e-9) & (found.y <= found.high + 1e-9)
        assert inside[np.isfinite(found.y)].mean() > 0.9
        assert np.nanmin(found.low) >= 0
        assert np.nanmax(found.high) <= 1
        widths.append(np.nanmean(found.high - found.low))
    assert widths[1] < widths[0] / 4


def test_the_area_under_the_roc_curve_is_the_auroc():
    random = np.random.default_rng(1)
    scores, anomalous = random.normal(size=500) - np.repeat([0, 1.5], [400, 100]), np.arange(500) >= 400
    band = roc_band(scores, anomalous)
    assert np.trapezoid(band.y, band.x) == pytest.approx(roc_auc_score(anomalous, -scores), abs=0.003)


@pytest.mark.parametrize("n_found", [7, 35, 57, 95])
def test_a_recall_has_the_precision_of_the_first_threshold_that_reaches_it(n_found):
    scores = np.arange(150)
    anomalous = (scores < n_found) | (scores >= n_found + 50)
    band = precision_recall_band(scores, anomalous, resamples=2)
    assert band.y[2 * n_found] == 1.0
    assert band.y[2 * n_found + 1] == (n_found + 1) / (n_found + 51)
