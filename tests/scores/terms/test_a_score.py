"""Eq. 6 against the oracle, and its sign."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import oracle
from ama.scores.terms.a_score import a_score
from draws import tensor


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=6), st.floats(-10, 10), st.floats(1e-3, 1e3))
def test_a_score_is_the_logarithm_of_eq_6(r, mean, std):
    expected = [oracle.log(oracle.a_score(value, mean, std)) for value in r]
    assert a_score(tensor(r), mean, std).tolist() == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_a_score_neither_underflows_nor_ties_a_million_sigma_out():
    r = tensor([0, 39, 40, 1e3, 999_999, 1e6])
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
