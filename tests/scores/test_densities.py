"""The densities behind the scores: each a density, fitted repeatably, in any unit, to any number of samples."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.covariance import ShrunkCovariance
from sklearn.mixture import GaussianMixture

from ama.scores import densities as density
from ama.scores.densities import RIDGE, Mixture, fit_gaussian, fit_memory_bank, fit_mixture
from ama.scores.terms.latent_density import mixture_log_density
from ama.scores.terms.mahalanobis import mahalanobis
from ama.scores.terms.memory_bank import nearest_distance
from draws import draw


def _clusters(n, between=8.0):
    centres = between * torch.tensor([[0, 0], [1, 0], [0, 1]], dtype=torch.float64)
    return centres.repeat(n // 3, 1) + 0.5 * draw(0, n, 2)


def test_the_density_integrates_to_one():
    points = _clusters(90, between=3.0)
    mixture = fit_mixture(points, 0)
    axis = torch.linspace(-9, 12, 211, dtype=torch.float64)
    grid = torch.cartesian_prod(axis, axis)
    volume = mixture_log_density(grid, *mixture).exp().sum() * (axis[1] - axis[0]) ** 2
    assert volume.item() == pytest.approx(1.0, abs=1e-4)


def test_joint_score_agrees_with_scikit_learn_on_the_same_parameters():
    points = _clusters(60)
    mixture = fit_mixture(points, 0)
    reference = GaussianMixture(len(mixture.weights))
    reference.weights_, reference.means_, reference.covariances_ = (part.numpy() for part in mixture)
    reference.precisions_cholesky_ = np.stack(
        [np.linalg.cholesky(np.linalg.inv(covariance)) for covariance in reference.covariances_]
    )
    torch.testing.assert_close(
        mixture_log_density(points, *mixture), torch.from_numpy(reference.score_samples(points.numpy()))
    )


def test_one_component_is_the_gaussian_of_the_samples_with_the_ridge():
    points = draw(0, 9, 2) * torch.tensor([1.0, 20.0]) + 5
    mixture = fit_mixture(points, 0)
    assert len(mixture.weights) == 1
    x = points.numpy()
    covariance = np.cov(x.T, bias=True) + RIDGE * np.diag(x.var(0))
    expected = stats.multivariate_normal(x.mean(0), covariance).logpdf(x)
    np.testing.assert_allclose(mixture_log_density(points, *mixture).numpy(), expected, rtol=1e-6)


def test_clustered_samples_get_more_components_than_a_single_blob():
    points = _clusters(120)
    clustered, blob = fit_mixture(points, 0), fit_mixture(draw(0, 120, 2), 0)
    assert len(blob.weights) == 1
    assert len(clustered.weights) >= 3
    midpoint = torch.tensor([[4.0, 4.0]], dtype=torch.float64)
    assert mixture_log_density(midpoint, *clustered) < mixture_log_density(points, *clustered).min()


def test_a_part_of_many_samples_chooses_the_components_and_all_of_them_make_the_mixture(monkeypatch):
    points = _clusters(300)
    whole = fit_mixture(points, 0)
    monkeypatch.setattr(density, "MAX_SEARCHED", 150)
    for found, expected in zip(fit_mixture(points, 0), whole, strict=True):
        assert torch.equal(found, expected)


@given(
    st.lists(st.floats(1e-6, 1e6), min_size=2, max_size=2),
    st.lists(st.floats(-100, 100), min_size=2, max_size=2),
)
def test_scores_rank_alike_in_any_unit_of_the_features(scale, shift):
    points = _clusters(30)
    scale, shift = torch.tensor([scale, shift], dtype=torch.float64)
    moved = (points + shift) * scale
    found, plain = (mixture_log_density(x, *fit_mixture(x, 0)) for x in (moved, points))
    torch.testing.assert_close(found + scale.log().sum(), plain, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("value", [0.0, 0.1, -3.7, 1e6 + 0.1, 1e-20])
def test_a_constant_feature_neither_breaks_the_fit_nor_drowns_the_others(value):
    points = draw(0, 25, 3)
    points[:, 1] = value
    mixture = fit_mixture(points, 0)
    found = mixture_log_density(points, *mixture)
    assert torch.isfinite(found).all()
    without = points[:, [0, 2]]
    expected = mixture_log_density(without, *fit_mixture(without, 0)) + stats.norm(0, RIDGE**0.5).logpdf(0)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
    other = points[:1] + torch.tensor([0.0, 1.0, 0.0])
    assert mixture_log_density(other, *mixture) < found[0]


@pytest.mark.parametrize("n", [2, 3, 4, 5, 9, 10, 29, 30])
def test_few_samples_are_enough(n):
    points = draw(n, n, 5)
    mixture = fit_mixture(points, 0)
    assert torch.isfinite(mixture_log_density(points, *mixture)).all()
    assert len(mixture.weights) * 10 <= max(n, 10)
    far = points[:1] + 100
    assert mixture_log_density(far, *mixture) < mixture_log_density(points, *mixture).min()


@pytest.mark.parametrize("distinct", [1, 3])
def test_repeated_samples_are_fitted_without_a_warning(distinct):
    points = draw(0, distinct, 3).repeat(12, 1)
    assert torch.isfinite(mixture_log_density(points, *fit_mixture(points, 0))).all()


def test_parameters_are_a_valid_mixture_in_float64():
    mixture = fit_mixture(_clusters(60).float(), 0)
    assert all(part.dtype == torch.float64 for part in mixture)
    m = len(mixture.weights)
    assert [part.shape for part in mixture] == [(m,), (m, 2), (m, 2, 2)]
    assert mixture.weights.sum().item() == pytest.approx(1)
    assert (torch.linalg.eigvalsh(mixture.covariances) > 0).all()


def test_the_seed_decides_the_fit_and_the_global_states_neither_matter_nor_move():
    points = _clusters(60)
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()
    first = fit_mixture(points, 3)
    assert torch.equal(torch_state, torch.get_rng_state())
    assert np.array_equal(numpy_state, np.random.get_state()[1])
    np.random.seed(99)
    assert all(map(torch.equal, first, fit_mixture(points, 3)))


def test_beyond_the_limit_a_seeded_subsample_is_fitted(monkeypatch):
    monkeypatch.setattr(density, "MAX_SAMPLES", 30)
    points = draw(0, 400, 2)
    first, again, other = fit_mixture(points, 0), fit_mixture(points, 0), fit_mixture(points, 1)
    assert isinstance(first, Mixture)
    assert all(map(torch.equal, first, again))
    assert not torch.equal(first.means, other.means)
    chosen = np.random.default_rng(0).choice(400, 30, replace=False)
    assert all(map(torch.equal, first, fit_mixture(points[chosen], 0)))


def test_the_gaussian_is_scikit_learns_shrunk_one_in_the_units_of_the_vectors():
    vectors = draw(0, 200, 6) @ draw(1, 6, 6) * 100 + 5
    gaussian = fit_gaussian(vectors)
    mean, std = vectors.mean(0), vectors.std(0, correction=0)
    shrunk = ShrunkCovariance(shrinkage=density.SHRINKAGE).fit(((vectors - mean) / std).numpy())
    expected = shrunk.mahalanobis(((vectors - mean) / std).numpy())
    np.testing.assert_allclose(mahalanobis(vectors, *gaussian).numpy(), expected, rtol=1e-6)


def test_distances_in_a_bank_are_mahalanobis_distances_between_vectors():
    vectors = draw(0, 50, 4) @ draw(1, 4, 4) * 100 + 5
    bank, gaussian = fit_memory_bank(vectors, seed=0), fit_gaussian(vectors)
    new = vectors[:5] + 30
    expected = torch.stack(
        [mahalanobis(new - v, torch.zeros(4).double(), gaussian.precision) for v in vectors]
    ).amin(0)
    found = nearest_distance(new, *bank)
    np.testing.assert_allclose(found.numpy(), expected.sqrt().clamp_min(0.1).numpy(), rtol=1e-6)


def test_a_bank_has_a_limit_and_its_subsample_a_seed():
    vectors = draw(0, 30, 3)
    first, again, other = (fit_memory_bank(vectors, seed, most=10).points for seed in (0, 0, 1))
    assert first.shape == (10, 3)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_gaussian_of_few_samples_or_constant_columns_is_finite():
    vectors = torch.cat([draw(0, 3, 8), torch.full((3, 1), 7.0, dtype=torch.float64)], 1)
    gaussian = fit_gaussian(vectors)
    assert gaussian.precision.isfinite().all()
    assert mahalanobis(vectors + 1, *gaussian).isfinite().all()
