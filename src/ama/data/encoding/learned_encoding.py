"""The encoding of a table, learned in one pass over its rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from jaxtyping import Bool

from ama.data.encoding.column_encoding import ColumnEncoding
from ama.data.encoding.column_survey import ColumnSurvey
from ama.data.encoding.learned_columns import learn_column
from ama.data.encoding.moment_columns import Moments, is_date
from ama.data.encoding.spoken_changes import Change, say_changes, say_read, say_unread
from ama.data.encoding.table_encoding import TableEncoding
from ama.data.encoding.unread_texts import UNREAD
from ama.data.samples import Wanted
from ama.data.tables.arrow import ArrowTable
from ama.data.tables.arrow_columns import is_number, is_text
from ama.data.tables.arrow_reading import decodable

ROWS_AT_A_TIME = 2**16


def is_encodable(kind: pa.DataType) -> bool:
    """Whether a column of this type can be a feature: numbers, text, dates, times, and no value at all."""
    types = pa.types
    return (
        is_number(kind)
        or is_text(kind)
        or is_date(kind)
        or types.is_time(kind)
        or types.is_duration(kind)
        or types.is_null(kind)
    )


def learn_encoding(
    table: ArrowTable, features: list[str], wanted: Wanted, rows: Bool[np.ndarray, " n"] | None = None
) -> tuple[list[str], TableEncoding | None]:
    """Learn how the columns of a table become numbers; what is made of them becomes remarks.

    Parameters
    ----------
    table
        The table.
    features
        Columns that may be features, of types that are encodable.
    wanted
        The keywords of ``open_source``.
    rows
        Which rows to learn from, by default all.

    Returns
    -------
    tuple
        The features that carry something, and their encoding; None if all are numbers and none is missing.
    """
    surveys = _surveys(table, features, rows)
    if all(is_number(survey.kind) and not survey.missing for survey in surveys.values()):
        return features, None
    encodings: dict[str, ColumnEncoding] = {}
    changes: dict[Change, list[str]] = {}
    read: dict[str, dict[str, tuple[str, str]]] = {}
    unread: dict[str, dict[str, str]] = {noun: {} for noun in UNREAD}
    n_texts = sum(is_text(survey.kind) for survey in surveys.values())
    for name, survey in surveys.items():
        encoding, made = learn_column(survey, wanted.columns is not None, n_texts)
        form = getattr(encoding, "form", "")
        if form:
            read.setdefault(form, {})[name] = survey.example()
        for noun, example_of in UNREAD.items():
            if (
                not form
                and not isinstance(encoding, Moments)
                and (example := example_of(survey.counts)) is not None
            ):
                unread[noun][name] = example
        for change in made:
            changes.setdefault(change, []).append(name)
        if encoding is not None:
            encodings[name] = encoding
    say_changes(changes, table.name, wanted)
    say_read(read, table.name, wanted)
    say_unread(unread, table.name, wanted)
    return list(encodings), TableEncoding(tuple(encodings.values())) if encodings else None


def _surveys(
    table: ArrowTable, features: list[str], rows: Bool[np.ndarray, " n"] | None
) -> dict[str, ColumnSurvey]:
    """What a pass over the rows finds out about each column."""
    n, seen = table.n_rows if rows is None else int(rows.sum()), 0
    surveys = {name: ColumnSurvey(table.schema.field(name).type, n) for name in features}
    for batch in table.batches(features, ROWS_AT_A_TIME) if features else ():
        with decodable(table.name):
            learned = batch if rows is None else batch.filter(pa.array(rows[seen : seen + len(batch)]))
            for name, survey in surveys.items():
                survey.add(learned.column(name))
        seen += len(batch)
    return surveys
