"""Eq. 5 against the oracle."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import oracle
from ama.scores.terms.r_score import r_score
from draws import draw

seeds, sizes = st.integers(0, 2**32), st.integers(1, 7)


@given(seeds, sizes, sizes)
def test_r_score_is_eq_5(seed, b, k):
    same, rebuilt = draw(seed, 2, b, k)
    expected = [oracle.r_score(*pair) for pair in zip(same.tolist(), rebuilt.tolist(), strict=True)]
    assert r_score(same, rebuilt).tolist() == pytest.approx(expected)
