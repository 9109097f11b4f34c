"""The gradient penalty's convolutions: torch's values and gradients, at four passes' cost."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from ama.benchmark.speed.flops import CountFlops
from ama.networks.double_backward import FastDoubleBackward, fast_double_backward
from ama.networks.image_networks import Discriminator
from ama.objective.losses import gradient_penalty


def slope_gradients(network, parameters, x, *, fast):
    """Gradients by the parameters of a function of the gradient by x, and that gradient."""
    x = x.clone().requires_grad_()
    if fast:
        with FastDoubleBackward():
            out = network(x)
    else:
        out = network(x)
    (slope,) = torch.autograd.grad(out.sum(), x, create_graph=True)
    loss = (slope.flatten(1).norm(dim=1) - 1).square().mean()
    return out, slope, torch.autograd.grad(loss, parameters, allow_unused=True, materialize_grads=True)


@given(
    st.integers(0, 2**32),
    st.integers(1, 3),
    st.integers(1, 4),
    st.sampled_from([(1, 1, 0), (3, 1, 1), (4, 2, 1), (2, 2, 0)]),
    st.sampled_from([4, 6, 10]),
    st.booleans(),
)
def test_a_network_has_the_slopes_and_gradients_that_torch_gives_it(seed, b, c, place, side, bias):
    kernel, stride, padding = place
    random = torch.Generator().manual_seed(seed)
    draw = partial(torch.randn, generator=random, dtype=torch.float64)
    x, first, last = draw(b, c, side, side), draw(3, c, kernel, kernel), draw(2, 3, 1, 1)
    biases = (draw(3), draw(2)) if bias else (None, None)
    parameters = [p.requires_grad_() for p in (first, last, *biases) if p is not None]

    def network(x):
        h = F.relu(F.conv2d(x, first, biases[0], stride=stride, padding=padding))
        return F.relu(F.conv2d(F.avg_pool2d(h, 2), last, biases[1]))

    for found, expected in zip(
        slope_gradients(network, parameters, x, fast=True),
        slope_gradients(network, parameters, x, fast=False),
        strict=True,
    ):
        torch.testing.assert_close(found, expected)


def test_a_slope_that_depends_on_values_too_has_all_its_gradients():
    """With softplus the forward pass is part of the second derivative, as it is not with ReLU alone."""
    convolution = nn.Conv2d(2, 3, 3, padding=1).double()

    def network(x):
        return F.softplus(F.conv2d(x, convolution.weight, convolution.bias, padding=1))

    x = torch.randn(2, 2, 5, 5, dtype=torch.float64)
    fast, plain = (
        slope_gradients(network, list(convolution.parameters()), x, fast=fast)[2] for fast in (True, False)
    )
    assert plain[1].abs().max() > 1e-3
    torch.testing.assert_close(fast, plain)


@pytest.mark.parametrize("target", [0.0, 1.0])
def test_the_penalty_costs_four_forward_passes(target):
    critic = Discriminator((3, 32, 32), width=8)
    x, y = torch.randn(2, 2, 3, 32, 32)
    with CountFlops() as forward, torch.no_grad():
        critic(x, y, weights=critic.weights())
    spectral = CountFlops()
    with spectral:
        weights = critic.weights()
    weights = [weight.detach().requires_grad_() for weight in weights]
    with CountFlops() as penalty:
        fast = fast_double_backward(partial(critic, weights=weights))
        gradient_penalty(fast, x, y, target).backward()
    passes = penalty.by_dtype[torch.float32] / (
        forward.by_dtype[torch.float32] - spectral.by_dtype[torch.float32]
    )
    assert passes == pytest.approx(4, abs=0.01)


def test_outside_of_the_mode_torch_is_as_it_was():
    x = torch.randn(1, 2, 4, 4, requires_grad=True)
    with FastDoubleBackward():
        F.relu(x)
    assert F.relu(x).grad_fn.name() == "ReluBackward0"
