"""Whole numbers that float64 cannot hold: beyond 2**53 it has only some of them."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
from jaxtyping import Shaped

LARGEST_EXACT = 2**53
BEYOND = "beyond 2**53, which are rounded to 15 digits or more"
DIGITS = 15  # which float64 holds of any number
ROWS_AT_A_TIME = 2**16  # an array may be larger than memory


def n_rounded(x: Shaped[np.ndarray, "n ..."]) -> int:
    """How many whole numbers of an array change when they become float64."""
    if x.dtype.kind not in "iu" or x.dtype.itemsize < 8:
        return 0
    return sum(_n_rounded(x[i : i + ROWS_AT_A_TIME]) for i in range(0, len(x), ROWS_AT_A_TIME))


def _n_rounded(x: Shaped[np.ndarray, "n ..."]) -> int:
    large = x[(x > LARGEST_EXACT) | (x < -LARGEST_EXACT)]
    # What float64 holds is a multiple of the distance between its numbers there.
    distance = np.spacing(np.abs(large.astype(np.float64))).astype(x.dtype)
    return int(np.count_nonzero(large % distance))


def n_rounded_of(given: Any, x: Shaped[np.ndarray, "n ..."]) -> int:
    """The same for an array that was made of lists or objects: whole numbers beyond 64 bits are floats in it.

    Parameters
    ----------
    given
        What a user gave.
    x
        The array.
    """
    nested = isinstance(given, list | tuple) and isinstance(given[0], list | tuple)
    objects = isinstance(given, np.ndarray) and given.dtype.kind == "O"
    if not (nested or objects) or x.dtype.kind != "f":
        return n_rounded(x)
    if not (np.abs(x) >= LARGEST_EXACT).any():
        return 0
    values = np.asarray(given, dtype=object).ravel()
    return sum(isinstance(value, Integral) and is_rounded(value) for value in values)


def is_rounded(value: Any) -> bool:
    """Whether a number of any size is whole, and loses digits as it becomes float64."""
    whole = int(value)
    return whole == value and len(str(abs(whole)).rstrip("0")) > DIGITS and int(float(whole)) != whole


def rounded_notice(name: str, n: int) -> str:
    """What is said of an array in which :func:`n_rounded` counts ``n``."""
    return f"{name} holds {n:,} whole number{'s'[: n != 1]} {BEYOND}"
