r"""Memory bank: the distance of the statistics of a pair to the nearest normal sample.

:math:`\log \min_i \lVert W (v - v_i) \rVert`, where W whitens :math:`v(x)` by the shrunk covariance of normal samples.
Unlike a single Gaussian it allows for normal samples of several kinds. With ``bank_distance="local"`` the distance is
that of :mod:`ama.scores.local_distance`, to several of them, and the covariance is shrunk more.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from ama.io.storable import empty
from ama.scores.densities import MAX_POINTS, MAX_SAMPLES, SHRINKAGE, fit_memory_bank
from ama.scores.forward_pass import ForwardPass
from ama.scores.kinds.kind import SampleKind
from ama.scores.local_distance import log_local_distance, own_distances
from ama.scores.neighbour_search import K, Nearest
from ama.scores.pair_statistics import pair_statistics
from ama.scores.terms.term import Term
from ama.settings import Settings

DISTANCE_FLOOR = 0.1
LOCAL_SHRINKAGE = 0.6


def nearest_distance(
    vectors: Float[Tensor, "b n"],
    mean: Float[Tensor, " n"],
    whitening: Float[Tensor, "n n"],
    points: Float[Tensor, "m n"],
) -> Float[Tensor, " b"]:
    """Distance to the nearest of the whitened ``points``, at least a tenth of a standard deviation.

    It is measured in the type of the points: in float32 the distance of a point from itself is rounding error.
    """
    return nearest_points(vectors, mean, whitening, points, 1).distance[:, 0]


def nearest_points(
    vectors: Float[Tensor, "b n"],
    mean: Float[Tensor, " n"],
    whitening: Float[Tensor, "n n"],
    points: Float[Tensor, "m n"],
    k: int,
) -> Nearest:
    """The k nearest of the whitened ``points``, fewer if there are not so many; each distance is as above."""
    white = whitened(vectors, mean, whitening).to(points.dtype)
    distance, which = torch.cdist(white, points).topk(min(k, len(points)), largest=False)
    return Nearest(distance.double().clamp_min(DISTANCE_FLOOR), which)


def whitened(
    vectors: Float[Tensor, "b n"], mean: Float[Tensor, " n"], whitening: Float[Tensor, "n n"]
) -> Float[Tensor, "b n"]:
    """Vectors in whitened coordinates, float64."""
    return (vectors.double() - mean) @ whitening


class MemoryBank(Term):
    """Logarithm of the distance of v(x) to the nearest normal sample, or of the local one to several."""

    max_samples = MAX_SAMPLES

    mean: Tensor
    whitening: Tensor
    points: Tensor
    own: Tensor
    floor: Tensor

    def __init__(self, kind: SampleKind, settings: Settings):
        super().__init__(kind, settings)
        self.local = settings.bank_distance == "local"
        self.register_buffer("mean", empty(0))
        self.register_buffer("whitening", empty(0, 0))
        self.register_buffer("points", empty(0, 0))
        if self.local:
            self.register_buffer("own", empty(0))
            self.register_buffer("floor", empty())

    @classmethod
    def suits(cls, kind: SampleKind, settings: Settings) -> bool:
        return not kind.comparable

    def features(self, forward: ForwardPass) -> Float[Tensor, "b n"]:
        return forward.get(pair_statistics)

    def fit(self, parts: Sequence[Float[Tensor, "_ n"]], seed: int) -> None:
        shrinkage = LOCAL_SHRINKAGE if self.local else SHRINKAGE
        bank = fit_memory_bank(torch.cat(list(parts)), seed, MAX_POINTS, shrinkage)
        self.mean, self.whitening, self.points = (part.to(self.mean.device) for part in bank)
        if self.local:
            self.own, self.floor = own_distances(self.points)

    def value(self, features: Float[Tensor, "b n"]) -> Float[Tensor, " b"]:
        bank = self.mean, self.whitening, self.points
        if not self.local:
            return nearest_distance(features, *bank).log()
        return log_local_distance(nearest_points(features, *bank, K), self.own, self.floor)
