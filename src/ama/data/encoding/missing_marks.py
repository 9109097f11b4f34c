"""A number such as -999 in a table, which may stand for a missing value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Bool, Float

from ama.data.names import of_columns
from ama.data.samples import Samples

MAX_ROWS = 10_000  # evenly spaced, that are looked at
AT_A_TIME = 256  # numbers of each row, of which a wide table has too many for a copy
SHARE, FEWEST = 0.01, 2  # of the rows that hold the number, and different values of the others
NINES = np.array([float("9" * digits) for digits in range(2, 10)])


def marks_notice(samples: Samples, normal: Bool[np.ndarray, " n"]) -> str | None:
    """Which columns hold 99, -999 or the like in some normal rows, far from all their other values, in a sentence."""
    if samples.x.ndim != 2 or not normal.any():
        return None
    names: Sequence[str | int] = samples.columns or range(1, samples.x.shape[1] + 1)
    columns = zip(names, _columns(samples, normal), strict=True)
    marks = {name: mark for name, column in columns if (mark := missing_mark(column)) is not None}
    if not marks:
        return None
    shown = " or ".join(f"{mark:.0f}" for mark in sorted(set(marks.values())))
    end = f"{shown} in some rows, far from all other values: if it stands for a missing value, leave it out"
    return of_columns(list(marks), samples.source or "X", f"holds {end}", f"hold {end}")


def missing_mark(column: Float[np.ndarray, " n"]) -> float | None:
    """The number of nines that stands farther from a column's other values than these from one another, or None."""
    ends = np.abs([column.min(), column.max()])
    if not np.isin(ends, NINES).any():  # of most columns this is all
        return None
    nines = np.isin(np.abs(column), NINES)
    others = column[~nines]
    if len(np.unique(others)) < FEWEST:
        return None
    values, counts = np.unique(column[nines], return_counts=True)
    low, high = others.min(), others.max()
    apart = np.maximum(low - values, values - high) > high - low
    found = values[apart & (counts >= max(2, SHARE * len(column)))]
    return float(found[0]) if len(found) else None


def _columns(samples: Samples, normal: Bool[np.ndarray, " n"]) -> Iterator[Float[np.ndarray, " m"]]:
    """Each column in some of the normal rows: the first number that it has become, which of a number is its value."""
    rows = np.flatnonzero(normal)
    rows = rows[:: -(-len(rows) // MAX_ROWS)]
    d = samples.x.shape[1]
    encoding = samples.encoding
    first = np.arange(d) if encoding is None else np.array([group[0] for group in encoding.groups])
    for start in range(0, d, AT_A_TIME):
        part = samples.x[:, start : start + AT_A_TIME][rows].numpy()
        yield from part[:, first[first // AT_A_TIME == start // AT_A_TIME] - start].T
