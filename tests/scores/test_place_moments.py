"""A Gaussian for each place, against NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ama.scores.place_moments import PlaceMoments, mahalanobis_distances, pooled, vectors_of
from draws import draw

SHRINKAGE = 0.01


def gaussians(*parts: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    moments = PlaceMoments()
    for part in parts:
        moments.add(part)
    return moments.gaussians(SHRINKAGE)


@given(st.integers(0, 2**32), st.integers(1, 9))
def test_the_gaussians_are_those_of_each_place_however_the_images_come(seed, size):
    vectors = 1000 + draw(seed, 30, 6, 4)  # far from 0
    mean, whitening = gaussians(*vectors.split(size))
    for place in range(6):
        own = vectors[:, place].numpy()
        np.testing.assert_allclose(mean[place], own.mean(0))
        precision = (whitening[place].T @ whitening[place]).numpy()
        covariance = np.cov(own.T) + SHRINKAGE * np.eye(4)
        np.testing.assert_allclose(np.linalg.inv(precision), covariance, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("n", [1, 2])
def test_fewer_images_than_dimensions_have_a_gaussian(n):
    mean, whitening = gaussians(1000 + draw(0, n, 6, 4).float())
    assert whitening.isfinite().all()
    assert whitening.dtype == mean.dtype == torch.float32


def test_a_distance_is_that_of_mahalanobis():
    learned, grid = draw(0, 30, 6, 4), draw(1, 3, 4, 2, 3)
    found = mahalanobis_distances(grid, *gaussians(learned))
    assert found.shape == (3, 2, 3)
    for image, distances in zip(vectors_of(grid).numpy(), found, strict=True):
        expected = []
        for place, vector in enumerate(image):
            own = learned[:, place].numpy()
            centred = vector - own.mean(0)
            covariance = np.cov(own.T) + SHRINKAGE * np.eye(4)
            expected.append(np.sqrt(centred @ np.linalg.inv(covariance) @ centred))
        np.testing.assert_allclose(distances.numpy().ravel(), expected)


def test_places_are_averaged_where_there_are_more():
    x = draw(0, 1, 3, 32, 10)
    torch.testing.assert_close(pooled(x, 16), x.unflatten(2, (16, 2)).mean(3))
    assert torch.equal(pooled(x, 40), x)
