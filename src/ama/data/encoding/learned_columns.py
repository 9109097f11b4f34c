"""The encoding of one column, from what a pass over it has found out."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float

from ama.data.encoding.category_columns import Categories
from ama.data.encoding.column_encoding import ColumnEncoding
from ama.data.encoding.column_survey import ColumnSurvey
from ama.data.encoding.frequency_columns import Frequencies
from ama.data.encoding.moment_columns import (
    DAY,
    PARTS,
    YEAR,
    Moments,
    microseconds,
    moments_of_texts,
    turns,
    with_zone,
)
from ama.data.encoding.moment_texts import DATE, TIME
from ama.data.encoding.number_columns import Numbers, numbers
from ama.data.encoding.number_texts import NUMBER_IN_TEXT
from ama.data.encoding.spoken_changes import Change
from ama.data.tables.arrow_columns import is_number, is_text

MAX_INDICATORS = 20  # kinds of text that get an indicator each
RARE = 0.001  # share of the rows below which a kind gets none: its indicator would outweigh everything else
OWN = 0.9  # share of the rows with a text of their own from which on a column carries nothing
MOSTLY = 0.9  # share of numbers among texts from which on the others count as missing
HALF, MARKS = 0.5, 3  # the same where the others are of few kinds, as are marks such as "-" or "?"
MAX_FREQUENCIES = 10_000  # kinds whose frequency is kept
MAX_CHARACTERS = 2_000_000  # of all kinds of a table

Learned = tuple[ColumnEncoding | None, list[Change]]


def learn_column(survey: ColumnSurvey, chosen: bool, n_texts: int) -> Learned:
    """The encoding of a column, and what is to be said of it.

    Parameters
    ----------
    survey
        Of the column.
    chosen
        Whether the user has chosen the column, which is then not left out for carrying little.
    n_texts
        Columns of text in the table.

    Returns
    -------
    tuple
        The encoding is None if the column is left out.
    """
    if not survey.present:
        return None, [Change.NO_VALUE]
    if is_text(survey.kind):
        return _of_written(survey) or _of_text(survey, chosen, n_texts)
    if is_number(survey.kind):
        return _of_numbers(survey, among_texts=False)
    if pa.types.is_duration(survey.kind):
        encoding, changes = _of_numbers(survey, among_texts=False)
        return encoding, [Change.DURATIONS, *changes]
    return _of_moments(survey, microseconds(survey.sample()), times=pa.types.is_time(survey.kind))


def _of_numbers(survey: ColumnSurvey, among_texts: bool, n_odd: bool = False) -> Learned:
    x = numbers(survey.sample())
    missing = survey.missing > 0 or n_odd
    kinds = pa.types.is_boolean(survey.kind), among_texts, pa.types.is_duration(survey.kind)
    encoding = Numbers(float(np.nanmedian(x)), missing, *kinds)
    return encoding, [Change.MISSING] * missing


def _of_moments(
    survey: ColumnSurvey, at: Float[np.ndarray, " n"], times: bool, among_texts: bool = False
) -> Learned:
    first, last = at.min(), at.max()
    varies = {part: len(np.unique(turns(at, part))) > 1 for part in PARTS}
    varies["year"] &= last - first > YEAR * DAY
    parts = [part for part in PARTS if varies[part] and not (times and part != "day")]
    missing = survey.missing > 0 or among_texts
    median, n_zoned = float(np.median(at - first) / DAY), with_zone(survey.sample())
    zones = n_zoned > 0, n_zoned < len(at)
    encoding = Moments(int(first), median, parts, missing, times, *zones, among_texts=among_texts)
    said = [Change.DATES_AMONG_TEXT] if among_texts else [Change.MISSING] * missing
    return encoding, [Change.TIMES if times else Change.MOMENTS, *said]


def _of_texts_of_moments(survey: ColumnSurvey) -> Learned | None:
    """Text of dates or times, throughout or mostly."""
    sample = survey.sample()
    for pattern, times in ((DATE, False), (TIME, True)):
        share = survey.share_of(pattern)
        if share < HALF:
            continue
        at = moments_of_texts(sample, pattern)
        known = at[~np.isnan(at)]
        if share == 1 and len(known) == len(at):  # a thirteenth month is none
            return _of_moments(survey, at, times)
        few = len(pc.unique(sample.filter(pa.array(np.isnan(at))))) <= MARKS
        if len(known) >= (HALF if few else MOSTLY) * len(at) and len(survey.counts) > MAX_INDICATORS:
            return _of_moments(survey, known, times, among_texts=True)
    return None


def _of_written(survey: ColumnSurvey) -> Learned | None:
    """Numbers, durations or dates in a form of their own."""
    if survey.written is None:
        return None
    encoding, changes = _of_text(survey.plain(), chosen=False, n_texts=1)
    if not isinstance(encoding, Numbers | Moments):
        return None
    found = replace(encoding, form=survey.written.form)
    return found, [change for change in changes if change is not Change.TEXT_OF_NUMBERS]


def _of_text(survey: ColumnSurvey, chosen: bool, n_texts: int) -> Learned:
    if (moments := _of_texts_of_moments(survey)) is not None:
        return moments
    share = survey.share_of(NUMBER_IN_TEXT)
    if share == 1:
        encoding, changes = _of_numbers(survey, among_texts=True)
        return encoding, [Change.TEXT_OF_NUMBERS, *changes]
    kinds = survey.counts
    few = survey.kinds_without(NUMBER_IN_TEXT) <= MARKS
    if share >= (HALF if few else MOSTLY) and len(kinds) > MAX_INDICATORS:
        encoding, _ = _of_numbers(survey, among_texts=True, n_odd=True)
        return encoding, [Change.NUMBERS_AMONG_TEXT]
    return _of_kinds(kinds, chosen, MAX_CHARACTERS // n_texts)


def _of_kinds(kinds: Counter[str | None], chosen: bool, characters: int) -> Learned:
    """Text of few or many kinds."""
    n_rows = kinds.total()
    own = sum(rows == 1 for kind, rows in kinds.items() if kind is not None)
    if own > OWN * (n_rows - kinds[None]) and not chosen:
        return None, [Change.OWN_TEXTS]
    kept = [kind for kind, rows in kinds.items() if rows >= max(2, RARE * n_rows)]
    if len(kept) <= MAX_INDICATORS:
        return Categories(sorted(kept, key=_order)), [Change.CATEGORIES]
    found: list[str | None] = []
    for kind, rows in sorted(kinds.items(), key=lambda item: (-item[1], _order(item[0])))[:MAX_FREQUENCIES]:
        characters -= len(kind or "")
        if rows < 2 or characters < 0:
            break
        found.append(kind)
    return Frequencies(found, [kinds[kind] for kind in found], n_rows), [Change.FREQUENCIES]


def _order(kind: str | None) -> tuple[bool, str]:
    return kind is None, kind or ""
