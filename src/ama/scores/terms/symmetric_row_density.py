"""Symmetric row density: :mod:`ama.scores.terms.row_density` after the columns were made more symmetric."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from ama.scores.kinds.kind import SampleKind
from ama.scores.terms.row_density import RowDensity
from ama.scores.terms.symmetric_row_term import SymmetricRowTerm
from ama.settings import Settings


class SymmetricRowDensity(SymmetricRowTerm, RowDensity):
    """Logarithm of one plus how far the log density of a transformed row lies below the highest."""

    @classmethod
    def suits(cls, kind: SampleKind, settings: Settings) -> bool:
        return kind.symmetric_density

    def value(self, features: Float[Tensor, "b d"]) -> Float[Tensor, " b"]:
        return super().value(self.columns(features))
