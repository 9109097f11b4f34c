"""How unusual the places of images are, as a part of a graph: all tiles of all images at once."""

from __future__ import annotations

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn
from torch.nn import functional as F

from ama.export.fixed_resampling import FixedResampling
from ama.export.graph_backbone import GraphBackbone
from ama.features.backbone import Lite0Backbone
from ama.features.tile_places import SURROUNDINGS, inner
from ama.features.tiles import Tiles
from ama.scores.forward_pass import PlaceDistances
from ama.scores.place_bank import PlaceBank
from ama.scores.place_gaussians import SIDE, PlaceGaussians
from ama.scores.place_moments import mahalanobis_distances, vectors_of

# Points of the bank searched at a time: the distances of one image from all take tens of megabytes.
CHUNK = 256


class GraphPlaces(nn.Module):
    """The fields of :class:`ama.scores.forward_pass.PlaceDistances`.

    Parameters
    ----------
    backbone
        Its weights are shared.
    tiles
        Of an image.
    bank
        Of the model.
    gaussians
        Of the model, if a term asks for them.
    """

    def __init__(
        self, backbone: Lite0Backbone, tiles: Tiles, bank: PlaceBank, gaussians: PlaceGaussians | None
    ):
        super().__init__()
        self.tiles, self.bank, self.gaussians = tiles, bank, gaussians
        around = 0 if len(tiles) == 1 else 2 * SURROUNDINGS
        height, width = tiles.size
        self.backbone = GraphBackbone(backbone, (height + around, width + around))

    def forward(self, raw: Shaped[Tensor, "b c h w"]) -> PlaceDistances:
        """Those of raw images."""
        places = self._places(raw)
        nearest = _nearest(vectors_of(places) / self.bank.scale, self.bank.places)
        shape = (-1, len(self.tiles), *places.shape[2:])
        deviations = None if self.gaussians is None else self._deviations(places, self.gaussians)
        return PlaceDistances(nearest.view(shape), deviations)

    def _places(self, raw: Shaped[Tensor, "b c h w"]) -> Float[Tensor, "p k i j"]:
        """Of all tiles, as :func:`ama.features.tile_places.tile_places` yields them."""
        if len(self.tiles) == 1:
            return self.backbone.places(raw)
        cut = [self.tiles.around(raw, *corner, SURROUNDINGS) for corner in self.tiles.corners]
        seen = torch.stack(cut, 1).flatten(0, 1)
        return inner(self.backbone.places(seen), seen)

    def _deviations(
        self, places: Float[Tensor, "p k h w"], gaussians: PlaceGaussians
    ) -> Float[Tensor, "b t i j"]:
        height, width = places.shape[2:]
        pooled = FixedResampling(
            F.adaptive_avg_pool2d, (height, width), (min(height, SIDE), min(width, SIDE))
        )(places)
        grid = torch.einsum("kd,bkij->bdij", gaussians.projection, pooled)
        # One place after the other, those of all tiles of an image.
        tiles = grid.unflatten(0, (-1, len(self.tiles))).flatten(3).permute(0, 2, 1, 3)
        distances = mahalanobis_distances(tiles, gaussians.mean, gaussians.whitening)
        return distances.unflatten(2, tuple(grid.shape[2:]))


def _nearest(rows: Float[Tensor, "p n k"], points: Float[Tensor, "m k"]) -> Float[Tensor, "p n"]:
    """The distance from the nearest point, by squared distances without the square of the row."""
    found = [(part.square().sum(1) - 2 * rows @ part.T).amin(2) for part in points.split(CHUNK)]
    lowest = found[0]
    for other in found[1:]:
        lowest = torch.minimum(lowest, other)
    return (lowest + rows.square().sum(2)).clamp_min(0).sqrt()
