"""Every score is finite: an overflow on the way to one is the strongest sign of an anomaly, not a missing value."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

# Far beyond any score of use, yet squares, sums and differences of such scores stay finite in float64.
MOST_NORMAL, LEAST_NORMAL = 1e30, -1e30


def bounded(scores: Float[Tensor, " ..."]) -> Float[Tensor, " ..."]:
    """Scores, higher = more normal, within [-1e30, 1e30]; one that is not a number is -1e30.

    A finite sample whose score overflows lies farther from the normal samples than the arithmetic reaches. With the
    lowest score its p-value is the smallest there is, and it is flagged.
    """
    return scores.nan_to_num(nan=LEAST_NORMAL).clamp(LEAST_NORMAL, MOST_NORMAL)
