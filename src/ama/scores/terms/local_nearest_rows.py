r"""Local nearest rows: the distance of a row to the nearest learned rows, half relative to how close these are.

:math:`\log d(x) - \frac 1 2 \log \frac 1 k \sum_{i=1}^k d(x_{(i)})`, where d is the mean distance to the k nearest
learned rows, plus a small :math:`\epsilon`, in coordinates whitened by their shrunk covariance. The plain distance
misses what lies close beside a dense cluster, and the full ratio, the local outlier factor (Breunig et al. 2000), rates
distant rows as normal where learned rows are sparse; the square root lies between the two.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from ama.io.storable import empty
from ama.scores.densities import fit_memory_bank
from ama.scores.kinds.kind import SampleKind
from ama.scores.neighbour_search import Search, distance_floor, nearest
from ama.scores.terms.nearest_rows import MAX_POINTS
from ama.scores.terms.row_term import RowTerm
from ama.settings import Settings

# Exponent of the neighbours' own distance: 0 is the plain distance, 1 the local outlier factor.
LOCALITY = 0.5


class LocalNearestRows(RowTerm):
    """Logarithm of the whitened distance to the k nearest learned rows, half relative to theirs."""

    does = "whitens rows"
    whitens = True

    mean: Tensor
    whitening: Tensor
    points: Tensor
    own: Tensor
    floor: Tensor

    def __init__(self, kind: SampleKind, settings: Settings):
        super().__init__(kind, settings)
        for name, buffer in (
            ("mean", empty(0)),
            ("whitening", empty(0, 0)),
            ("points", empty(0, 0)),
            ("own", empty(0)),
            ("floor", empty()),
        ):
            self.register_buffer(name, buffer)

    def fit(self, parts: Sequence[Float[Tensor, "_ d"]], seed: int) -> None:
        bank = fit_memory_bank(torch.cat(list(parts)), seed, MAX_POINTS)
        self.mean, self.whitening, self.points = (part.to(self.mean.device) for part in bank)
        distance = nearest(self.points, self.points).distance
        self.own, self.floor = distance.mean(1), distance_floor(distance)

    def value(self, features: Float[Tensor, "b d"], search: Search = nearest) -> Float[Tensor, " b"]:
        distance, which = search((features - self.mean) @ self.whitening, self.points)
        around = (self.own[which].mean(1) + self.floor).log()
        return (distance.mean(1) + self.floor).log() - LOCALITY * around
