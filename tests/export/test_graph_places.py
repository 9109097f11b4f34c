"""Distances of places, of all tiles of all images at once, are those of one after the other."""

from __future__ import annotations

import pytest
import torch

from ama.export.graph_maps import GraphPlaceMap
from ama.export.graph_places import GraphPlaces
from ama.features.backbone import Lite0Backbone
from ama.features.tile_places import tile_places
from ama.features.tiles import Tiles
from ama.scores.forward_pass import ForwardPass
from ama.scores.kinds.factory import kind_of
from ama.scores.place_bank import PlaceBank
from ama.scores.place_gaussians import PlaceGaussians
from ama.scores.place_maps import PlaceMap
from ama.settings import Settings


@pytest.mark.parametrize("tiles", [Tiles(130, 128, 130), Tiles(150, 64, 96)], ids=["whole", "tiles"])
def test_distances_and_maps_are_those_of_the_model(tiles):
    torch.manual_seed(0)
    backbone, bank, gaussians = Lite0Backbone(), PlaceBank(), PlaceGaussians()
    raw = torch.randint(0, 256, (4, 3, *tiles.image), dtype=torch.uint8)
    with torch.no_grad():
        places = list(tile_places(backbone, raw[:2], tiles))
        bank.fit(gaussians.fit_passing(iter(places), len(tiles), 0), len(places), 0)
        nearest, deviations = GraphPlaces(backbone, tiles, bank, gaussians)(raw[2:])
        for image, near, deviation in zip(raw[2:].split(1), nearest, deviations, strict=True):
            own = list(tile_places(backbone, image, tiles))
            expected = torch.cat([bank.distances(tile) for tile in own])
            torch.testing.assert_close(near, expected, rtol=1e-3, atol=1e-2)
            expected = torch.cat([gaussians.distances(tile, k) for k, tile in enumerate(own)])
            torch.testing.assert_close(deviation, expected, rtol=1e-3, atol=1e-2)
        found = PlaceMap(tiles)
        forward = ForwardPass(
            raw.float(),
            kind_of((3,)).networks(Settings()),
            [],
            distances=(GraphPlaces(backbone, tiles, bank, None)(raw[2:])),
        )
        torch.testing.assert_close(
            GraphPlaceMap(found)(forward)[:1], found._map(nearest[0]), rtol=1e-4, atol=1e-4
        )
