"""Scores that are no numbers."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from ama.decision.score_bounds import LEAST_NORMAL, MOST_NORMAL, bounded
from draws import tensor


@given(st.lists(st.floats(-1e30, 1e30)))
def test_ordinary_scores_are_left_alone(scores):
    assert bounded(tensor(scores)).tolist() == scores


def test_what_is_no_number_is_the_least_normal_there_is():
    found = bounded(tensor([math.nan, -math.inf, -1e308, -1.0, 1e308, math.inf]))
    assert found.tolist() == [LEAST_NORMAL] * 3 + [-1.0, MOST_NORMAL, MOST_NORMAL]


def test_differences_and_squares_of_bounded_scores_are_finite():
    ends = tensor([LEAST_NORMAL, MOST_NORMAL])
    assert ends.std().isfinite()
    assert (ends.square().sum() * 1e6).isfinite()
