"""Photographs in series are told from exchangeable ones, whatever the samples."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from ama.errors import LONGEST_SENTENCE
from ama.training.series import MIN_SAMPLES, Nearest, found_series, places_apart, series_notice


def series(n: int, d: int, step: float) -> torch.Tensor:
    """A random walk, whose neighbours are ``step`` apart."""
    return (step * torch.randn(n, d)).cumsum(0)


@given(st.integers(MIN_SAMPLES, 120), st.integers(2, 30), st.integers(0, 1000))
def test_a_walk_is_a_series_and_the_same_samples_shuffled_are_none(n, d, seed):
    torch.manual_seed(seed)
    walk = series(n, d, 1.0)
    found = found_series(walk)
    assert (found is not None and found.places == 1) or d < 10  # in few dimensions a walk crosses itself
    shuffled = [found_series(walk[torch.randperm(n)]) for _ in range(5)]
    assert sum(found is not None for found in shuffled) <= 2


@given(st.integers(0, 1000))
def test_lots_of_samples_that_resemble_one_another_are_a_series(seed):
    torch.manual_seed(seed)
    lots = torch.randn(10, 20).repeat_interleave(20, 0) + 0.5 * torch.randn(200, 20)
    found = found_series(lots)
    assert found is not None
    assert found_series(lots[torch.randperm(200)]) is None


def test_places_do_not_depend_on_units_and_constant_columns_do_no_harm():
    walk = series(50, 20, 1.0)
    scaled = torch.cat([walk * torch.logspace(-6, 6, 20) + 7, torch.ones(50, 1)], 1)
    assert torch.equal(places_apart(scaled), places_apart(walk))


def test_columns_that_only_rise_or_fall_show_no_series():
    assert found_series(torch.arange(60.0)[:, None].repeat(1, 3) * torch.tensor([1, -1, 0])) is None


def test_it_counts_neighbours_on_either_side():
    # 0 and 1 are each other's nearest; the nearest of 2 is 1; that of 3 is 0, which is not beside it.
    assert places_apart(torch.tensor([[0.0], [1.0], [3.0], [-2.5]])).tolist() == [1, 1, 1, 3]


def test_the_notice_says_what_is_held_out():
    beside, near = Nearest(0.3, 1, 200), Nearest(0.5, 10, 200)
    assert "for 30% of the first 200 the nearest other is the one before or after" in series_notice(
        beside, 0.25, True
    )
    assert "for 50% of the first 200 the nearest other is within 10 places" in series_notice(near, 0.25, True)
    assert "the last 25% are held out (held_out_from='end', --held-out-from end)" in series_notice(
        near, 0.25, True
    )
    assert series_notice(near, 0.25, False).endswith(
        "flagged; use --held-out-from end or --group-by, in Python use held_out_from='end' or groups"
    )
    assert "too many new ones may be flagged" in series_notice(near, 0.25, False)
    assert all(len(series_notice(near, 0.25, from_end)) <= LONGEST_SENTENCE for from_end in (True, False))
