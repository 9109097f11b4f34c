"""The Mahalanobis distance by hand."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import oracle
from ama.scores.terms.a_score import a_score
from ama.scores.terms.mahalanobis import mahalanobis
from draws import draw

seeds, sizes = st.integers(0, 2**32), st.integers(1, 7)


@given(seeds, st.integers(1, 4), st.integers(1, 4))
def test_mahalanobis_by_hand(seed, b, n):
    vectors, mean, root = draw(seed, b, n), draw(seed + 1, n), draw(seed + 2, n, n)
    precision = root @ root.mT
    expected = [oracle.mahalanobis(v, mean.tolist(), precision.tolist()) for v in vectors.tolist()]
    assert mahalanobis(vectors, mean, precision).tolist() == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_with_one_number_and_unit_variance_the_vector_score_ranks_as_the_two_sided_r_score():
    r = draw(0, 50).abs()
    distance = mahalanobis(r[:, None], r.mean()[None], torch.ones(1, 1, dtype=torch.float64) / r.var())
    a = a_score(r, r.mean().item(), r.std().item())
    assert torch.equal(distance.argsort(), a.argsort(descending=True))
