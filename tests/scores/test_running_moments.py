"""Moments of any split of a stream."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import oracle
from ama.scores.running_moments import RunningMoments
from draws import draw, tensor


@given(st.lists(st.lists(st.floats(-1e6, 1e6), max_size=9), min_size=1, max_size=6).filter(any))
def test_moments_of_any_split_are_those_of_the_whole(batches):
    moments = RunningMoments()
    for batch in batches:
        moments.update(tensor(batch))
    values = [value for batch in batches for value in batch]
    mean, std = oracle.moments(values)
    assert moments.count == len(values)
    assert moments.mean == pytest.approx(float(mean), rel=1e-9, abs=1e-9)
    assert moments.std == pytest.approx(float(std), rel=1e-9, abs=1e-9)


@given(st.integers(0, 2**32), st.lists(st.integers(0, 30), max_size=6), st.floats(1e-3, 10))
def test_moments_keep_a_tiny_spread_around_a_huge_mean(seed, cuts, spread):
    values = 1e8 + spread * draw(seed, 60)
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
