"""Folded networks compute the same and are left with no BatchNorm but those after a sum."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from ama.scores.kinds.factory import kind_of
from draws import TINY


@pytest.mark.parametrize("shape", [(3, 32, 32), (1, 28, 20), (7,)])
def test_folding_changes_nothing_but_the_rounding(shape):
    networks = kind_of(shape).networks(TINY).double()
    for module in networks.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            for value in (module.weight, module.bias, module.running_mean, module.running_var):
                value.data.uniform_(0.5, 1.5)
    x = torch.randn(3, *shape, dtype=torch.float64)
    copy = networks.folded()
    networks.eval()
    torch.testing.assert_close(copy.encoder(x), networks.encoder(x))
    torch.testing.assert_close(copy.reconstruct(x), networks.reconstruct(x))
    left = [m for m in copy.modules() if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d)]
    assert len(left) == (0 if len(shape) == 1 else len(copy.generator.blocks) + 1)


def test_the_original_is_left_alone():
    networks = kind_of((1, 8, 8)).networks(TINY)
    before = {name: value.clone() for name, value in networks.state_dict().items()}
    networks.folded()
    assert networks.training
    assert all(torch.equal(value, before[name]) for name, value in networks.state_dict().items())
