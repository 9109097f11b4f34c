"""Places of tiles are like those of the whole image, also near the edge of a tile."""

from __future__ import annotations

import pytest
import torch

from ama.features.loading import load_backbone
from ama.features.tile_places import inner, tile_places
from ama.features.tiles import Tiles


@pytest.fixture(scope="module")
def backbone():
    return load_backbone("lite0")


@pytest.fixture(scope="module")
def image() -> torch.Tensor:
    return torch.rand(1, 3, 384, 320, generator=torch.Generator().manual_seed(0))


def test_an_uncut_image_has_its_own_places(backbone, image):
    [places] = tile_places(backbone, image, Tiles(384, 320, 512))
    assert torch.equal(places, backbone.places(image))


def test_each_tile_has_as_many_places_as_if_it_were_alone(backbone, image):
    tiles = Tiles(384, 320, 200)
    found = list(tile_places(backbone, image.repeat(2, 1, 1, 1), tiles))
    assert len(found) == 2 * len(tiles) == 12
    alone = backbone.places(tiles.at(image, *tiles.corners[0]))
    assert all(places.shape == alone.shape for places in found)
    assert torch.equal(found[0], found[6])


def test_at_the_edge_of_a_tile_places_are_those_of_the_whole_image(backbone, image):
    tiles = Tiles(384, 320, 192)
    whole = backbone.places(image)
    row, column = tiles.corners[0]
    [seen, *_] = tile_places(backbone, image, tiles)
    cut = backbone.places(tiles.at(image, row, column))
    edge = whole[:, :, 1:11, 11]  # the last column of the first tile, without its corners
    assert (seen[:, :, 1:11, 11] - edge).norm() < 0.5 * (cut[:, :, 1:11, 11] - edge).norm()
    inner = (..., slice(1, 11), slice(1, 11))
    assert (seen - whole[:, :, :12, :12])[inner].norm() < 0.2 * whole[:, :, :12, :12][inner].norm()


@pytest.mark.parametrize("height", [8, 13, 15])
def test_a_tile_much_narrower_than_its_surroundings_has_a_place(backbone, image, height):
    narrow = image[:, :, :height]
    for places in tile_places(backbone, narrow, Tiles(height, 320, 192)):
        assert places.shape[2] >= 1
        assert places.isfinite().all()


def test_of_four_places_of_a_narrow_tile_the_surroundings_leave_some():
    left = inner(torch.arange(4.0).view(1, 1, 4, 1).expand(-1, -1, -1, 36), torch.zeros(1, 3, 72, 576))
    assert left.shape == (1, 1, 2, 32)
    assert left[0, 0, :, 0].tolist() == [1, 2]
