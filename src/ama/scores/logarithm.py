"""The logarithm of a term."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

TERM_FLOOR = 1e-6


def log_term(term: Float[Tensor, " b"]) -> Float[Tensor, " b"]:
    """Logarithm in float64; the logarithm of zero is finite."""
    return term.double().clamp_min(TERM_FLOOR).log()
