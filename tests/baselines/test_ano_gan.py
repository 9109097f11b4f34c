"""AnoGAN's search."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ama.baselines.ano_gan import AnoGAN


@pytest.fixture(scope="module")
def zeros(digits):
    images, labels = digits
    return images[labels == 0]


def fitted(zeros, **given):
    return AnoGAN(max_steps=20, width=8, random_state=0, held_out=0.2, device="cpu", **given).fit(zeros)


def test_the_loss_is_that_of_the_paper(zeros):
    detector = fitted(zeros, search_steps=1, weight=0.3)
    model = detector.model_.eval()
    with torch.no_grad():
        x = model.normalise(torch.from_numpy(zeros[:4]))
        z = torch.randn(4, model.latent_dim)
        generated = model.generator(z)
        features = [model.discriminator.features(image).numpy() for image in (x, generated)]
        found = model._loss(x, torch.from_numpy(features[0]), z).numpy()
    residual = np.abs((x - generated).numpy()).reshape(4, -1).mean(1)
    discrimination = np.abs(features[0] - features[1]).mean(1)
    assert np.allclose(found, 0.7 * residual + 0.3 * discrimination, rtol=1e-4)


def test_a_longer_search_comes_nearer(zeros):
    scores = [
        fitted(zeros, search_steps=n, search_rate=0.1).score_samples(zeros[:20]).mean() for n in (1, 40)
    ]
    assert scores[1] > scores[0]


def test_an_image_that_the_generator_makes_is_found(zeros):
    detector = fitted(zeros, search_steps=150, search_rate=0.1, weight=0.0)
    model = detector.model_.eval()
    with torch.no_grad():
        near = model.start + 0.3 * torch.randn(10, model.latent_dim)
        made = model.restore(model.generator(near)).round().clamp(0, 255).to(torch.uint8)
    assert detector.score_samples(made.numpy()).mean() > detector.score_samples(zeros[:10]).mean()


def test_scoring_leaves_no_gradient_in_the_networks(zeros):
    detector = fitted(zeros, search_steps=2)
    for parameter in detector.model_.parameters():
        parameter.grad = None
    detector.score_samples(zeros[:3])
    assert all(parameter.grad is None for parameter in detector.model_.parameters())
