"""Rows and places of a frozen backbone, against the stages of its network."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from ama.features.backbone import Lite0Backbone


@pytest.fixture(scope="module")
def backbone():
    """Random weights: what is tested here does not depend on them."""
    torch.manual_seed(0)
    return Lite0Backbone()


def test_a_row_holds_the_mean_of_every_channel(backbone):
    image = torch.rand(1, 3, 130, 150)
    with torch.no_grad():
        stages = [stage.numpy() for stage in backbone.network(image).maps]
    expected = [s.mean((2, 3)) for s in stages]
    row = backbone(image)
    assert row.shape == (1, backbone.n_columns)
    np.testing.assert_allclose(row, np.concatenate(expected, 1), rtol=1e-4, atol=1e-5)


def test_places_need_no_stage_after_the_last_of_theirs(backbone):
    image, seen = torch.rand(1, 3, 130, 150), list[int]()
    hooks = [
        stage.register_forward_hook(lambda *_, n=n: seen.append(n))
        for n, stage in enumerate(backbone.network.stages)
    ]
    with torch.no_grad():
        found = backbone.stages_of_places(image)
        assert seen == [0, 1, 2, 3, 4]
        expected = backbone.of_places(backbone.stages(image))
    for hook in hooks:
        hook.remove()
    assert all(torch.equal(*pair) for pair in zip(found, expected, strict=True))


def test_the_features_of_an_image_do_not_depend_on_its_batch(backbone):
    images = torch.randint(256, (3, 3, 60, 90), dtype=torch.uint8)
    assert torch.equal(backbone(images)[1:2], backbone(images[1:2]))
    assert torch.equal(backbone.places(images)[2:], backbone.places(images[2:]))


def test_grey_is_colour_of_three_equal_channels_and_8_bits_are_a_255th(backbone):
    grey = torch.randint(256, (2, 1, 128, 128), dtype=torch.uint8)
    assert torch.equal(backbone(grey), backbone(grey.expand(-1, 3, -1, -1)))
    torch.testing.assert_close(backbone(grey), backbone(grey.float() / 255))


@pytest.mark.parametrize(
    ("size", "seen"), [((32, 16), (128, 64)), ((600, 300), (256, 128)), ((200, 140), (200, 140))]
)
def test_rows_are_of_images_of_128_to_256_pixels(backbone, size, seen):
    image = torch.rand(1, 3, *size)
    resized = image
    if size != seen:
        resized = F.interpolate(image, seen, mode="bicubic", antialias=True, align_corners=False).clamp(0, 1)
    torch.testing.assert_close(backbone(image), backbone(resized), rtol=1e-4, atol=1e-5)


def test_places_are_those_of_the_image_at_its_own_size(backbone):
    places = backbone.places(torch.rand(1, 3, 512, 260))
    assert places.shape == (1, 40 + 80 + 112, 32, 17)
    assert backbone.places(torch.rand(1, 3, 32, 32)).shape == (1, 232, 8, 8)


@pytest.mark.parametrize(("size", "side"), [((256, 200), 16), ((512, 400), 16), ((40, 90), 8)])
def test_a_map_holds_the_places_of_the_image_that_a_row_is_made_of(backbone, size, side):
    images = torch.rand(2, 3, *size)
    rows, maps = backbone.rows_and_maps(images, side)
    assert torch.equal(rows, backbone(images))
    assert maps.shape == (2, 232, side, side)
    assert torch.equal(backbone.rows_and_maps(images[1:], side)[1], maps[1:])
    if max(size) == 256:
        expected = F.adaptive_avg_pool2d(backbone.places(images), side)
        torch.testing.assert_close(maps, expected)


def test_every_backbone_is_frozen_and_tells_its_columns():
    for kind in (Lite0Backbone,):
        backbone = kind().train()
        assert not any(p.requires_grad for p in backbone.parameters())
        assert not any(m.training for m in backbone.network.modules())
        assert backbone(torch.rand(1, 3, 128, 128)).shape == (1, kind.n_columns)
