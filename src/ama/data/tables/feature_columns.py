"""Which columns of a table are features, labels and ids."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ama.data.encoding.learned_encoding import is_encodable
from ama.data.names import of_columns
from ama.data.samples import Wanted
from ama.data.tables.arrow import ArrowTable
from ama.data.tables.arrow_columns import (
    first_text,
    first_value,
    floats,
    is_number,
    is_text,
    is_uuid,
    not_a_number,
)
from ama.errors import InputError

ID_COLUMN = "id"
# Names that pandas gives an index without a name, in CSV and in Parquet.
NO_NAME = re.compile(r"|Unnamed: \d+")
UNNAMED_INDEX = re.compile(rf"{NO_NAME.pattern}|__index_level_\d+__|level_\d+")
# Names that say "number of the row", whole or after a prefix: "id", "PassengerId", "row_number".
ID_NAME = re.compile(r"(?i:(.*[^a-z])?(id|ids))|.*[a-z](Id|ID)")
ROW_NUMBER = re.compile(
    r"(?i:(.*[^a-z])?(idx|index|rows?|row_?(id|nr|no|num|number)|nr|no\.?|num|number|#))|.*[a-z]Index"
)
TIME_NAME = re.compile(
    r"(?i:(.*[^a-z])?(ts|time(stamp)?|date(time)?|dt|day|y{2,4}mm?dd?|ymd|epoch|unix_?time)([^a-z].*)?)|.*[a-z]Time(stamp)?"
)
SINCE_1970 = (6.3e8, 4.1e9)  # seconds, in the years from 1990 to 2100
UNITS = {"seconds": 1, "milliseconds": 1e3, "microseconds": 1e6, "nanoseconds": 1e9}  # how many a second has
LABEL_NAME = re.compile(
    r"(is_?)?(y|targets?|labels?|class(es)?|class_?labels?|category|anomal(y|ies|ous)|outliers?|(ab)?normal|"
    r"ground_?truth|truth|attack|fraud|faulty?|defect(ive)?)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class FeatureColumns:
    """The columns of a table by what they are.

    Parameters
    ----------
    features
        Names of the columns that may be features.
    label, id
        Names of the columns of labels and ids; None if there is none.
    """

    features: list[str]
    label: str | None
    id: str | None


def find_columns(table: ArrowTable, wanted: Wanted) -> FeatureColumns:
    """Choose the features: those of the model or of the user, else all that are no label, id or index.

    Raises
    ------
    InputError
        If a feature is missing, is to hold the labels, too, or holds what cannot be encoded.
    """
    given = _given(table, wanted)
    label = table.label_column(wanted.label_column, given or ())
    if given is not None and label in given:
        raise InputError(
            f"column {label!r} of {table.name} is a feature, expected another as the label column"
        )
    others = [name for name in table.schema.names if name != label]
    index = _index_columns(table, others)
    features = _candidates(table, others, {*index, *wanted.drop}) if given is None else given
    if given is None and (wanted.n_columns is None or len(features) > wanted.n_columns):
        features = _without_row_numbers(table, features, wanted)
    numbers_only = wanted.shape is not None and wanted.encoding is None
    for name in features:
        if not (is_number if numbers_only else is_encodable)(table.schema.field(name).type):
            _check_numbers_in_text(table, name, "numbers" if numbers_only else "numbers, text or dates")
    used = set(features)
    left = [name for name in others if name not in used]
    ids = [name for name in index if name not in used and _may_be_ids(name, table)]
    id = ID_COLUMN if ID_COLUMN in left else next(iter(ids), None)
    if given is None:
        for name in (name for name in index if name not in wanted.drop):
            reason = "is an index" if name in ids else "has no name"
            wanted.remark(f"column {name!r} of {table.name} is left out, as it {reason}", refused=name != id)
    elif wanted.shape is not None:
        _remark_unused(table, [name for name in left if name not in {id, *ids}], wanted)
    return FeatureColumns(features, label, id)


def _given(table: ArrowTable, wanted: Wanted) -> list[str] | None:
    """The features by name, if the model or the user names them."""
    table.check_columns(wanted.drop)
    if wanted.shape is None:
        if wanted.columns is not None:
            table.check_columns(wanted.columns)
            _check_chosen(wanted.columns, wanted.drop)
    elif wanted.columns is None or not (table.named or set(wanted.columns) <= set(table.schema.names)):
        if table.named or wanted.columns is not None:
            without = "the model" if wanted.columns is None else table.name
            wanted.remark(
                f"the columns of {table.name} are taken by their positions, as {without} has no column names"
            )
        return None
    if wanted.columns is None:
        return None
    known = set(table.schema.names)
    for name in wanted.columns:
        if name not in known:
            raise InputError(f"{table.name} has no column {name!r}, which the model needs")
    return [name for name in wanted.columns if name not in wanted.drop]


def _check_chosen(columns: Sequence[str], drop: Sequence[str]) -> None:
    if not columns:
        raise InputError("columns is empty, expected the name of at least one column")
    for name in columns:
        if name in drop:
            raise InputError(
                f"column {name!r} is among the columns that are chosen and among those that are dropped"
            )
        if columns.count(name) > 1:
            raise InputError(f"column {name!r} is chosen {columns.count(name)} times, expected once")


def _index_columns(table: ArrowTable, names: list[str]) -> list[str]:
    """Columns that hold the index of a DataFrame, by their names or by what pandas has stored about them."""
    stored = table.metadata("pandas").get("index_columns")
    of_pandas = [name for name in stored if isinstance(name, str)] if isinstance(stored, list) else []
    return [name for name in names if UNNAMED_INDEX.fullmatch(name) or name in of_pandas]


def _may_be_ids(name: str, table: ArrowTable) -> bool:
    """Whether a column without a name of its own is where pandas writes an index."""
    return NO_NAME.fullmatch(name) is None or name == table.schema.names[0]


def _candidates(table: ArrowTable, names: list[str], others: set[str]) -> list[str]:
    """All columns but those named, and an "id" of text."""
    if not all(is_number(field.type) for field in table.schema if field.name == ID_COLUMN):
        others = others | {ID_COLUMN}
    return [name for name in names if name not in others]


def _without_row_numbers(table: ArrowTable, features: list[str], wanted: Wanted) -> list[str]:
    """Leave out the columns that number or name the rows, and say which others are perhaps no features."""
    kept = []
    for name in features:
        if is_uuid(table.schema.field(name).type):
            wanted.remark(f"column {name!r} of {table.name} is left out, as it holds UUIDs")
            continue
        is_id = ID_NAME.fullmatch(name) is not None
        may_count = (is_id or ROW_NUMBER.fullmatch(name)) and is_number(table.schema.field(name).type)
        if may_count and _counts(table, name):
            wanted.remark(
                f"column {name!r} of {table.name} is left out, as it numbers the rows: --columns makes it a feature"
            )
            continue
        kept.append(name)
        if is_id:
            wanted.remark(f"column {name!r} of {table.name} is used as a feature: --drop leaves out an id")
        elif LABEL_NAME.fullmatch(name.strip()) and not (name == "y" and "x" in features):
            wanted.remark(
                f"column {name!r} of {table.name} is used as a feature: if it is a label, name it by --label-column or "
                "leave it out by --drop"
            )
        elif TIME_NAME.fullmatch(name) and (looks := _looks_like_time(table, name)) is not None:
            wanted.remark(
                f"column {name!r} of {table.name} is used as a feature, and looks like {looks}", refused=False
            )
    return kept


def _looks_like_time(table: ArrowTable, name: str) -> str | None:
    """What a column of numbers looks like if its first part counts the time since 1970, or holds dates in digits."""
    if not is_number(table.schema.field(name).type):
        return None
    x = floats(next(iter(table.column(name))))
    x = x[np.isfinite(x)]
    first, last = SINCE_1970
    for unit, n in UNITS.items():
        if len(x) and first <= x.min() / n and x.max() / n <= last:
            return f"{unit} since 1970: far later rows are unusual by that alone, and --drop leaves it out"
    if len(x) and _are_dates(x):
        date = f"{x[0]:.0f}"
        written = f"{date[:4]}-{date[4:6]}-{date[6:]}"
        return f"dates such as {date}, which count as numbers: write {written}, or --drop leaves it out"
    return None


def _are_dates(x: Float[np.ndarray, " n"]) -> bool:
    """Whether all are whole numbers such as 20260131, of the years from 1900 to 2100."""
    year, month_and_day = np.divmod(x, 10_000)
    month, day = np.divmod(month_and_day, 100)
    parts = ((year, 1900, 2100), (month, 1, 12), (day, 1, 31))
    return all(((first <= part) & (part <= last)).all() for part, first, last in parts) and bool(
        (x % 1 == 0).all()
    )


def _counts(table: ArrowTable, name: str) -> bool:
    """Whether a column goes up by one from row to row."""
    expected = None
    for part in table.column(name):
        x = floats(part)
        if expected is None:
            expected = x[0]
        if not np.array_equal(x, np.arange(len(x)) + expected) or not float(expected).is_integer():
            return False
        expected += len(x)
    return True


def _check_numbers_in_text(table: ArrowTable, name: str, expected: str) -> None:
    """Refuse a column that holds something other than numbers in text, and name its first such value."""
    first = first_value(table.column(name))
    if first is None:
        raise InputError(f"column {name!r} of {table.name} holds no value, expected {expected}: drop it")
    odd = first_text(table.column(name)) if is_text(table.schema.field(name).type) else first
    if odd is not None:
        raise InputError(not_a_number(name, table.name, *odd, expected))


def _remark_unused(table: ArrowTable, unused: list[str], wanted: Wanted) -> None:
    if unused:
        reason = "is left out, as the model does not use it", "are left out, as the model does not use them"
        wanted.remark(of_columns(unused, table.name, *reason))
