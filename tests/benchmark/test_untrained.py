"""What stands beside the trained methods, against slow oracles."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ama.benchmark.untrained import COMPONENTS, NEIGHBOURS, neighbours, pca


def draw(n, shape=(1, 6, 8), seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, *shape), dtype=np.uint8)


def test_neighbours_are_the_mean_of_the_smallest_distances():
    train, test = draw(30), draw(4, seed=1)
    expected = []
    for image in test:
        distances = sorted(math.dist(image.ravel() / 255, other.ravel() / 255) for other in train)
        expected.append(-sum(distances[:NEIGHBOURS]) / NEIGHBOURS)
    assert neighbours(train, test).tolist() == pytest.approx(expected, rel=1e-4)


def test_components_are_those_of_a_singular_value_decomposition():
    train, test = draw(60) / 255.0, draw(5, seed=1) / 255.0
    centre = train.reshape(60, -1).mean(0)
    axes = np.linalg.svd(train.reshape(60, -1) - centre)[2][:COMPONENTS]
    centred = test.reshape(5, -1) - centre
    expected = -np.square(centred - centred @ axes.T @ axes).sum(1)
    assert pca(draw(60), draw(5, seed=1)) == pytest.approx(expected, rel=1e-3)


def test_with_fewer_images_than_components_the_training_images_are_rebuilt():
    train = draw(7)
    assert pca(train, train) == pytest.approx(np.zeros(7), abs=1e-4)
