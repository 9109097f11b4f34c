"""Columns in which one enormous value, such as a mark of missing ones, makes all others look alike.

A column is scaled to the standard deviation 1. A value of 1e9 among a thousand of about 1 makes that 3e7, and whatever
is unusual among the others is no longer seen. In the tables of ADBench the middle 98 % of a column span at least a
tenth of its standard deviation.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from jaxtyping import Bool, Float
from torch import Tensor

from ama.utils.user_warnings import warn_user

EDGE = 0.01  # of the values at either end are not looked at, and at least one
NARROW = 0.01  # of the standard deviation: the others span less
MIN_ROWS = 10  # of fewer, the middle ones lie close by chance
MAX_LOOKED_AT = 2_000  # rows

Shown = Callable[[Tensor, int], str]  # a row, and which of its numbers -> "column 'amount' holds 1e+300"


def flattened(learned: Float[Tensor, "n d"], scale: Float[Tensor, " d"]) -> Bool[Tensor, " d"]:
    """Which columns hold other values that look alike in units of their ``scale``."""
    values = learned[:: -(-len(learned) // MAX_LOOKED_AT)].sort(0).values
    low, high = math.ceil(EDGE * (len(values) - 1)), math.floor((1 - EDGE) * (len(values) - 1))
    span = values[high] - values[low]
    return (span > 0) & (span < NARROW * scale) & (len(learned) >= MIN_ROWS)


def warn_of_flattened(learned: Float[Tensor, "n d"], scale: Float[Tensor, " d"], shown: Shown) -> None:
    """Say which column is flattened, by which value, and what to do about it; if there is one.

    Parameters
    ----------
    learned
        Rows.
    scale
        Standard deviations of the columns.
    shown
        How messages show a value.
    """
    found = flattened(learned, scale.to(learned.device)).nonzero()[:, 0].tolist()
    if not found:
        return
    column = learned[:, found[0]]
    row = learned[(column / 2 - column.median() / 2).abs().argmax()]
    n = len(found) - 1
    others = f", and {n} more column{'s'[: n != 1]} such a value" if n else ""
    warn_user(
        f"{shown(row, found[0])}{others}: beside it the other values look alike, and what is unusual among them is not "
        "seen; correct or leave out such rows, or mark the value as missing",
    )
