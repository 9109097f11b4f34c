"""WAIC's formula and its ensemble."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from ama.baselines.waic import WAIC, gradient_penalty


@pytest.fixture(scope="module")
def zeros(digits):
    images, labels = digits
    return images[labels == 0]


@pytest.mark.parametrize("ensemble", ["wgan", "pixelcnn++", "glow"])
def test_mean_less_variance_of_the_members(zeros, ensemble):
    detector = WAIC(
        ensemble=ensemble, n_models=3, max_steps=6, width=4, random_state=0, held_out=0.2, device="cpu"
    ).fit(zeros)
    model = detector.model_.eval()
    values = model.values(model.normalise(torch.from_numpy(zeros[:9]))).double()
    values = ((values - model.mean) / model.spread).numpy()
    found = detector.named_scores(zeros[:9])
    assert values.shape == (9, 3)
    assert np.allclose(found["score"], values.mean(1) - values.var(1), rtol=1e-4, atol=1e-5)
    assert np.allclose(found["mean"], values.mean(1), rtol=1e-4, atol=1e-5)


def test_the_critics_of_an_ensemble_are_on_one_scale_and_differ(zeros):
    detector = WAIC(n_models=3, max_steps=10, width=8, random_state=0, held_out=0.2, device="cpu").fit(zeros)
    model = detector.model_.eval()
    values = (model.values(model.normalise(torch.from_numpy(zeros))) - model.mean) / model.spread
    assert torch.allclose(values.mean(0), torch.zeros(3), atol=0.3)
    assert torch.allclose(values.std(0), torch.ones(3), atol=0.3)
    first, second = (member.output.weight for member in model.members[:2])
    assert not torch.equal(first, second)


def test_the_penalty_is_zero_where_the_slope_is_one():
    critic = nn.Linear(4, 1, bias=False)
    with torch.no_grad():
        critic.weight.copy_(torch.tensor([[0.0, 0.6, 0.8, 0.0]]))
    assert gradient_penalty(critic, torch.randn(5, 4)).item() == pytest.approx(0, abs=1e-10)
    with torch.no_grad():
        critic.weight.mul_(3)
    assert gradient_penalty(critic, torch.randn(5, 4)).item() == pytest.approx(4, rel=1e-5)
