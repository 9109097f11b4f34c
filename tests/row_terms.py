"""Terms of rows, fitted by themselves."""

from __future__ import annotations

import torch
from jaxtyping import Float
from sklearn.metrics import roc_auc_score
from torch import Tensor

from ama.scores.kinds.factory import kind_of
from ama.scores.terms.row_term import RowTerm
from ama.settings import Settings
from draws import TINY


def fitted(term: type[RowTerm], x: Float[Tensor, "n d"], settings: Settings = TINY) -> RowTerm:
    """A term fitted to rows that come in two chunks."""
    made = term(kind_of((x.shape[1],)), settings)
    made.fit([x[:20], x[20:]], seed=0)
    return made


def auroc(
    term: type[RowTerm], normal: Float[Tensor, "n d"], odd: Float[Tensor, "m d"], settings: Settings = TINY
) -> float:
    """How well a term fitted to one half of the normal rows tells odd ones from the other half; columns of scale 1."""
    scale, half = normal.std(0), len(normal) // 2
    values = fitted(term, normal[:half] / scale, settings).value(torch.cat([normal[half:], odd]) / scale)
    return roc_auc_score([0] * (len(normal) - half) + [1] * len(odd), values)
