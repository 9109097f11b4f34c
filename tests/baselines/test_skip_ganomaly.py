"""Skip-GANomaly's U-Net, and its BatchNorm while scoring."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ama.baselines.skip_ganomaly import SkipGANomaly, UNet


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 32, 32), (1, 28, 28), (3, 17, 40)])
def test_a_reconstruction_has_the_size_of_the_image(shape):
    network = UNet(shape, latent_dim=6, width=4)
    x = torch.rand(2, *shape) * 2 - 1
    y = network(x)
    assert y.shape == x.shape
    assert y.abs().max() <= 1


def test_every_layer_takes_part():
    network = UNet((1, 16, 16), latent_dim=4, width=4)
    network(torch.rand(4, 1, 16, 16)).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


@pytest.fixture(scope="module")
def zeros(digits):
    images, labels = digits
    return images[labels == 0]


def fitted(zeros, **given):
    detector = SkipGANomaly(max_steps=10, width=8, random_state=0, held_out=0.2, device="cpu", **given)
    return detector.fit(zeros)


def test_the_score_is_a_mixture_of_pixels_and_features(zeros):
    found = fitted(zeros, weight=0.6).named_scores(zeros[:7])
    assert np.allclose(found["score"], 0.6 * found["residual"] + 0.4 * found["latent"], rtol=1e-6)


def test_scores_depend_on_the_batch_with_batch_statistics_alone(zeros, digits):
    eights = digits[0][digits[1] == 8]
    # Images of 8 pixels a side are halved once, and then no layer is normalised.
    zeros, eights = (np.kron(images, np.ones((2, 2), np.uint8)) for images in (zeros, eights))
    company = [np.concatenate([zeros[:5], others[-20:]]) for others in (zeros, eights)]
    for batch_norm, equal in (("frozen", True), ("batch", False)):
        detector = fitted(zeros, batch_norm=batch_norm)
        kept = {name: value.clone() for name, value in detector.model_.state_dict().items()}
        first, second = (detector.score_samples(images)[:5] for images in company)
        assert np.allclose(first, second, rtol=1e-4) == equal
        after = detector.model_.state_dict()
        assert all(torch.equal(kept[name], after[name]) for name in kept)  # scoring leaves the model as it is
