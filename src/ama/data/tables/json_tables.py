"""JSON files as tables: JSON Lines, one object a line, or one array or object that holds the rows."""

from __future__ import annotations

import codecs
import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa
import pyarrow.json

from ama.data.csv.csv_long_numbers import LONG, large_floats
from ama.data.remote_files import RemoteFile
from ama.data.samples import Wanted
from ama.data.tables.arrow import ArrowTable, EmptyTableError, in_memory
from ama.data.tables.arrow_reading import decodable, text_file
from ama.data.tables.json_documents import rows_of
from ama.errors import InputError

MAX_BYTES = 2**31 - 2  # pyarrow's limit on what is parsed at once
ARRAY_LINES = re.compile(rb"(?:\xef\xbb\xbf)?\s*\[.*\]\s*\n\s*\[")  # begins as an array a line does
MAX_ARRAY = 2**28  # bytes of one value, whose objects are all in memory before they are lines
# pyarrow's words on a value of another type than those before.
CHANGED = re.compile(
    r"Column\(/(?P<column>.+)\) changed from (?P<before>\w+) to (?P<found>\w+) in row (?P<row>\d+)"
)
# Its words on anything else, with a row counted from 0.
IN_ROW = re.compile(r"(?P<reason>JSON parse error: .+?)\.? in row (?P<row>\d+)")


def json_table(path: Path | RemoteFile, wanted: Wanted) -> ArrowTable:
    """A JSON file, held in memory: a value of another type than the others may be in its last line.

    Raises
    ------
    InputError
        If the file is empty, too large, neither JSON Lines nor a value that holds rows, or has a column of several
        types.
    """
    with decodable(str(path)):
        with text_file(path) as file:
            text = file.read(MAX_BYTES + 1)
        if len(text) > MAX_BYTES:
            raise InputError(
                f"{path} holds more than 2 GiB, expected less of JSON Lines: store it as Parquet"
            )
        begins = text.removeprefix(codecs.BOM_UTF8).lstrip()[:1]
        if begins in (b"[", b"{"):
            text = _lines(text, begins == b"[", str(path), wanted)
        else:
            empty = not text.strip()
            found = "is an empty file" if empty else "does not begin with an object"
            refusal = EmptyTableError if empty else InputError
            raise refusal(f'{path} {found}, expected JSON Lines such as {{"temperature": 20.5}}')
        try:
            return in_memory(_parsed(text), str(path))
        except pa.ArrowInvalid as error:
            if (reason := _reason(str(error))) is None:
                raise
            raise InputError(f"{path} {reason}") from error


def _lines(text: bytes, is_array: bool, name: str, wanted: Wanted) -> bytes:
    """JSON Lines of a text that is such, or one array or object that holds the rows."""
    value = _array(text, name) if is_array else _only_object(text)
    rows = rows_of(value)
    if rows is None:
        if isinstance(value, list):
            _refuse_array(value, name)
        return text
    if rows.said:
        wanted.remark(f"{name}: {rows.said}")
    return "\n".join(map(json.dumps, rows.rows)).encode()


def _array(text: bytes, name: str) -> Any:
    if len(text) > MAX_ARRAY:
        raise InputError(
            f"{name} holds an array of more than 256 MiB, expected JSON Lines, one object a line"
        )
    try:
        lines = _array_lines(text)
        return json.loads(text, object_pairs_hook=_object) if lines is None else lines
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name} cannot be read as a JSON array: {error}") from error


def _array_lines(text: bytes) -> list[Any] | None:
    """The arrays of JSON Lines, one a line; None if the text is one value."""
    if not ARRAY_LINES.match(text):
        return None
    arrays: list[Any] = []
    for number, line in enumerate(text.removeprefix(codecs.BOM_UTF8).splitlines(), 1):
        try:
            arrays += [json.loads(line)] if line.strip() else []
        except ValueError as error:
            raise ValueError(f"{error} of line {number}") from error
    return arrays


def _only_object(text: bytes) -> Any:
    """The object of a text that holds no other; None if it holds several, or is too large or damaged."""
    first, _, others = text.partition(b"\n")
    # A quick look that spares JSON Lines: their first is an object of its own.
    several = others.strip() and first.rstrip().endswith(b"}") and first.count(b"{") == first.count(b"}")
    if several or len(text) > MAX_ARRAY:
        return None
    with suppress(ValueError, RecursionError):
        return json.loads(text, object_pairs_hook=_object)
    return None


def _refuse_array(rows: list[Any], name: str) -> NoReturn:
    if not rows:
        raise EmptyTableError(f"{name} holds an empty array, expected one of objects")
    odd = next((row for row, found in enumerate(rows, 1) if not isinstance(found, dict)), 1)
    raise InputError(
        f"{name} has no object in row {odd} (counted from 1) of its array, expected objects alone"
    )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        raise ValueError("an object holds a key twice")
    return row


def _reason(error: str) -> str | None:
    """What is said after the name of a file, of an error of pyarrow that counts its row from 0."""
    if odd := CHANGED.search(error):
        row, column = int(odd["row"]) + 1, odd["column"]
        expected = f"expected a {odd['before']} as before"
        return f"has a {odd['found']} in row {row} (counted from 1), column {column!r}, {expected}"
    if odd := IN_ROW.match(error):
        return f"cannot be read: {odd['reason']} in row {int(odd['row']) + 1} (counted from 1)"
    return None


def _parsed(text: bytes) -> pa.Table:
    table = _parsed_as(text, {})
    # As texts, because pyarrow would forget their time zone.
    kinds = {field.name: pa.string() for field in table.schema if pa.types.is_timestamp(field.type)}
    for name in sorted(set().union(*map(large_floats, table.to_batches()))):
        with suppress(pa.ArrowInvalid):  # it has a number with a fraction, or of too many digits
            _parsed_as(text, {name: LONG}, "ignore")
            kinds[name] = LONG
    return _parsed_as(text, kinds).select(table.column_names) if kinds else table


def _parsed_as(text: bytes, kinds: dict[str, pa.DataType], others: str = "infer") -> pa.Table:
    whole = pa.json.ReadOptions(block_size=len(text) + 1)
    schema = pa.schema(list(kinds.items()))
    options = pa.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior=others)
    return pa.json.read_json(pa.BufferReader(text), whole, options)
