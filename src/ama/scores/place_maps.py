"""Anomaly maps of images seen through a frozen backbone: the distance of each place from places of normal images.

The distances (:mod:`ama.scores.place_bank`) are enlarged to the image and smoothed.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Shaped
from torch import Tensor
from torch.nn import functional as F

from ama.features.tiles import Tiles
from ama.scores.forward_pass import ForwardPass
from ama.scores.map_contract import AnomalyMap, Groups, Scorer

SMOOTHED = 1 / 64  # of the longer side of a tile: radius of the mean that smooths a map


class PlaceMap(AnomalyMap):
    """Maps of images (b, h, w), at least 0, in standard deviations. It has no statistics.

    Parameters
    ----------
    tiles
        Of an image.

    Attributes
    ----------
    radius
        Of the mean that smooths a map, in pixels.
    """

    def __init__(self, tiles: Tiles) -> None:
        super().__init__()
        self.tiles = tiles
        self.radius = min(round(SMOOTHED * max(tiles.size)), min(tiles.size) // 2)

    def features(self, forward: ForwardPass) -> Float[Tensor, "b 0"]:
        return forward.rows[:, :0]

    def fit(
        self, parts: Sequence[Float[Tensor, "_ 0"]], normal: Shaped[Tensor, "n c h w"], scorer: Scorer
    ) -> None:
        pass

    def explain(
        self, raw: Shaped[Tensor, "b c h w"], scorer: Scorer, groups: Groups | None = None
    ) -> Float[Tensor, "b h w"]:
        return torch.cat([self._map(distances) for distances in scorer.place_distances(raw)])

    def trial(self, raw: Shaped[Tensor, "b c h w"], scorer: Scorer) -> None:
        self._map(scorer.place_distances(raw[:1])[0])

    def _map(self, distances: Float[Tensor, "t i j"]) -> Float[Tensor, "1 h w"]:
        large = F.interpolate(distances[:, None], self.tiles.size, mode="bilinear")
        joined = self.tiles.joined(large)
        return F.avg_pool2d(joined, 2 * self.radius + 1, 1, self.radius, count_include_pad=False)[0]
