r"""Anomaly maps of images seen through a frozen backbone: how far each place is from places of normal images.

:math:`M(p) = \min_i \lVert (f(p) - f_i) / s \rVert` over a bank of places :math:`f_i` of normal images, where s is the
standard deviation of every feature, as in PatchCore (Roth et al., CVPR 2022). PatchCore chooses its bank by a coreset;
this one is drawn at random. The map is enlarged to the image and smoothed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float, Shaped
from torch import Tensor
from torch.nn import functional as F

from ama.io.storable import empty
from ama.scores.densities import some
from ama.scores.forward_pass import ForwardPass
from ama.scores.map_contract import AnomalyMap, Groups, Scorer
from ama.utils.random_generators import generator_for

MAX_IMAGES = 100  # normal images behind the bank
MAX_PLACES = 5_000  # in the bank
SMOOTHED = 1 / 64  # of the longer side: radius of the mean that smooths a map


class PlaceMap(AnomalyMap):
    """Maps of images (b, h, w), at least 0, in standard deviations; see above."""

    scale: Tensor
    places: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("scale", empty(0))
        self.register_buffer("places", empty(0, 0))

    def features(self, forward: ForwardPass) -> Float[Tensor, "b 0"]:
        return forward.x[:, :0]

    def fit(
        self, parts: Sequence[Float[Tensor, "_ 0"]], normal: Shaped[Tensor, "n c h w"], scorer: Scorer
    ) -> None:
        images = some(normal, MAX_IMAGES, 0)
        each = math.ceil(MAX_PLACES / len(images))
        random = generator_for(0, 14)
        found = []
        for image in images.split(1):
            places = _as_rows(scorer.places(image))
            found.append(places[torch.randperm(len(places), generator=random)[:each].to(places.device)])
        bank = torch.cat(found)
        spread = bank.std(0, correction=0)
        self.scale = torch.where(spread > 0, spread, torch.ones_like(spread))
        self.places = bank / self.scale

    def explain(
        self, raw: Shaped[Tensor, "b c h w"], scorer: Scorer, groups: Groups | None = None
    ) -> Float[Tensor, "b h w"]:
        return torch.cat([self._map(image, scorer) for image in raw.split(1)])

    def trial(self, raw: Shaped[Tensor, "b c h w"], scorer: Scorer) -> None:
        self._map(raw[:1], scorer)

    def _map(self, image: Shaped[Tensor, "1 c h w"], scorer: Scorer) -> Float[Tensor, "1 h w"]:
        found = scorer.places(image)
        distance = torch.cdist(_as_rows(found) / self.scale, self.places).amin(1)
        height, width = image.shape[2:]
        large = F.interpolate(distance.view(1, 1, *found.shape[2:]), (height, width), mode="bilinear")
        radius = min(round(SMOOTHED * max(height, width)), min(height, width) // 2)
        return F.avg_pool2d(large, 2 * radius + 1, 1, radius, count_include_pad=False)[0]


def _as_rows(places: Float[Tensor, "1 k i j"]) -> Float[Tensor, "n k"]:
    """One row a place."""
    return places[0].flatten(1).T
