"""Maps with channels last, of which the gradients keep that order."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import draws
from ama.networks.critic import places_of, split_batch


def _maps(b=6, channels=5, height=4, width=3):
    maps = draws.draw(0, b, channels, height, width)
    return maps.contiguous(memory_format=torch.channels_last).requires_grad_()


def test_places_are_a_view_of_maps_with_channels_last():
    maps = _maps()
    places = places_of(maps)
    assert places.data_ptr() == maps.data_ptr()
    torch.testing.assert_close(places[2, 3 * 1 + 2], maps[2, :, 1, 2])
    torch.testing.assert_close(places.sum(1), maps.sum((2, 3)))


def test_a_split_batch_is_the_batch_in_parts():
    maps = _maps()
    torch.testing.assert_close(split_batch(maps, [4, 2]), list(maps.split([4, 2])), rtol=0, atol=0)
    rows = maps.flatten(1)
    torch.testing.assert_close(split_batch(rows, [1, 5]), list(rows.split([1, 5])), rtol=0, atol=0)


@pytest.mark.parametrize("sizes", [(6,), (4, 2)], ids=["whole", "split"])
def test_the_gradient_keeps_channels_last(sizes):
    maps = _maps()
    rectified = nn.functional.relu(maps)
    gradients = []
    rectified.register_hook(gradients.append)
    parts = split_batch(rectified, sizes) if len(sizes) > 1 else [rectified]
    sum(places_of(part).amax(1).sum() + places_of(part).mean(1).square().sum() for part in parts).backward()
    assert gradients[0].is_contiguous(memory_format=torch.channels_last)
    expected = torch.autograd.grad(
        sum(part.amax((2, 3)).sum() + part.mean((2, 3)).square().sum() for part in maps.relu().split(sizes)),
        maps,
    )[0]
    torch.testing.assert_close(maps.grad, expected)
