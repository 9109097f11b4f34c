"""Symmetric nearest rows: :mod:`ama.scores.terms.local_nearest_rows` after the columns were made more symmetric."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from ama.scores.kinds.kind import SampleKind
from ama.scores.neighbour_search import Search, nearest
from ama.scores.terms.local_nearest_rows import LocalNearestRows
from ama.scores.terms.symmetric_row_term import SymmetricRowTerm
from ama.settings import Settings


class SymmetricNearestRows(SymmetricRowTerm, LocalNearestRows):
    """Logarithm of the local distance of transformed rows."""

    @classmethod
    def suits(cls, kind: SampleKind, settings: Settings) -> bool:
        return kind.symmetric_distances

    def value(self, features: Float[Tensor, "b d"], search: Search = nearest) -> Float[Tensor, " b"]:
        return super().value(self.columns(features), search)
