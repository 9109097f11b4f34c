"""Terms of rows that make the columns more symmetric first (:mod:`ama.scores.symmetric_columns`)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from ama.scores.kinds.kind import SampleKind
from ama.scores.symmetric_columns import SymmetricColumns
from ama.scores.terms.row_term import RowTerm
from ama.settings import Settings


class SymmetricRowTerm(RowTerm):
    """Base beside the term that is fitted to the transformed rows."""

    def __init__(self, kind: SampleKind, settings: Settings):
        super().__init__(kind, settings)
        self.columns = SymmetricColumns()

    def fit(self, parts: Sequence[Float[Tensor, "_ d"]], seed: int) -> None:
        rows = torch.cat(list(parts))
        self.columns.fit(rows, seed)
        super().fit([self.columns(rows)], seed)
