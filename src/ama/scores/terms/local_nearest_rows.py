"""Local nearest rows: the distance of a row to the nearest learned rows, half relative to how close these are.

It is that of :mod:`ama.scores.local_distance`, in coordinates whitened by the shrunk covariance of the learned rows.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from ama.io.storable import empty
from ama.scores.densities import fit_memory_bank
from ama.scores.kinds.kind import SampleKind
from ama.scores.local_distance import log_local_distance, own_distances
from ama.scores.neighbour_search import SAME, Search, nearest
from ama.scores.terms.nearest_rows import MAX_POINTS
from ama.scores.terms.row_term import RowTerm
from ama.settings import Settings


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

    @classmethod
    def suits(cls, kind: SampleKind, settings: Settings) -> bool:
        return kind.has_covariance and not kind.symmetric_distances

    def fit(self, parts: Sequence[Float[Tensor, "_ d"]], seed: int) -> None:
        bank = fit_memory_bank(torch.cat(list(parts)), seed, MAX_POINTS)
        self.mean, self.whitening, self.points = (part.to(self.mean.device) for part in bank)
        self.own, self.floor = own_distances(self.points)

    def value(self, features: Float[Tensor, "b d"], search: Search = nearest) -> Float[Tensor, " b"]:
        near = search((features - self.mean) @ self.whitening, self.points, SAME * self.floor)
        return log_local_distance(near, self.own, self.floor)
