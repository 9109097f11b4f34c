r"""PatchCore (Roth et al., "Towards Total Recall in Industrial Anomaly Detection", CVPR 2022).

Every place of an image is compared with a bank of places of normal images.

==========================================================================================  =====================
paper                                                                                       here
==========================================================================================  =====================
locally aware patch features, Eq. 1 to 4                                                    ``Backbone.places``
M: the memory bank                                                                          ``bank``
coreset of M, Eq. 5, and Algorithm 1 with a random projection                               ``greedy_coreset``
:math:`s^* = \max_p \min_{m \in M} \lVert f(p) - m \rVert`, Eq. 6                           ``anomalies``
:math:`s = (1 - e^{\lVert f^* - m^* \rVert} / \sum_{m \in N_b(m^*)} e^{\lVert f^* - m
\rVert}) s^*`, Eq. 7, with :math:`N_b(m^*)` the b points of M nearest to :math:`m^*`        ``n_neighbours``
distances, enlarged bilinearly and smoothed by a Gaussian of 4 of 224 pixels                ``anomaly_map``
==========================================================================================  =====================

Deviations: the backbone and the size of the images are those of ``AMADetector(features="lite0")``, not a wide ResNet on
crops of 224 pixels, and the features keep their dimension. The coreset has a number of points, not a share, and is
chosen from at most 100,000 places, as many of each image, so that its time and memory have a bound.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from ama.baselines.baseline import Log
from ama.baselines.place_baseline import PlaceBaseline, PlaceModel, places_of
from ama.detectors.parameters import parameters
from ama.scores.coreset import greedy_coreset
from ama.scores.kinds.kind import SampleKind
from ama.training.run import Run
from ama.utils.declarations import METHOD, parameter
from ama.utils.random_generators import generator_for

MAX_CANDIDATES = 100_000  # places from which the coreset is chosen


class PatchCoreModel(PlaceModel):
    """The memory bank."""

    bank: Tensor

    def build(self, backbone: dict[str, Any], n_neighbours: int) -> None:
        self.n_neighbours = n_neighbours
        self.register_buffer("bank", torch.zeros(0, 0))

    @torch.no_grad()
    def anomalies(self, x: Float[Tensor, "b k i j"]) -> dict[str, Float[Tensor, " b"]]:
        return {"score": torch.stack([self._score(torch.cdist(rows, self.bank)) for rows in as_rows(x)])}

    def distances(self, x: Float[Tensor, "b k i j"]) -> Float[Tensor, "b i j"]:
        nearest = [torch.cdist(rows, self.bank).amin(1) for rows in as_rows(x)]
        return torch.stack(nearest).view(len(x), *x.shape[2:])

    def _score(self, distance: Float[Tensor, "p m"]) -> Float[Tensor, ""]:
        """Eq. 7, from the distances of the places of an image to the bank."""
        nearest, which = distance.min(1)
        place = nearest.argmax()
        beside = torch.cdist(self.bank[which[place]][None], self.bank)[0]
        near = beside.topk(min(self.n_neighbours, len(self.bank)), largest=False).indices
        farthest = nearest[place]
        return farthest * (1 - (farthest - distance[place, near].logsumexp(0)).exp())


def as_rows(x: Float[Tensor, "b k i j"]) -> Float[Tensor, "b p k"]:
    """One row a place."""
    return x.flatten(2).mT


@parameters
class PatchCore(PlaceBaseline):
    """PatchCore (Roth et al. 2022): the distance of the farthest place of an image from a bank of normal places."""

    # fmt: off
    coreset_size: int = parameter((
        "Places in the memory bank, chosen greedily; all of them if there are fewer."), METHOD, 2, 50_000, default=2000)
    n_neighbours: int = parameter((
        "b of Eq. 7: points of the bank by which the distance is weighted. 1 would weight every distance by 0."),
        METHOD, 2, default=9)
    # fmt: on

    _model_class = PatchCoreModel

    def _options(self, kind: SampleKind) -> dict[str, Any]:
        return {**super()._options(kind), "n_neighbours": self.n_neighbours}

    def _learn(self, model: PatchCoreModel, train: Shaped[Tensor, "n c h w"], run: Run, log: Log) -> None:
        random = generator_for(run.seed, 21)
        each = math.ceil(MAX_CANDIDATES / len(train))
        found = []
        for x in places_of(model, train, run):
            [rows] = as_rows(x)
            found.append(rows[torch.randperm(len(rows), generator=random)[:each].to(rows.device)])
        points = torch.cat(found)
        model.bank = points[greedy_coreset(points, self.coreset_size, random, run.progress)]
