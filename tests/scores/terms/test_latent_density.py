"""The log density of a mixture against the oracle."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import oracle
from ama.scores.kinds.factory import kind_of
from ama.scores.terms.a_score import a_score
from ama.scores.terms.latent_density import LatentDensity, mixture_log_density
from draws import TINY, draw, tensor

seeds, sizes = st.integers(0, 2**32), st.integers(1, 7)


def _mixture(seed, m, n):
    roots = draw(seed, m, n, n)
    covariances = roots @ roots.mT + 0.3 * torch.eye(n, dtype=torch.float64)
    return draw(seed + 1, m).softmax(0), draw(seed + 2, m, n), covariances


@given(seeds, st.integers(1, 4), st.integers(1, 4))
def test_the_density_is_the_logarithm_of_the_mixtures_density(seed, m, n):
    points, mixture = 3 * draw(seed + 9, 4, n), _mixture(seed, m, n)
    parameters = [part.tolist() for part in mixture]
    expected = [oracle.log(oracle.mixture_density(point, *parameters)) for point in points.tolist()]
    assert mixture_log_density(points, *mixture).tolist() == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_the_density_does_not_underflow_far_away():
    far = tensor([[1e3, 0.0], [1e5, 0.0], [1e5 + 1, 0.0]])
    found = mixture_log_density(far, *_mixture(0, 3, 2))
    assert torch.isfinite(found).all()
    assert (found.diff() < 0).all()


def _term(floor: float, n: int = 2) -> LatentDensity:
    term = LatentDensity(kind_of((1, 8, 8)), dataclasses.replace(TINY, latent_dim=n))
    term.floor.fill_(floor)
    return term


def test_its_value_is_minus_the_log_density_of_code_and_log_r_with_a_floor_under_r():
    term = _term(1e-6)
    term.weights, term.means, term.covariances = _mixture(0, 2, 3)
    features = torch.cat([draw(4, 3, 2), tensor([[0.0], [0.5], [1e-9]])], 1)
    points = torch.cat([features[:, :2], tensor([[1e-6], [0.5], [1e-6]]).log()], 1)
    expected = -mixture_log_density(points, term.weights, term.means, term.covariances)
    torch.testing.assert_close(term.value(features), expected)


def test_one_component_without_an_encoding_is_eq_6_of_log_r():
    r = draw(0, 5).exp()
    term = _term(1e-6, 0)
    term.weights, term.means, term.covariances = tensor([1.0]), tensor([[0.3]]), tensor([[[1.7**2]]])
    torch.testing.assert_close(-term.value(r[:, None]), a_score(r.log(), 0.3, 1.7))


def test_it_is_fitted_to_code_and_log_r_and_finds_an_outlier_of_either():
    parts = [torch.cat([draw(i, 200, 2), draw(10 + i, 200, 1).exp()], 1) for i in range(3)]
    term = _term(1.0)
    term.fit(parts, seed=0)
    assert term.floor.item() == pytest.approx(1e-6 * float(torch.cat(parts)[:, 2].mean()))
    normal, odd_code, odd_r = term.value(tensor([[0, 0, 1], [9, 9, 1], [0, 0, 500]]))
    assert normal < min(odd_code, odd_r)
