"""Units that are multiples of one: "KB" and "MB", "mg" and "g", or "K" and "M" for thousands and millions."""

from __future__ import annotations

from collections.abc import Iterable

ANY = "…"  # in a form, in place of a prefix
BEFORE_UNIT = {
    "": 1.0,
    **{"p": 1e-12, "n": 1e-9, "u": 1e-6, "\u00b5": 1e-6, "\u03bc": 1e-6, "m": 1e-3, "c": 1e-2},
    **{"k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12},
    **{"Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40},
}
ALONE = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "B": 1e9, "G": 1e9, "T": 1e12}


def common_unit(units: Iterable[str]) -> str | None:
    """The unit of which all are multiples, "" for plain numbers; None if there is none."""
    bases = set.intersection(*({base for base in _ends(unit) if factor(unit, base)} for unit in units))
    return min(bases, key=len, default=None)


def factor(unit: str, base: str) -> float | None:
    """How many times ``base`` a unit is; None if it is no multiple of it."""
    known = BEFORE_UNIT if base else ALONE
    return known.get(unit.removesuffix(base)) if unit.endswith(base) else None


def _ends(unit: str) -> list[str]:
    return [unit[start:] for start in range(min(len(unit), 2) + 1)]
