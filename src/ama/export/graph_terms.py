"""The terms of a score in operations that ONNX has: no triangular solve, no distances of pairs, no loop over chunks.

Each computes the value of the term of the same name from the same features, up to rounding.
"""

from __future__ import annotations

import math
from functools import singledispatch
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ama.scores.local_distance import log_local_distance
from ama.scores.neighbour_search import K, Nearest, nearest_candidates
from ama.scores.terms.a_score import AScore, a_score
from ama.scores.terms.known_anomalies import KnownAnomalies
from ama.scores.terms.latent_density import LatentDensity
from ama.scores.terms.local_nearest_rows import LocalNearestRows
from ama.scores.terms.memory_bank import DISTANCE_FLOOR, MemoryBank, whitened
from ama.scores.terms.nearest_images import NearestImages
from ama.scores.terms.nearest_rows import NearestRows
from ama.scores.terms.term import Term


class GraphTerm(nn.Module):
    """A term whose own :meth:`ama.scores.terms.term.Term.value` can be exported as it is."""

    term: Any

    def __init__(self, term: Term):
        super().__init__()
        self.term = term

    def forward(self, features: Float[Tensor, "b n"]) -> Float[Tensor, " b"]:
        """The value of the term."""
        return self.term.value(features)


class GraphAScore(GraphTerm):
    """Mean and standard deviation are numbers of the graph."""

    def __init__(self, term: AScore):
        super().__init__(term)
        self.mean, self.std = term.mean.item(), term.std.item()

    def forward(self, features: Float[Tensor, "b n"]) -> Float[Tensor, " b"]:
        return -a_score(features[:, 0], self.mean, self.std)


class GraphLatentDensity(GraphTerm):
    """Every component by its precision factor, which a product applies."""

    inverse: Tensor
    peaks: Tensor

    def __init__(self, term: LatentDensity):
        super().__init__(term)
        self.floor = term.floor.item()
        factors = torch.linalg.cholesky(term.covariances)
        self.register_buffer("inverse", torch.linalg.inv(factors))
        n = term.means.shape[1]
        half_log_det = factors.diagonal(dim1=1, dim2=2).log().sum(1)
        self.register_buffer("peaks", term.weights.log() - half_log_det - 0.5 * n * math.log(2 * math.pi))

    def forward(self, features: Float[Tensor, "b n"]) -> Float[Tensor, " b"]:
        x = torch.cat([features[:, :-1], features[:, -1:].clamp_min(self.floor).log()], 1)
        white = (x[None] - self.term.means[:, None]) @ self.inverse.mT
        return -(self.peaks - 0.5 * white.square().sum(2).T).logsumexp(1)


class GraphNearestRows(GraphTerm):
    """All rows at once; candidates found in float64 need no second search."""

    def forward(self, features: Float[Tensor, "b n"]) -> Float[Tensor, " b"]:
        return self.term.value(features, self._nearest)

    def _nearest(
        self, x: Float[Tensor, "b d"], points: Float[Tensor, "m d"], same: Float[Tensor, ""]
    ) -> Nearest:
        x, points = x.double(), points.double()
        return nearest_candidates(x, x, points, points, same, min(K, len(points) - 1))[0]


class GraphMemoryBank(GraphTerm):
    """Squared distances as differences of squares, in float64."""

    def forward(self, features: Float[Tensor, "b n"]) -> Float[Tensor, " b"]:
        term = self.term
        white = whitened(features, term.mean, term.whitening).to(term.points.dtype).double()
        points = term.points.double()
        squares = white.square().sum(1, keepdim=True) + points.square().sum(1) - 2 * white @ points.T
        if not term.local:
            return squares.amin(1).clamp_min(DISTANCE_FLOOR**2).sqrt().log()
        nearest, which = squares.topk(min(K, len(points)), largest=False)
        near = Nearest(nearest.clamp_min(DISTANCE_FLOOR**2).sqrt(), which)
        return log_local_distance(near, term.own, term.floor)


class GraphKnownAnomalies(GraphTerm):
    """The softplus written out: onnxruntime has none in float64."""

    def forward(self, features: Float[Tensor, "b n"]) -> Float[Tensor, " b"]:
        z = features.double() @ self.term.direction - self.term.origin
        return z.clamp_min(0) + torch.log1p(torch.exp(-z.abs()))


@singledispatch
def graph_term(term: Term) -> GraphTerm:
    """The term as a part of a graph."""
    return GraphTerm(term)


graph_term.register(AScore, GraphAScore)
graph_term.register(KnownAnomalies, GraphKnownAnomalies)
graph_term.register(LatentDensity, GraphLatentDensity)
graph_term.register(MemoryBank, GraphMemoryBank)
graph_term.register(NearestRows, GraphNearestRows)
graph_term.register(LocalNearestRows, GraphNearestRows)
graph_term.register(NearestImages, GraphNearestRows)
