"""The likelihood ratio and the images of the background model."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ama.baselines.likelihood_ratio import LikelihoodRatio, perturbed


def test_a_share_of_the_pixels_is_drawn_anew_all_channels_at_once():
    x = torch.full((8, 3, 32, 32), 0.5)
    found = perturbed(x, 0.3, torch.Generator().manual_seed(0))
    changed = (found != x).any(1)
    assert changed.float().mean().item() == pytest.approx(0.3, abs=0.02)
    levels = (found[changed[:, None].expand_as(found)] + 1) * 127.5
    assert torch.allclose(levels, levels.round(), atol=1e-3)
    assert levels.min() < 10
    assert levels.max() > 245
    assert torch.equal(perturbed(x, 0.0, torch.Generator().manual_seed(0)), x)


def test_the_score_is_the_difference_of_two_networks(digits):
    images, labels = digits
    zeros = images[labels == 0]
    detector = LikelihoodRatio(max_steps=5, width=4, random_state=0, held_out=0.2, device="cpu").fit(zeros)
    model = detector.model_.eval()
    with torch.no_grad():
        x = model.normalise(torch.from_numpy(zeros[:6]))
        own, background = (n.log_likelihood(x).numpy() for n in (model.network, model.background))
    found = detector.named_scores(zeros[:6])
    assert np.allclose(found["likelihood"], own, rtol=1e-5)
    assert np.allclose(found["score"], own - background, rtol=1e-3, atol=1e-2)
    assert detector.history_[-1].keys() == {"step", "bits", "bits 1"}
