r"""Nearest rows: the distance of a row itself to the nearest learned rows.

:math:`\log(\frac 1 k \sum_{i=1}^k \lVert x - x_{(i)} \rVert + \epsilon)`, with the k nearest of a bank of learned rows,
every column in its standard deviations (after Ramaswamy et al. 2000). No network takes part: a sample can be far from
all that was learned although the networks make nothing unusual of it.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from ama.io.storable import empty
from ama.scores.densities import some
from ama.scores.kinds.kind import SampleKind
from ama.scores.neighbour_search import SAME, Search, distance_floor, nearest
from ama.scores.terms.row_term import RowTerm
from ama.settings import Settings

MAX_POINTS = 5_000  # in a bank; with more, tables of few values have a twin of every anomaly


class NearestRows(RowTerm):
    """Logarithm of the mean distance to the k nearest learned rows."""

    does = "measures the distance of rows"
    absorbs = True

    points: Tensor
    floor: Tensor

    def __init__(self, kind: SampleKind, settings: Settings):
        super().__init__(kind, settings)
        self.register_buffer("points", empty(0, 0))
        self.register_buffer("floor", empty())

    @classmethod
    def suits(cls, kind: SampleKind, settings: Settings) -> bool:
        return kind.comparable and not kind.best_whitened

    def fit(self, parts: Sequence[Float[Tensor, "_ d"]], seed: int) -> None:
        self.points = some(torch.cat(list(parts)), MAX_POINTS, seed)
        self.floor = distance_floor(nearest(self.points, self.points).distance)

    def absorb(self, features: Float[Tensor, "n d"]) -> None:
        self.points = torch.cat([self.points, features[: MAX_POINTS - len(self.points)]])

    def value(self, features: Float[Tensor, "b d"], search: Search = nearest) -> Float[Tensor, " b"]:
        near = search(features, self.points, SAME * self.floor)
        return (near.distance.mean(1) + self.floor).log()
