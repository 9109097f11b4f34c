"""The nearest point by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ama.scores.terms.memory_bank import DISTANCE_FLOOR, nearest_distance
from draws import draw

seeds, sizes = st.integers(0, 2**32), st.integers(1, 7)


@given(seeds, st.integers(1, 4), st.integers(1, 5), st.integers(1, 4))
def test_the_nearest_of_the_whitened_points_by_hand(seed, b, m, n):
    vectors, points, mean = draw(seed, b, n), draw(seed + 1, m, n), draw(seed + 2, n)
    whitening = draw(seed + 3, n, n)
    white = ((vectors - mean) @ whitening).tolist()
    expected = [max(DISTANCE_FLOOR, min(math.dist(v, p) for p in points.tolist())) for v in white]
    assert nearest_distance(vectors, mean, whitening, points).tolist() == pytest.approx(expected, rel=1e-6)
