"""All layers normalised at once, as torch does it one by one."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from ama.networks.spectral import SpectralNorm

SHAPES = [(8, 6, 3, 3), (8, 8, 3, 3), (8, 6, 1, 1), (1, 8)]


@pytest.fixture
def weights():
    return [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in SHAPES]


def _norm(weights):
    return SpectralNorm(weights)


def test_after_enough_iterations_the_largest_singular_value_is_one(weights):
    norm = _norm(weights)
    norm.iterate(weights, 500)
    for before, after in zip(weights, norm(weights), strict=True):
        largest = torch.linalg.matrix_norm(before.flatten(1), 2)
        torch.testing.assert_close(after, before / largest)


def test_an_iteration_is_torchs(weights):
    norm = _norm(weights)
    layers = [
        nn.Conv2d(w.shape[1], len(w), w.shape[2:]) if w.dim() == 4 else nn.Linear(w.shape[1], 1)
        for w in weights
    ]
    for i, (layer, weight) in enumerate(zip(layers, weights, strict=True)):
        layer.double().weight.data.copy_(weight.data)
        spectral_norm(layer).train()
        (theirs,) = layer.parametrizations.weight
        rows, columns = weight.flatten(1).shape
        theirs._u.copy_(norm.u[i, :rows])
        theirs._v.copy_(norm.v[i, :columns])
    for _ in range(3):
        norm.iterate(weights)
        for ours, layer in zip(norm(weights), layers, strict=True):
            torch.testing.assert_close(ours, layer.weight.reshape(ours.shape))


def test_the_division_is_part_of_the_gradient(weights):
    norm = _norm(weights)
    assert torch.autograd.gradcheck(lambda *w: tuple(norm(w)), tuple(weights))


def test_a_later_iteration_does_not_disturb_a_backward_pass(weights):
    norm = _norm(weights)
    expected = torch.autograd.grad(sum(w.square().sum() for w in norm(weights)), weights)
    value = sum(w.square().sum() for w in norm(weights))
    norm.iterate(weights, 3)
    found = torch.autograd.grad(value, weights)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other)
