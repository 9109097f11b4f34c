"""Deep SVDD: contrast, centre, and the two objectives."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from ama.baselines.deep_svdd import CENTRE_FLOOR, Decoder, DeepSVDD, Encoder, contrast_normalised


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 10), st.floats(-5, 5))
def test_contrast_and_brightness_do_not_count(seed, factor, shift):
    x = torch.rand(3, 1, 4, 4, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    normalised = contrast_normalised(x)
    assert torch.allclose(contrast_normalised(factor * x + shift), normalised, atol=1e-9)
    flat = normalised.flatten(1)
    assert torch.allclose(flat.mean(1), torch.zeros(3, dtype=torch.float64), atol=1e-12)
    assert torch.allclose(flat.abs().mean(1), torch.ones(3, dtype=torch.float64))


def test_a_flat_image_has_no_contrast():
    assert contrast_normalised(torch.full((1, 1, 4, 4), 0.3)).abs().max() < 0.1


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 32, 32), (1, 28, 28), (2, 9, 15), (7,)])
def test_nothing_has_a_bias_and_the_decoder_gives_the_shape_back(shape):
    encoder = Encoder(shape, latent_dim=5, width=4)
    decoder = Decoder(shape, 5, encoder)
    for network in (encoder, decoder):
        assert all(
            getattr(layer, "bias", None) is None
            for layer in network.modules()
            if not isinstance(layer, nn.Sequential)
        )
    code = encoder(torch.rand(3, *shape))
    assert code.shape == (3, 5)
    assert decoder(code).shape == (3, *shape)


@pytest.fixture(scope="module")
def zeros(digits):
    images, labels = digits
    return images[labels == 0]


def fitted(zeros, **given):
    return DeepSVDD(**{"max_steps": 60, "random_state": 0, "held_out": 0.2, "device": "cpu", **given}).fit(
        zeros
    )


def test_the_centre_keeps_away_from_zero_and_is_not_moved_by_the_training(zeros):
    few, more = (fitted(zeros, max_steps=n, pretraining_steps=0).model_.centre for n in (1, 5))
    assert torch.equal(few, more)
    assert few.abs().min() >= CENTRE_FLOOR


def test_one_class_training_draws_the_normal_samples_together(zeros):
    history = fitted(zeros, pretraining_steps=0).history_
    assert history[-1]["distance"] < history[0]["distance"]


def test_pretraining_is_a_training_of_its_own(zeros):
    detector = fitted(zeros, pretraining_steps=50)
    assert detector.n_steps_ == 110
    assert {name for losses in detector.history_ for name in losses} == {"step", "reconstruction", "distance"}
    assert [losses["step"] for losses in detector.history_] == [25, 50, 75, 100, 110]


def test_a_soft_boundary_leaves_about_nu_outside(zeros):
    detector = fitted(zeros, objective="soft_boundary", nu=0.2, max_steps=200, batch_size=64)
    assert detector.model_.radius > 0
    outside = (detector.score_samples(zeros) < 0).mean()  # the score is R^2 less the squared distance
    assert 0.05 < outside < 0.45


def test_without_contrast_brightness_counts(zeros):
    dim = zeros // 2
    differences = []
    for contrast in (True, False):
        detector = fitted(zeros, contrast=contrast, max_steps=20, pretraining_steps=0)
        scores = [detector.score_samples(images) for images in (zeros, dim)]
        differences.append(np.abs(scores[0] - scores[1]).mean() / np.abs(scores[0]).mean())
    assert differences[0] < differences[1]
