"""Columns that are in the names of folders, as Hive, Spark and pyarrow write them: year=2023/month=01/part.parquet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import PurePosixPath
from typing import TypeAlias
from urllib.parse import unquote

import numpy as np
import pyarrow as pa

from ama.data.labels import as_labels
from ama.data.names import clean_name
from ama.data.tables.arrow import ArrowTable
from ama.data.tables.arrow_columns import values
from ama.data.tables.arrow_reading import decodable
from ama.errors import InputError

Constants: TypeAlias = Mapping[str, pa.Scalar]  # columns that have one value in a whole table

FOLDER = re.compile(r"([^._=][^=]*)=(.*)")
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
WHOLE = re.compile(r"-?\d{1,18}")


def is_partition(folder: str) -> bool:
    """Whether the name of a folder holds the name of a column and a value."""
    return FOLDER.fullmatch(folder) is not None


class Partitions:
    """Files in folders of such names, and the columns that these make: whole numbers, or else text.

    Parameters
    ----------
    files
        Their paths with "/" between the parts, among others.

    Attributes
    ----------
    files : list of str
        Those of which all folders have such names, but for hidden ones.
    columns : dict
        The type of each column.
    """

    def __init__(self, files: Iterable[str]):
        self._texts = {file: texts for file in files if (texts := _texts(PurePosixPath(file)))}
        self.files = list(self._texts)
        found: dict[str, set[str]] = {}
        for texts in self._texts.values():
            for name, text in texts.items():
                found.setdefault(name, set()).update([] if text is None else [text])
        self.columns = {
            name: pa.int64() if all(map(WHOLE.fullmatch, values)) else pa.string()
            for name, values in found.items()
        }

    def of_file(self, file: str) -> Constants:
        """The columns of the folders of a file."""
        return {
            name: pa.scalar(text, pa.string()).cast(self.columns[name])
            for name, text in self._texts[file].items()
        }


def _texts(file: PurePosixPath) -> dict[str, str | None]:
    """The columns and values in the names of all folders of a file; empty if one has none, or the file is hidden."""
    found = [FOLDER.fullmatch(folder) for folder in file.parts[:-1]]
    if file.name[0] in "._" or None in found:
        return {}
    parts = [(m[1], m[2]) for m in found if m is not None]
    return {_plain(name): None if value == NO_VALUE else _plain(value) for name, value in parts}


def _plain(text: str) -> str:
    return clean_name(unquote(text))


def with_constants(table: ArrowTable, constants: Constants) -> ArrowTable:
    """A table with further columns; one that it holds itself must have the same values.

    Raises
    ------
    InputError
        If it has others; the message names the first.
    """
    for name in table.schema.names:
        if name in constants:
            _check_same(table, name, constants[name])
    return _with(table, constants) if constants else table


def _check_same(table: ArrowTable, name: str, expected: pa.Scalar) -> None:
    """Refuse a column in which a value differs from that of the folder."""
    [wanted], row = as_labels([expected.as_py()]), 1
    for column in table.column(name):
        with decodable(f"column {name!r} of {table.name}"):
            texts = column.cast(pa.string()) if pa.types.is_boolean(column.type) else column
            found = as_labels(values(texts))
        for i in np.flatnonzero(found != wanted)[:1].tolist():
            raise InputError(
                f"column {name!r} of {table.name} holds {found[i]!r} in row {row + i} (counted from 1), expected "
                f"{wanted!r} as in the name of its folder"
            )
        row += len(column)


def _with(table: ArrowTable, constants: Constants) -> ArrowTable:
    own = [field for field in table.schema if field.name not in constants]
    fields = [*own, *(pa.field(name, value.type) for name, value in constants.items())]
    return table.with_columns(
        fields, partial(_stream, table, constants), partial(_in_texts, table, constants)
    )


def _in_texts(table: ArrowTable, constants: Constants, columns: list[str], spelled: bool) -> ArrowTable:
    return _with(table.in_texts([name for name in columns if name not in constants], spelled), constants)


def _stream(
    table: ArrowTable, constants: Constants, columns: list[str], batch_size: int, start: int = 0
) -> Iterator[pa.RecordBatch]:
    """The rows from a row on."""
    stored = [name for name in columns if name not in constants] or table.schema.names[:1]
    for batch in table.batches(stored, batch_size, start):
        found = [
            pa.repeat(constants[name], len(batch)) if name in constants else batch.column(name)
            for name in columns
        ]
        yield pa.record_batch(found, names=columns)
