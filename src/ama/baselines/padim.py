r"""PaDiM (Defard et al., "PaDiM: a Patch Distribution Modeling Framework for Anomaly Detection", ICPR 2020).

Each place of the images has a Gaussian of its own, so it suits images in which every part has its place.

==========================================================================================  =====================
paper                                                                                       here
==========================================================================================  =====================
patch embedding vectors :math:`x_{ij}`, of d channels drawn at random                       ``vectors``
:math:`\mu_{ij}`, the mean over the normal images                                           ``mean``
:math:`\Sigma_{ij} = \frac{1}{N - 1} \sum_k (x_{ij}^k - \mu_{ij}) (x_{ij}^k - \mu_{ij})^T
+ \epsilon I`, Eq. 1                                                                        ``PlaceMoments``
:math:`M(x_{ij}) = \sqrt{(x_{ij} - \mu_{ij})^T \Sigma_{ij}^{-1} (x_{ij} - \mu_{ij})}`,
Eq. 2                                                                                       ``distances``
the largest M of an image                                                                   the anomaly score
M, enlarged and smoothed by a Gaussian of 4 of 224 pixels                                   ``anomaly_map``
==========================================================================================  =====================

Eq. 1 and 2 are in :mod:`ama.scores.place_moments`, which the term ``place_densities`` shares.

Deviations: the backbone and the size of the images are those of ``AMADetector(features="lite0")``, not a ResNet on
crops of 224 pixels; its features of places are averaged over their neighbours, too. As the Gaussians take memory, there
are at most 64 places a side: of larger images the features are averaged. The score is the largest M before smoothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from ama.baselines.baseline import Log
from ama.baselines.place_baseline import PlaceBaseline, PlaceModel, places_of
from ama.detectors.parameters import parameters
from ama.scores.place_moments import TOGETHER, PlaceMoments, mahalanobis_distances, pooled, vectors_of
from ama.training.run import Run
from ama.utils.declarations import METHOD, parameter
from ama.utils.random_generators import generator_for

MOST_PLACES = 64  # a side


class PaDiMModel(PlaceModel):
    """The channels, and a Gaussian for each of p places."""

    channels: Tensor
    mean: Tensor
    whitening: Tensor

    def build(self, backbone: dict[str, Any]) -> None:
        self.register_buffer("channels", torch.zeros(0, dtype=torch.int64))
        self.register_buffer("mean", torch.zeros(0, 0))
        self.register_buffer("whitening", torch.zeros(0, 0, 0))

    def grid(self, x: Float[Tensor, "b k i j"]) -> Float[Tensor, "b d p q"]:
        """The drawn channels, of at most ``MOST_PLACES`` places a side."""
        return pooled(x[:, self.channels], MOST_PLACES)

    def vectors(self, x: Float[Tensor, "b k i j"]) -> Float[Tensor, "b p d"]:
        """One vector a place."""
        return vectors_of(self.grid(x))

    def distances(self, x: Float[Tensor, "b k i j"]) -> Float[Tensor, "b p q"]:
        return mahalanobis_distances(self.grid(x), self.mean, self.whitening)

    @torch.no_grad()
    def anomalies(self, x: Float[Tensor, "b k i j"]) -> dict[str, Float[Tensor, " b"]]:
        return {"score": self.distances(x).flatten(1).amax(1)}


@parameters
class PaDiM(PlaceBaseline):
    """PaDiM (Defard et al. 2020): the largest distance of a place of an image from the Gaussian of that place."""

    # fmt: off
    n_channels: int = parameter("Channels drawn from those of the backbone; all if it has fewer.", METHOD, 1, 1000,
        default=100)
    shrinkage: float = parameter("Added to each variance, epsilon of Eq. 1.", METHOD, 1e-6, 1e6, default=0.01)
    # fmt: on

    _model_class = PaDiMModel

    def _learn(self, model: PaDiMModel, train: Shaped[Tensor, "n c h w"], run: Run, log: Log) -> None:
        n = next(model.chunks(train[:1])).shape[1]
        drawn = torch.randperm(n, generator=generator_for(run.seed, 22))[: self.n_channels]
        model.channels = drawn.sort().values.to(model.device)
        moments = PlaceMoments()
        for vectors in _together(model.vectors(x) for x in places_of(model, train, run)):
            moments.add(vectors)
        model.mean, model.whitening = moments.gaussians(self.shrinkage)


def _together(vectors: Iterable[Float[Tensor, "1 p d"]]) -> Iterator[Float[Tensor, "_ p d"]]:
    held: list[Tensor] = []
    for one in vectors:
        held.append(one)
        if len(held) == TOGETHER:
            yield torch.cat(held)
            held = []
    if held:
        yield torch.cat(held)
