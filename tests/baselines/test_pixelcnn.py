"""PixelCNN++: probabilities sum to one, and a pixel depends only on those before it."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ama.baselines.pixelcnn import PixelCNNPlusPlus, mixture_log_likelihood

LEVELS = torch.arange(256, dtype=torch.float64) / 127.5 - 1


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.1, 20))
def test_the_probabilities_of_all_levels_of_a_pixel_sum_to_one(seed, spread):
    random = torch.Generator().manual_seed(seed)
    parameters = spread * torch.randn(1, 9, 1, 1, generator=random, dtype=torch.float64)
    log_p = mixture_log_likelihood(LEVELS.view(256, 1, 1, 1), parameters.expand(256, -1, -1, -1), 3)
    assert log_p.exp().sum().item() == pytest.approx(1, abs=1e-9)


def test_the_probabilities_of_all_colours_of_a_pixel_sum_to_one():
    parameters = 2 * torch.randn(1, 20, 1, 1, dtype=torch.float64)
    green, blue = (level.flatten() for level in torch.meshgrid(LEVELS, LEVELS, indexing="ij"))
    total = 0.0
    # Every eighth red, whose own probability is that of one channel.
    for red in LEVELS[::8]:
        x = torch.stack([red.expand(65536), green, blue], 1)[:, :, None, None]
        joint = mixture_log_likelihood(x, parameters.expand(65536, -1, -1, -1), 2).exp().sum()
        alone = mixture_log_likelihood(red.view(1, 1, 1, 1), parameters[:, [0, 1, 2, 3, 8, 9]], 2).exp()
        assert joint.item() == pytest.approx(alone.item(), rel=1e-9)
        total += joint.item()
    assert 0 < total < 1


def test_all_images_of_two_pixels_sum_to_one():
    # The second pixel's mixture is a function of the first, so this holds only if that comes before it.
    network = PixelCNNPlusPlus((1, 1, 2), width=4, n_blocks=1, n_mixture=2).double()
    first, second = (level.flatten() for level in torch.meshgrid(LEVELS, LEVELS, indexing="ij"))
    images = torch.stack([first, second], 1).view(-1, 1, 1, 2)
    with torch.no_grad():
        parameters = network(images)
        total = mixture_log_likelihood(images, parameters, 2).exp().sum()
    assert total.item() == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 8, 12), (1, 12, 7), (1, 28, 28)])
def test_a_pixel_depends_on_the_pixels_before_it_and_on_no_other(shape):
    network = PixelCNNPlusPlus(shape, width=4, n_blocks=2, n_scales=3).double()
    x = torch.rand(1, *shape, dtype=torch.float64, requires_grad=True)
    out = network(x)
    _, height, width = shape
    for row, column in [(0, 0), (0, 3), (3, 0), (4, 5), (5, 2), (6, 3), (7, 6), (height - 1, width - 1)]:
        (gradient,) = torch.autograd.grad(out[0, :, row, column].sum(), x, retain_graph=True)
        seen = (gradient.abs().sum((0, 1)).flatten() > 0).numpy()
        place = row * width + column
        assert not seen[place:].any()
        assert column == 0 or seen[place - 1]
        assert row == 0 or seen[place - width]
    assert seen[:place].mean() > 0.8  # of the last pixel


def test_colours_of_a_pixel_depend_on_one_another_in_their_order():
    x = torch.zeros(1, 3, 1, 1, dtype=torch.float64)
    parameters = torch.randn(1, 20, 1, 1, dtype=torch.float64)

    def change(of, value):
        other = x.clone()
        other[0, of] = value
        return mixture_log_likelihood(other, parameters, 2) - mixture_log_likelihood(x, parameters, 2)

    # Without the coefficients the channels of one logistic are independent.
    independent = parameters.clone()
    independent[:, 14:] = 0
    assert change(0, 0.5) != 0
    before = mixture_log_likelihood(x + 0.5, parameters, 2)
    assert before != mixture_log_likelihood(x + 0.5, independent, 2)


def test_training_makes_images_likely():
    images = torch.zeros(16, 1, 8, 8)
    images[:, :, ::2] = 1
    network = PixelCNNPlusPlus((1, 8, 8), width=8, n_blocks=1, n_scales=1)
    optimizer = torch.optim.Adam(network.parameters(), 1e-2)
    losses = []
    for _ in range(60):
        loss = -network.log_likelihood(images).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.6 * losses[0]


def test_other_channels_are_refused():
    with pytest.raises(ValueError, match="images of 1 or 3 channels, found 2"):
        PixelCNNPlusPlus((2, 8, 8))
