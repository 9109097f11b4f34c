"""Photographs taken in series, whose neighbours in order are near-duplicates.

If samples are exchangeable, the nearest of the n - 1 others is one of the two beside it in order with probability
2 / (n - 1). In a series it usually is. Held-out samples drawn at random then have near-duplicates among the learned
ones, score too well, and set a threshold that flags most samples of the next series.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

MAX_SAMPLES = 200  # at the start of the order, to be compared with one another
MIN_SAMPLES = 20  # too few tell nothing
SERIES_SHARE, TIMES_BY_CHANCE = 0.1, 4  # of samples in a series whose nearest is beside them, at least


def beside_share(rows: Float[Tensor, "n d"]) -> float:
    """Share of the rows whose nearest other is the one before or after; columns are standardised first.

    Parameters
    ----------
    rows
        Three or more, in the order of their samples.
    """
    x = rows.double()
    x = (x - x.mean(0)) / x.std(0, correction=0).clamp_min(torch.finfo(x.dtype).tiny)
    distance = torch.cdist(x, x).fill_diagonal_(torch.inf)
    nearest = distance.argmin(1)
    return ((nearest - torch.arange(len(x), device=x.device)).abs() == 1).double().mean().item()


def is_series(share: float, n: int) -> bool:
    """Whether this share of n samples is far more than exchangeable samples would have."""
    return share >= max(SERIES_SHARE, TIMES_BY_CHANCE * 2 / (n - 1))


def series_notice(share: float, n: int, held_out: float) -> str:
    """What is done about a series, in a sentence for the user."""
    return (
        f"the samples seem to be taken in series (for {share:.0%} of the first {n} the nearest other is the one before "
        f"or after): the last {held_out:.0%} are held out (held_out_from='end'), and the false-alarm rate holds for "
        "samples as new as these"
    )
