"""Labels and ids as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ama.data.names import clean_name


def as_labels(values: Iterable[Any], names: list[str] | None = None) -> np.ndarray:
    """Labels as printable strings: 2 and 2.0 become "2", a missing label becomes "".

    Parameters
    ----------
    values
        The labels as stored.
    names
        Names of the integers 0, 1, ...; other integers, such as the hub's -1 for "unknown", stay numbers.

    Returns
    -------
    ndarray
        Objects (n,): in an array of text, each would take as much memory as the longest.
    """
    known: dict[tuple[type, Any], str] = {}
    found = []
    for value in values:
        key = (type(value), value)
        if (label := known.get(key)) is None:
            label = known[key] = _as_label(value, names)
        found.append(label)
    return as_objects(found)


def as_objects(values: Sequence[Any]) -> np.ndarray:
    """An array (n,) of the values themselves."""
    objects = np.empty(len(values), dtype=object)
    for i, value in enumerate(values):  # an assignment of all at once would unpack tuples
        objects[i] = value
    return objects


def _as_label(value: Any, names: list[str] | None) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    if isinstance(value, float | np.floating) and float(value).is_integer():
        value = int(value)
    if names is not None and isinstance(value, int | np.integer) and 0 <= value < len(names):
        value = names[int(value)]
    return clean_name(str(value))
