"""Samples taken in series, whose neighbours in order are near-duplicates.

If samples are exchangeable, the nearest of the n - 1 others is one of the 2 w within w places of it in the order with
probability 2 w / (n - 1). In a series it usually is one of the two beside it, and among samples of the same hour or lot
one of a few more. Held-out samples drawn at random then have near-duplicates among the learned ones, score too well,
and set a threshold that flags most samples of the next series.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

MAX_SAMPLES = 200  # at the start of the order, to be compared with one another
MIN_SAMPLES = 20  # too few tell nothing
SERIES_SHARE, TIMES_BY_CHANCE = 0.1, 4  # of samples in a series whose nearest is beside them, at least
REMEDY = "use --held-out-from end or --group-by, in Python use held_out_from='end' or groups"
REMEDY_OF_GROUPS = "use --group-by, in Python groups"  # of methods that hold out no end
NEAR = 0.05  # of the samples lie within as many places as are looked at besides 1


class Nearest(NamedTuple):
    """A share of n samples whose nearest other lies within so many places of the order."""

    share: float
    places: int
    n: int

    @property
    def in_series(self) -> bool:
        """Whether it is far more than exchangeable samples would have."""
        by_chance = 2 * self.places / (self.n - 1)
        return self.share >= max(SERIES_SHARE, TIMES_BY_CHANCE * by_chance)


def found_series(rows: Float[Tensor, "n d"]) -> Nearest | None:
    """What shows that samples are taken in series, if something does.

    Parameters
    ----------
    rows
        Of ``MIN_SAMPLES`` samples or more, in their order.
    """
    rows = rows[:, ~_ordering(rows)]
    if not rows.shape[1]:
        return None
    apart = places_apart(rows)
    for places in (1, max(1, round(NEAR * len(rows)))):
        nearest = Nearest((apart <= places).double().mean().item(), places, len(rows))
        if nearest.in_series:
            return nearest
    return None


def places_apart(rows: Float[Tensor, "n d"]) -> Int[Tensor, " n"]:
    """How many places of the order lie between each row and its nearest other; columns are standardised first."""
    x = rows.double()
    x = (x - x.mean(0)) / x.std(0, correction=0).clamp_min(torch.finfo(x.dtype).tiny)
    distance = torch.cdist(x, x).fill_diagonal_(torch.inf)
    nearest = distance.argmin(1)
    return (nearest - torch.arange(len(x), device=x.device)).abs()


def _ordering(rows: Float[Tensor, "n d"]) -> Bool[Tensor, " d"]:
    """Columns that only rise or only fall, such as times: rows that were sorted by one are no series."""
    steps = rows.diff(dim=0)
    return (steps >= 0).all(0) | (steps <= 0).all(0)


def series_notice(found: Nearest, held_out: float, from_end: bool, remedy: str = REMEDY) -> str:
    """What is done about a series, or what the user may do (``remedy``), in a sentence for the user."""
    where = "the one before or after" if found.places == 1 else f"within {found.places} places of the order"
    seen = (
        f"the samples seem to be taken in series (for {found.share:.0%} of the first {found.n} the nearest other is "
        f"{where}): "
    )
    if from_end:
        return seen + (
            f"the last {held_out:.0%} are held out (held_out_from='end', --held-out-from end), and the false-alarm "
            "rate holds for samples as new as these"
        )
    return seen + f"held out from anywhere, too many new ones may be flagged; {remedy}"
