"""The last row of a table where it holds the totals of the others, as spreadsheets write below them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

TOTALS_LEFT_OUT = "the last row is left out, as it holds the totals of the others"
FEWEST = 5  # rows above, of which a sum is no accident
WORD = re.compile(
    r"\s*(?:(?:grand|sub)[ -]?)?(?:totals?|totale?|sums?|summe|gesamt|somme|suma|averages?|mean|mittelwert)\s*:?\s*",
    re.IGNORECASE,
)
ROUNDED, EXACT = 1e-3, 1e-9  # relative difference of a sum that is shown with fewer digits, and of any other


def are_totals(row: Sequence[Any], n_above: int, above: Callable[[int], Sequence[Any]]) -> bool:
    """Whether a row holds sums of the rows above it, or means, beside a word for them; or sums and nothing else.

    Parameters
    ----------
    row
        The values of the last row: numbers, texts, and None where there is none.
    n_above
        How many rows are above it.
    above
        Gives their values in the column of an index.
    """
    numbers = {i: float(value) for i, value in enumerate(row) if _is_number(value)}
    if n_above < FEWEST or not any(numbers.values()) or len(numbers) == len(row):
        return False
    texts = [i for i, value in enumerate(row) if isinstance(value, str) and value.strip()]
    if any(WORD.fullmatch(row[i]) and row[i] not in above(i) for i in texts):
        return any(n and _is_total(n, above(i), ROUNDED, (1, n_above)) for i, n in numbers.items())
    # Without a word, a blank where there is none above.
    blank = [i for i in range(len(row)) if i not in numbers and i not in texts]
    return (
        not texts
        and all(None not in above(i) and "" not in above(i) for i in blank)
        and all(_is_total(number, above(i), EXACT, (1,)) for i, number in numbers.items())
    )


def _is_total(number: float, column: Sequence[Any], tolerance: float, parts: tuple[int, ...]) -> bool:
    total = math.fsum(value for value in column if _is_number(value))
    return any(math.isclose(number, total / n, rel_tol=tolerance) for n in parts)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
