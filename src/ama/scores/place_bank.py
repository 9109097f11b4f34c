r"""How far each place of an image is from the places of normal images.

:math:`d(p) = \min_i \lVert (f(p) - f_i) / s \rVert` over a bank of places :math:`f_i` of normal images seen through a
frozen backbone, as in PatchCore (Roth et al., CVPR 2022); s is the standard deviation of every feature. The bank is a
greedy coreset: rare normal places are in it, which a bank drawn at random misses. Some random places are added, as a
coreset is sparse where normal places are common, and maps would be high there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from jaxtyping import Float
from torch import Tensor

from ama.io.storable import Resizable
from ama.scores.coreset import greedy_coreset
from ama.utils.random_generators import generator_for

MAX_IMAGES = 1_000  # normal images behind the bank
MAX_CANDIDATES = 50_000  # of their places, from which it is chosen
MAX_CHOSEN = 2_000  # places of the coreset
MAX_DRAWN = 1_000  # others, drawn at random
CHUNK = 1024  # places searched at a time
ROUNDING = 1e-6  # of its largest value: a feature that varies by no more is constant


class PlaceBank(Resizable):
    """Places of normal images."""

    scale: Tensor
    places: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("scale", torch.zeros(0))
        self.register_buffer("places", torch.zeros(0, 0))

    def fit(
        self, tiles: Iterable[Float[Tensor, "1 k i j"]], n: int, seed: int, progress: bool | None = False
    ) -> None:
        """Choose the bank from random places of n tiles, as many of each.

        Parameters
        ----------
        tiles
            Features of the places of each.
        n
            Number of tiles.
        seed
            Of the choice.
        progress
            As in :func:`ama.scores.coreset.greedy_coreset`.
        """
        each = math.ceil(MAX_CANDIDATES / n)
        random = generator_for(seed, 14)
        found = []
        for tile in tiles:
            places = _as_rows(tile)
            found.append(places[torch.randperm(len(places), generator=random)[:each].to(places.device)])
        candidates = torch.cat(found)
        self.scale = feature_scale(candidates)
        scaled = candidates / self.scale
        chosen = greedy_coreset(scaled, MAX_CHOSEN, random, progress)
        others = torch.ones(len(scaled), dtype=torch.bool, device=scaled.device).scatter(0, chosen, False)
        drawn = others.nonzero()[:, 0]
        drawn = drawn[torch.randperm(len(drawn), generator=random)[:MAX_DRAWN].to(drawn.device)]
        self.places = scaled[torch.cat([chosen, drawn])]

    def distances(self, tile: Float[Tensor, "1 k i j"]) -> Float[Tensor, "1 i j"]:
        """The distance of each place, in standard deviations."""
        rows = _as_rows(tile) / self.scale
        distance = torch.cat([torch.cdist(part, self.places).amin(1) for part in rows.split(CHUNK)])
        return distance.view(1, *tile.shape[2:])


def feature_scale(places: Float[Tensor, "n k"]) -> Float[Tensor, " k"]:
    """The standard deviation of every feature; 1 for a constant one."""
    spread = places.std(0, correction=0)
    varies = spread > ROUNDING * places.abs().amax(0)
    return torch.where(varies, spread, torch.ones_like(spread))


def _as_rows(places: Float[Tensor, "1 k i j"]) -> Float[Tensor, "n k"]:
    """One row a place."""
    return places[0].flatten(1).T
