"""ALAD's scores and averaged weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ama.baselines.alad import ALAD


@pytest.fixture(scope="module")
def zeros(digits):
    images, labels = digits
    return images[labels == 0]


@pytest.fixture(scope="module")
def detector(zeros):
    return ALAD(max_steps=10, width=8, random_state=0, held_out=0.2, device="cpu").fit(zeros)


def test_all_four_scores_come_from_the_same_networks(detector, zeros):
    found = detector.named_scores(zeros[:9])
    assert set(found) == {"score", "features", "logits", "l1", "l2"}
    assert np.array_equal(found["score"], found["features"])
    model = detector.model_.eval()
    with torch.no_grad():
        x = model.normalise(torch.from_numpy(zeros[:9]))
        rebuilt = model.generator(model.encoder(x))
        error = (x - rebuilt).flatten(1).numpy()
        features = [model.d_xx.features(x, y).numpy() for y in (x, rebuilt)]
        logit = model.d_xx(x, rebuilt).numpy()
    assert np.allclose(found["l1"], -np.abs(error).sum(1), rtol=1e-5)
    assert np.allclose(found["l2"], -np.sqrt((error**2).sum(1)), rtol=1e-5)
    assert np.allclose(found["features"], -np.abs(features[0] - features[1]).sum(1), rtol=1e-4, atol=1e-4)
    assert np.allclose(found["logits"], logit, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("scoring", ["logits", "l1", "l2"])
def test_another_score_may_decide(zeros, scoring):
    detector = ALAD(scoring=scoring, max_steps=2, width=4, random_state=0, held_out=0.2, device="cpu").fit(
        zeros
    )
    assert np.array_equal(detector.score_samples(zeros[:5]), detector.named_scores(zeros[:5])[scoring])


def test_the_model_is_the_moving_average(zeros):
    # The average hardly moves from the weights after the first step.
    few, more = (
        ALAD(max_steps=n, averaging=0.999, width=4, random_state=0, held_out=0.2, device="cpu").fit(zeros)
        for n in (1, 4)
    )
    first, last = few.model_.generator.from_latent.weight, more.model_.generator.from_latent.weight
    moved = (last - first).abs().max()
    assert 0 < moved < 4 * 2e-4 * 0.01  # three steps of Adam, each with a weight of a thousandth
