"""The density of rows under a mixture."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import oracle
from ama.scores.terms.row_density import RowDensity, whitened_log_density
from draws import draw
from row_terms import fitted

seeds = st.integers(0, 2**32)


@given(seeds, st.integers(1, 4), st.integers(1, 4))
def test_the_density_is_the_logarithm_of_the_mixtures_density(seed, m, n):
    weights, means = draw(seed, m).softmax(0), draw(seed + 1, m, n)
    whitenings = draw(seed + 2, m, n, n).tril() + 2 * torch.eye(n, dtype=torch.float64)
    whitenings.diagonal(dim1=1, dim2=2).abs_().clamp_min_(0.3)
    covariances = torch.linalg.inv(whitenings @ whitenings.mT)
    points = draw(seed + 3, 4, n)
    expected = [
        oracle.log(oracle.mixture_density(p, weights.tolist(), means.tolist(), covariances.tolist()))
        for p in points.tolist()
    ]
    found = whitened_log_density(points, weights.log(), means, whitenings)
    assert found.tolist() == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_one_component_is_a_gaussian_with_ledoit_and_wolfs_covariance():
    from sklearn.covariance import ledoit_wolf

    x = draw(0, 25, 4)  # too few for several components
    term = fitted(RowDensity, x)
    covariance = torch.from_numpy(ledoit_wolf(x.numpy())[0]) + 0.01 * torch.eye(4)
    other = draw(1, 1, 4)
    centred = other - x.mean(0)
    distance = (centred @ torch.linalg.inv(covariance) @ centred.T).item()
    assert term.value(other).item() == pytest.approx(math.log1p(distance / 2))


def test_rows_of_several_kinds_have_several_components():
    centres = 20 * draw(0, 3, 2)
    x = (centres[:, None] + draw(1, 3, 100, 2)).flatten(0, 1)[torch.randperm(300)]
    term = fitted(RowDensity, x)
    assert len(term.means) >= 3
    assert term.value(centres).max() < term.value(x.mean(0, keepdim=True)).item()


def test_more_columns_than_rows_and_a_constant_column():
    x = torch.cat([draw(0, 20, 40), torch.zeros(20, 1)], 1)
    term = fitted(RowDensity, x)
    assert term.value(x).isfinite().all()
    assert term.value(torch.cat([x[:1, :-1], torch.full((1, 1), 10.0)], 1)).item() > term.value(x).max()
