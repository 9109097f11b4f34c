"""Rows in requests as tables: JSON, and streams of Arrow."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterator
from typing import Any

import pyarrow as pa

from ama.data.labels import as_labels
from ama.data.samples import Wanted
from ama.data.tables.arrow import MAX_COLUMNS, ArrowTable, check_names
from ama.data.tables.arrow_reading import decodable
from ama.data.tables.nested_columns import stored_names
from ama.errors import InputError
from ama.serving.limits import Limits
from ama.serving.refusals import RefusedError

NAME = "the request"
END_OF_STREAM = b"\xff\xff\xff\xff" + bytes(4)
FORMS = "a list of objects by column name, or a list of lists"


def json_table(body: bytes, wanted: Wanted, limits: Limits) -> ArrowTable:
    """Rows as JSON: a list of objects by column name or of lists, or one object, or an object that holds such a list.

    Values are numbers, text, true and false, lists of numbers, such as embeddings, and objects of such values; null, or
    a name that is absent, is a missing value. As in a CSV file, a column that is text for the model may hold numbers,
    and one with numbers and text is text.

    Raises
    ------
    InputError
        If the body is no JSON, or no rows.
    """
    rows = _parsed(body)
    if isinstance(rows, dict):
        rows = _held_in(rows, wanted)
    if not isinstance(rows, list) or not all(isinstance(row, dict | list) for row in rows):
        raise InputError(f"{NAME} holds something other than rows, expected {FORMS}")
    limits.check_samples(len(rows))
    if len({type(row) for row in rows}) > 1:
        raise InputError(f"{NAME} mixes objects and lists, expected {FORMS}")
    named = bool(rows) and isinstance(rows[0], dict)
    if named:
        structures = {name for column in wanted.columns or () for name in stored_names(column)}
        if structures := structures.difference(wanted.columns or ()):
            rows = [_object(list(_fields(row, structures))) for row in rows]
    columns = _of_objects(rows) if named else _of_lists(rows)
    texts = _text_columns(wanted, list(columns), named)
    arrays = [_column(values, name, name in texts, wanted) for name, values in columns.items()]
    return _table(pa.table(arrays, names=list(columns)) if columns else pa.table({}), len(rows), named)


def _held_in(value: dict[str, Any], wanted: Wanted) -> list[Any]:
    """The rows of an object: itself, unless it has none of the model's columns and one list of rows.

    Clients of other services send ``{"instances": [...]}``, or ``{"dataframe_split": {"columns": ..., "data": ...}}``.
    """
    known = {
        name for column in wanted.columns or () for name in (column.partition("[")[0], *stored_names(column))
    }
    if known.intersection(value):
        return [value]
    if len(value) == 1 and isinstance(inner := next(iter(value.values())), dict):
        return _held_in(inner, wanted) if isinstance(inner.get("data"), list) else [value]
    lists = {key: found for key, found in value.items() if _holds_rows(found)}
    if len(lists) != 1:
        return [value]
    [(key, rows)] = lists.items()
    wanted.remark(f"{NAME}: its rows are those of {key!r}", refused=False)
    names = value.get("columns")
    if isinstance(names, list) and all(isinstance(row, list) and len(row) == len(names) for row in rows):
        return [dict(zip(map(str, names), row, strict=True)) for row in rows]
    return rows


def _holds_rows(found: Any) -> bool:
    return isinstance(found, list) and bool(found) and all(isinstance(row, dict | list) for row in found)


def arrow_table(body: bytes, limits: Limits) -> ArrowTable:
    """A stream of Arrow.

    Raises
    ------
    InputError
        If it is damaged, compressed or too long.
    """
    with decodable(NAME):
        _check_uncompressed(body)
        batches = []
        source = pa.BufferReader(body)
        with pa.ipc.open_stream(source) as stream:
            check_names(stream.schema.names, NAME)
            for batch in stream:
                batches.append(batch)
                limits.check_samples(sum(map(len, batches)))
            read = source.tell()
            table = pa.Table.from_batches(batches, stream.schema)
        if not body[:read].endswith(END_OF_STREAM):
            raise InputError(
                f"{NAME} holds a stream of Arrow without its end: it was cut after {len(table)} rows"
            )
        if read < len(body):
            raise InputError(
                f"{NAME} holds {len(body) - read:,} bytes after its stream of Arrow, expected one stream"
            )
        table.validate(full=True)
    return _table(table, len(table), True)


def _table(table: pa.Table, n_rows: int, named: bool) -> ArrowTable:
    def stream(columns: list[str], batch_size: int) -> Iterator[pa.RecordBatch]:
        yield from table.select(columns).to_batches(max_chunksize=batch_size)

    return ArrowTable(NAME, table.schema, n_rows, stream, named)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body, object_pairs_hook=_object)
    except InputError:
        raise
    except RecursionError as error:
        raise RefusedError("malformed", f"{NAME} is not valid JSON: it is nested too deeply") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise RefusedError("malformed", f"{NAME} is not valid JSON: {error}") from error
    except ValueError as error:  # of the limit of Python's integers, with advice for programmers
        most = f"{sys.get_int_max_str_digits():,} digits, the most that one may have"
        raise RefusedError("malformed", f"{NAME} holds a whole number of more than {most}") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        check_names([name for name, _ in pairs], NAME)
    return found


def _fields(row: dict[str, Any], structures: Collection[str], above: str = "") -> Iterator[tuple[str, Any]]:
    """The names and values of a row, with the fields of the nested objects of which the model knows some."""
    for name, value in row.items():
        if isinstance(value, dict) and above + name in structures:
            yield from _fields(value, structures, f"{above}{name}.")
        else:
            yield above + name, value


def _of_objects(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    names = dict.fromkeys(name for row in rows for name in row)
    if len(names) > MAX_COLUMNS:
        check_names(list(names), NAME)
    for name in names:
        if not name.isprintable():  # half a pair of surrogates is no text that Arrow takes
            raise InputError(f"{NAME} has a column named {name!r}, expected a name of printable characters")
    return {name: [row.get(name) for row in rows] for name in names}


def _of_lists(rows: list[list[Any]]) -> dict[str, list[Any]]:
    for i, row in enumerate(rows, 1):
        if len(row) != len(rows[0]):
            raise InputError(
                f"{NAME} has {len(row)} values in row {i} (counted from 1), expected {len(rows[0])} as in the first"
            )
    return {str(j): list(values) for j, values in enumerate(zip(*rows, strict=True))}


def _text_columns(wanted: Wanted, names: list[str], named: bool) -> set[str]:
    """The columns that are text for the model."""
    if wanted.encoding is None:
        return set()
    known = (wanted.columns or []) if named else names
    if len(known) != len(wanted.encoding):  # refused later, in a sentence
        return set()
    return set(wanted.encoding.of_text(known))


def _column(values: list[Any], name: str, as_text: bool, wanted: Wanted) -> pa.Array:
    vectors = name not in (wanted.columns or ())  # whose columns are those of their numbers
    if vectors and all(map(_is_vector, values)):
        return pa.array([[_number(x) for x in value] for value in values], pa.list_(pa.float64()))
    for row, value in enumerate(values, 1):
        if isinstance(value, dict | list):
            kind = "an object" if isinstance(value, dict) else "a list"
            or_lists = ", or a list of numbers in each row" * vectors
            raise InputError(
                f"column {name!r} of {NAME} holds {kind} in row {row} (counted from 1), expected a number, text, true, "
                f"false or null{or_lists}"
            )
    kinds = {type(value) for value in values if value is not None}
    if as_text or (str in kinds and len(kinds) > 1):
        return _texts([None if value is None else _shown(value) for value in values])
    if kinds == {str}:
        return _texts(values)
    if not kinds and wanted.encoding is not None:
        return pa.nulls(len(values))
    if kinds == {bool}:
        return pa.array(values, pa.bool_())
    return pa.array([None if value is None else _number(value) for value in values], pa.float64())


def _is_vector(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(x, int | float) for x in value)


def _texts(values: list[str | None]) -> pa.Array:
    # JSON may hold half a pair of surrogates.
    return pa.array(
        [None if v is None else v.encode(errors="replace").decode() for v in values], pa.large_string()
    )


def _shown(value: Any) -> str:
    return (
        value if isinstance(value, str) else str(as_labels([value])[0])
    )  # 1 and 1.0 are one text everywhere


def _number(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # a whole number beyond floats
        return float("inf") if value > 0 else -float("inf")


def _check_uncompressed(body: bytes) -> None:
    """Refuse compressed buffers, which could fill the memory whatever the limit of the body."""
    reader = pa.ipc.MessageReader.open_stream(body)
    while True:
        try:
            message = reader.read_next_message()
        except StopIteration:
            return
        if message.type in ("record batch", "dictionary") and _is_compressed(message):
            raise InputError(f"{NAME} holds a compressed stream of Arrow, expected one without compression")


def _is_compressed(message: pa.ipc.Message) -> bool:
    """Whether the flatbuffer of a message names a compression: see ``Message.fbs`` of Arrow."""
    data = message.metadata.to_pybytes()

    def integer(at: int, size: int, signed: bool = False) -> int:
        return int.from_bytes(data[at : at + size], "little", signed=signed)

    def field(table: int, number: int) -> int:
        """Where a field of a table is; 0 if it is absent."""
        listing = table - integer(table, 4, signed=True)
        place = 4 + 2 * number
        offset = integer(listing + place, 2) if place < integer(listing, 2) else 0
        return table + offset if offset else 0

    def below(table: int, number: int) -> int:
        at = field(table, number)
        return at + integer(at, 4) if at else 0

    batch = below(integer(0, 4), 2)  # Message.header
    if message.type == "dictionary":
        batch = below(batch, 1)  # DictionaryBatch.data
    return field(batch, 3) != 0  # RecordBatch.compression
