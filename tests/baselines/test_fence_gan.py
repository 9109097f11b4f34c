"""Fence GAN's two losses of the generator."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ama.baselines.fence_gan import CLOSEST, FenceGAN, dispersion, encirclement
from ama.benchmark.tables.compared_methods import BASELINES, FGAN_CIFAR10


@given(st.floats(0.05, 0.95), st.floats(-4, 4), st.sampled_from(["cross_entropy", "log"]))
def test_encirclement_is_smallest_where_d_says_alpha(alpha, logit, form):
    at = torch.tensor([math.log(alpha / (1 - alpha))])
    assert encirclement(at, alpha, form) <= encirclement(torch.tensor([logit]), alpha, form) + 1e-5


def test_encirclement_as_the_paper_prints_it():
    logit = torch.tensor([0.3, -1.2])
    d = 1 / (1 + np.exp(-logit.numpy()))
    assert encirclement(logit, 0.1, "log").item() == pytest.approx(np.log(np.abs(0.1 - d)).mean(), rel=1e-5)
    assert encirclement(torch.zeros(1), 0.5, "log").item() == pytest.approx(math.log(CLOSEST))


def test_dispersion_is_one_over_the_mean_distance_from_the_mean():
    points = torch.randn(20, 1, 3, 3)
    flat = points.flatten(1).numpy()
    expected = 1 / np.linalg.norm(flat - flat.mean(0), axis=1).mean()
    assert dispersion(points).item() == pytest.approx(expected, rel=1e-5)
    assert dispersion(3 * points).item() == pytest.approx(expected / 3, rel=1e-5)
    assert math.isfinite(dispersion(torch.ones(4, 2)).item())


def test_the_generator_has_a_learning_rate_of_its_own(digits):
    """Adam's first step is as long as the learning rate."""
    zeros = digits[0][digits[1] == 0]

    def weights(rate: float) -> np.ndarray:
        given = {"max_steps": 1, "width": 4, "learning_rate": 1e-4, "held_out": 0.2, "random_state": 0}
        detector = FenceGAN(**given, generator_rate=rate, device="cpu").fit(zeros)
        return torch.cat([p.detach().flatten() for p in detector.model_.generator.parameters()]).numpy()

    start = weights(1e-9)
    assert np.abs(weights(2.0) - start).max() == pytest.approx(2e-4, rel=0.01)
    assert np.abs(weights(20.0) - start).max() == pytest.approx(2e-3, rel=0.01)


def test_the_authors_values_are_parameters():
    _, values = BASELINES[FGAN_CIFAR10]
    assert FenceGAN(**values).get_params().items() >= values.items()
