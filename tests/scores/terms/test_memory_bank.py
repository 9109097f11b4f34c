"""The nearest point by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ama.scores.densities import fit_memory_bank
from ama.scores.kinds.factory import kind_of
from ama.scores.local_distance import log_local_distance, own_distances
from ama.scores.neighbour_search import nearest
from ama.scores.terms.memory_bank import DISTANCE_FLOOR, LOCAL_SHRINKAGE, MemoryBank, nearest_distance
from draws import TINY, draw

seeds, sizes = st.integers(0, 2**32), st.integers(1, 7)


@given(seeds, st.integers(1, 4), st.integers(1, 5), st.integers(1, 4))
def test_the_nearest_of_the_whitened_points_by_hand(seed, b, m, n):
    vectors, points, mean = draw(seed, b, n), draw(seed + 1, m, n), draw(seed + 2, n)
    whitening = draw(seed + 3, n, n)
    white = ((vectors - mean) @ whitening).tolist()
    expected = [max(DISTANCE_FLOOR, min(math.dist(v, p) for p in points.tolist())) for v in white]
    assert nearest_distance(vectors, mean, whitening, points).tolist() == pytest.approx(expected, rel=1e-6)


def _fitted(distance: str) -> MemoryBank:
    term = MemoryBank(kind_of((1, 8, 8)), replace(TINY, bank_distance=distance))
    term.fit([draw(0, 30, 4), draw(1, 20, 4)], seed=0)
    return term


def test_the_distance_to_the_nearest_by_default():
    assert TINY.bank_distance == "nearest"
    mean, whitening, points = fit_memory_bank(torch.cat([draw(0, 30, 4), draw(1, 20, 4)]), 0)
    expected = nearest_distance(draw(2, 9, 4), mean, whitening, points).log()
    assert torch.equal(_fitted("nearest").value(draw(2, 9, 4)), expected)


def test_the_local_distance_is_that_of_vectors_whitened_by_a_covariance_that_is_shrunk_more():
    mean, whitening, points = fit_memory_bank(
        torch.cat([draw(0, 30, 4), draw(1, 20, 4)]), 0, shrinkage=LOCAL_SHRINKAGE
    )
    white = (draw(2, 9, 4) - mean) @ whitening
    expected = log_local_distance(nearest(white, points), *own_distances(points))
    assert torch.allclose(_fitted("local").value(draw(2, 9, 4)), expected)


def test_only_the_local_distance_stores_how_close_the_samples_are():
    stored = {name for distance in ("nearest", "local") for name in _fitted(distance).state_dict()}
    assert set(_fitted("nearest").state_dict()) == stored - {"own", "floor"}
