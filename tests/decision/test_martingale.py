"""The drift martingale: uniform p-values, its bound by simulation, changes found, and one stream in any parts."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ama.decision import martingale
from ama.decision.bets import BETS, bet, log_bets, log_evidence, log_share
from ama.decision.martingale import DriftMartingale, draws, join, smoothed_p_value

tied = st.lists(st.integers(-3, 3).map(float), max_size=60)


def fed(reference, *parts, **given):
    test = DriftMartingale(np.array(reference), **given)
    for part in parts:
        test.update(np.array(part))
    return test


def p_values(reference, streams, most, random):
    """Of many streams at once (streams, samples)."""
    bag = np.zeros((len(streams), most))
    bag[:, : reference.shape[1]] = reference
    found = np.empty(streams.shape)
    for n in range(streams.shape[1]):
        size = min(most, reference.shape[1] + n)
        u, place = random.random((2, len(streams)))
        found[:, n] = smoothed_p_value(streams[:, n], bag[:, :size], u)
        join(bag, size, streams[:, n], place)
    return found


@pytest.mark.parametrize("rounded", [False, True])
@pytest.mark.parametrize(("m", "most"), [(0, 12), (5, 12), (12, 12)])
def test_p_values_are_independent_and_uniform_with_a_small_bag(rng, m, most, rounded):
    scores = rng.normal(size=(20_000, m + 30))
    scores = scores.round() if rounded else scores
    p = p_values(scores[:, :m], scores[:, m:], most, rng)
    assert stats.kstest(p[:, -1], "uniform").pvalue > 1e-4
    # Sums of independent uniform numbers have this variance; with a fixed bag it is several times as large.
    assert p.sum(1).var() == pytest.approx(30 / 12, rel=5 * math.sqrt(2 / 20_000))
    assert abs(np.corrcoef(p[:, -1], p[:, -2])[0, 1]) < 5 / math.sqrt(20_000)


def test_ranks_in_a_bag_that_never_changes_would_not_be_independent(rng):
    scores = rng.normal(size=(2000, 42))
    p = (1 + (scores[:, None, :12] < scores[:, 12:, None]).sum(2)) / 13
    assert p.sum(1).var() > 2 * 30 / 12


@pytest.mark.parametrize(("m", "most"), [(0, 500), (40, 40), (40, 500)])
def test_at_most_the_share_of_quiet_streams_ever_alarms(rng, m, most):
    level, n = 0.05, 2000
    scores = rng.normal(size=(n, m + 400))
    wealth, largest = np.full((n, len(BETS)), log_share(1)), np.zeros(n)
    for i, p in enumerate(p_values(scores[:, :m], scores[:, m:], most, rng).T, 1):
        wealth = bet(wealth, log_bets(p), log_share(i + 1))
        largest = np.maximum(largest, log_evidence(wealth, i))
    assert np.mean(largest >= -math.log(level)) <= level + 3 * math.sqrt(level * (1 - level) / n)


@pytest.mark.parametrize(
    ("scale", "shift", "change"),
    [(1, -1, "lower"), (1, 1, "higher"), (3, 0, "more varied"), (0.3, 0, "less varied")],
)
@pytest.mark.parametrize("quiet", [0, 2000])
def test_a_change_is_found_early_or_late_and_named(rng, scale, shift, change, quiet):
    changed = shift + scale * rng.normal(size=300)
    test = fed(rng.normal(size=300), rng.normal(size=quiet), changed)
    assert test.alarm_at is not None
    assert quiet < test.alarm_at <= quiet + 200
    assert test.change == change
    assert test.log_largest >= math.log(100)


def test_without_a_reference_a_change_within_the_stream_is_found(rng):
    quiet, changed = rng.normal(size=400), rng.normal(size=200) - 1.5
    assert fed([], quiet).alarm_at is None
    assert 400 < fed([], quiet, changed).alarm_at < 500


@given(tied, tied, st.lists(st.integers(0, 60), max_size=4), st.integers(1, 20))
def test_a_stream_in_parts_is_one_stream_bit_for_bit(reference, scores, ends, most):
    whole = fed(reference, scores, most=most)
    parts = np.split(np.array(scores), sorted(min(end, len(scores)) for end in ends))
    continued = DriftMartingale(np.array(reference), most=most)
    for part in parts:
        state = json.loads(json.dumps(continued.state_dict()))
        continued = DriftMartingale(np.array(reference), most=most)
        continued.load_state_dict(state)
        continued.update(part)
    assert continued.state_dict() == whole.state_dict()
    assert len(whole.state_dict()["bag"]) == min(most, len(reference) + len(scores))


@pytest.mark.parametrize("during", ["advance", "bet", "log_evidence"])
def test_an_interrupted_part_counts_not_at_all(rng, monkeypatch, during):
    reference, first, second = rng.normal(size=(3, 30))
    test, left = fed(reference, first, most=40), iter(range(0 if during == "log_evidence" else 5))
    usual = getattr(martingale, during)

    def interrupt(*given):
        if next(left, None) is None:
            raise KeyboardInterrupt
        return usual(*given)

    with monkeypatch.context() as patched:
        patched.setattr(martingale, during, interrupt)
        with pytest.raises(KeyboardInterrupt):
            test.update(second)
    assert test.state_dict() == fed(reference, first, most=40).state_dict()
    test.update(second)
    assert test.state_dict() == fed(reference, first, second, most=40).state_dict()


def test_draws_depend_on_the_number_of_the_sample_alone():
    whole = draws(3, 0, 20)
    assert np.array_equal(whole[7:], draws(3, 7, 13))
    assert not np.array_equal(whole, draws(4, 0, 20))
    assert draws(3, 5, 0).shape == (0, 2)
    many = draws(0, 0, 50_000)
    assert ((many > 0) & (many < 1)).all()
    assert stats.kstest(many.ravel(), "uniform").pvalue > 1e-4


@pytest.mark.parametrize("score", [math.nan, math.inf, -1e39])
def test_scores_that_are_no_numbers_are_refused_and_none_is_counted(score):
    test = fed([1.0, 2.0], [0.5])
    with pytest.raises(ValueError, match="scores must be finite"):
        test.update(np.array([0.1, score]))
    assert test.seen == 1


@pytest.mark.parametrize("level", [0.0, 1.0, math.nan])
def test_a_level_outside_the_open_unit_interval_is_refused(level):
    with pytest.raises(ValueError, match="level must lie between 0 and 1"):
        DriftMartingale(np.zeros(3), level=level)
