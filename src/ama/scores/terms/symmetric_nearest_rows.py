"""Symmetric nearest rows: :mod:`ama.scores.terms.local_nearest_rows` after the columns were made more symmetric.

See :mod:`ama.scores.symmetric_columns`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from ama.scores.kinds.kind import SampleKind
from ama.scores.neighbour_search import Search, nearest
from ama.scores.symmetric_columns import SymmetricColumns
from ama.scores.terms.local_nearest_rows import LocalNearestRows
from ama.settings import Settings


class SymmetricNearestRows(LocalNearestRows):
    """Logarithm of the local distance of transformed rows."""

    symmetric = True

    def __init__(self, kind: SampleKind, settings: Settings):
        super().__init__(kind, settings)
        self.columns = SymmetricColumns()

    def fit(self, parts: Sequence[Float[Tensor, "_ d"]], seed: int) -> None:
        rows = torch.cat(list(parts))
        self.columns.fit(rows, seed)
        super().fit([self.columns(rows)], seed)

    def value(self, features: Float[Tensor, "b d"], search: Search = nearest) -> Float[Tensor, " b"]:
        return super().value(self.columns(features), search)
