"""Scores that a user passes."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

from ama.errors import InputError, as_written

EXPECTED = "scores must be finite numbers, one a sample (n,)"


def as_scores(scores: Any, least: int = 0) -> Float[np.ndarray, " n"]:
    """The argument ``scores`` as an array.

    Parameters
    ----------
    scores
        What the user passed.
    least
        How many there must be at least.

    Raises
    ------
    InputError
        If it holds anything but finite numbers in one axis, or too few of them.
    """
    try:
        found = np.asarray(scores, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{EXPECTED}, found {as_written(scores)}") from None
    if found.ndim != 1:
        shown = f"an array of shape {found.shape}" if found.ndim else as_written(scores)
        raise InputError(f"{EXPECTED}, found {shown}")
    if len(found) < least:
        raise InputError(f"{EXPECTED}, at least {least}, found {len(found)}")
    if not np.isfinite(found).all():
        first = np.flatnonzero(~np.isfinite(found))[0]
        raise InputError(f"{EXPECTED}, found {found[first]} at position {first + 1} (counted from 1)")
    return found
