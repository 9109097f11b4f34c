"""Glow: invertible, with the determinant that autograd finds."""

from __future__ import annotations

import math

import pytest
import torch

from ama.baselines.glow import ActNorm, Coupling, Glow, Mixing


def _shaken(module):
    """Moved away from its initial weights, at which most of it is the identity."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter += 0.2 * torch.randn_like(parameter)
    return module.double().eval()


PARTS = {
    "actnorm": lambda: ActNorm(4),
    "mixing": lambda: Mixing(4),
    "coupling": lambda: Coupling(4, 8),
    "coupling of an odd number": lambda: Coupling(5, 8),
}


@pytest.mark.parametrize("part", PARTS)
def test_a_part_is_inverted_and_has_autograds_determinant(part):
    module = _shaken(PARTS[part]())
    channels = 5 if "odd" in part else 4
    x = torch.randn(3, channels, 2, 2, dtype=torch.float64)
    y, determinant = module(x)
    assert torch.allclose(module.inverse(y), x, atol=1e-12)
    for i in range(3):
        jacobian = torch.autograd.functional.jacobian(
            lambda flat: module(flat.view(1, channels, 2, 2))[0].flatten(), x[i].flatten()
        )
        assert torch.linalg.slogdet(jacobian)[1].item() == pytest.approx(determinant[i].item(), abs=1e-10)


@pytest.mark.parametrize("shape", [(1, 4, 4), (3, 8, 8), (1, 28, 28), (2, 12, 8)])
def test_images_are_reconstructed_from_their_noise(shape):
    flow = _shaken(Glow(shape, width=6, n_steps=2))
    y = torch.rand(3, *shape, dtype=torch.float64) - 0.5
    found, _ = flow.encode(y)
    assert sum(part[0].numel() for part in found) == y[0].numel()
    assert torch.allclose(flow.decode(found), y, atol=1e-9)


def test_the_density_is_that_of_the_noise_times_autograds_determinant():
    flow = _shaken(Glow((1, 8, 8), width=4, n_steps=2))
    assert flow.n_levels == 2
    y = torch.rand(1, 1, 8, 8, dtype=torch.float64) - 0.5

    def standardised(flat):
        """The noise, standardised by the learned mean and spread of every level."""
        (out, last), _ = flow.encode(flat.view(1, 1, 8, 8))
        kept = last
        for step in reversed(flow.levels[1]):
            kept = step.inverse(kept)
        mean, log_spread = flow._prior(0, torch.nn.functional.pixel_shuffle(kept, 2))
        last = (last - flow.last[:1]) * (-flow.last[1:]).exp()
        return torch.cat([((out - mean) * (-log_spread).exp()).flatten(), last.flatten()])

    flat = y.flatten()
    noise = standardised(flat)
    jacobian = torch.autograd.functional.jacobian(standardised, flat)
    expected = torch.distributions.Normal(0.0, 1.0).log_prob(noise).sum() + torch.linalg.slogdet(jacobian)[1]
    assert flow.encode(y)[1].item() == pytest.approx(expected.item(), abs=1e-8)


def test_a_flow_that_does_nothing_has_the_density_of_a_gaussian():
    flow = Glow((1, 4, 4), width=4, n_steps=1).double().eval()
    x = torch.zeros(1, 1, 4, 4, dtype=torch.float64)
    # Couplings start with a scale of sigmoid(2) for half of the channels; all else is a rotation.
    levels = (x + 1) * 127.5
    y = (levels.round() + 0.5) / 256 - 0.5
    scale = 8 * math.log(1 / (1 + math.exp(-2)))
    found, log_p = flow.encode(y)
    density = torch.distributions.Normal(0.0, 1.0).log_prob(found[0]).sum().item()
    assert log_p.item() == pytest.approx(density + scale, abs=1e-5)
    assert flow.log_likelihood(x).item() == pytest.approx(log_p.item() - 16 * math.log(256), abs=1e-10)


def test_the_first_batch_sets_the_actnorm_and_no_other():
    layer = ActNorm(3).train()
    x = 5 + 2 * torch.randn(64, 3, 4, 4)
    y, _ = layer(x)
    assert torch.allclose(y.mean((0, 2, 3)), torch.zeros(3), atol=1e-4)
    assert torch.allclose(y.std((0, 2, 3), correction=0), torch.ones(3), atol=1e-3)
    shift = layer.shift.clone()
    layer(x + 100)
    assert torch.equal(layer.shift, shift)


def test_noise_moves_a_level_within_its_bin():
    flow = _shaken(Glow((1, 4, 4), width=4, n_steps=1))
    x = torch.zeros(2, 1, 4, 4, dtype=torch.float64)
    middle = flow.log_likelihood(x)
    assert torch.equal(middle, flow.log_likelihood(x, torch.full_like(x, 0.5)))
    assert not torch.equal(middle, flow.log_likelihood(x, torch.full_like(x, 0.1)))


def test_an_odd_side_is_refused():
    with pytest.raises(ValueError, match="even sides, found 7 x 8"):
        Glow((1, 7, 8))
