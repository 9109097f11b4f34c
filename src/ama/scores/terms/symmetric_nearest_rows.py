"""Symmetric nearest rows: :mod:`ama.scores.terms.local_nearest_rows` after the columns were made more symmetric."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from ama.scores.neighbour_search import Search, nearest
from ama.scores.terms.local_nearest_rows import LocalNearestRows
from ama.scores.terms.symmetric_row_term import SymmetricRowTerm


class SymmetricNearestRows(SymmetricRowTerm, LocalNearestRows):
    """Logarithm of the local distance of transformed rows."""

    def value(self, features: Float[Tensor, "b d"], search: Search = nearest) -> Float[Tensor, " b"]:
        return super().value(self.columns(features), search)
