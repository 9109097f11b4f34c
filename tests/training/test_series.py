"""Photographs in series are told from exchangeable ones, whatever the samples."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from ama.training.series import MIN_SAMPLES, beside_share, is_series


def series(n: int, d: int, step: float) -> torch.Tensor:
    """A random walk, whose neighbours are ``step`` apart."""
    return (step * torch.randn(n, d)).cumsum(0)


@given(st.integers(MIN_SAMPLES, 120), st.integers(2, 30), st.integers(0, 1000))
def test_a_walk_is_a_series_and_the_same_samples_shuffled_are_none(n, d, seed):
    torch.manual_seed(seed)
    walk = series(n, d, 1.0)
    assert is_series(beside_share(walk), n) or d < 10  # in few dimensions a walk crosses itself
    shares = [beside_share(walk[torch.randperm(n)]) for _ in range(5)]
    assert not is_series(sorted(shares)[2], n)


def test_the_share_does_not_depend_on_units_and_constant_columns_do_no_harm():
    walk = series(50, 20, 1.0)
    scaled = torch.cat([walk * torch.logspace(-6, 6, 20) + 7, torch.ones(50, 1)], 1)
    assert beside_share(scaled) == beside_share(walk) > 0.5


def test_it_counts_neighbours_on_either_side():
    # 0 and 1 are each other's nearest; the nearest of 2 is 1; that of 3 is 0, which is not beside it.
    assert beside_share(torch.tensor([[0.0], [1.0], [3.0], [-2.5]])) == 0.75
