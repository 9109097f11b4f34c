"""Tables on disk: a schema, and record batches that stream from Parquet or CSV.

pyarrow reads these files directly, whereas ``datasets`` would first copy them into its own cache.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from ama.data.samples import as_labels
from ama.errors import InputError

DEFAULT_LABEL = "label"
# Names that pandas gives an unnamed index in CSV and in Parquet.
UNNAMED_INDEX = ("", "__index_level_0__")


@dataclass(frozen=True)
class ArrowTable:
    """A table on disk.

    Parameters
    ----------
    name
        Name used in messages.
    schema
        Columns and their types.
    n_rows
        Number of rows.
    stream
        Given column names and a batch size, yields record batches with at least these columns.
    """

    name: str
    schema: pa.Schema
    n_rows: int
    stream: Callable[[list[str], int], Iterator[pa.RecordBatch]]

    def __post_init__(self) -> None:
        if self.n_rows == 0:
            raise InputError(f"{self.name} has no rows")
        names = self.schema.names
        if len(set(names)) < len(names):
            twice = next(column for column in names if names.count(column) > 1)
            raise InputError(f"{self.name} has two columns named {twice!r}, expected unique names")

    def batches(self, columns: Sequence[str], batch_size: int) -> Iterator[pa.RecordBatch]:
        """These columns, at most ``batch_size`` rows at a time."""
        wanted = list(dict.fromkeys(columns))
        with readable(self.name):
            for batch in self.stream(wanted, batch_size):
                yield batch.select(wanted)

    def label_column(self, named: str | None, features: Sequence[str] = ()) -> str | None:
        """The column of labels: the one named, else "label" if it exists and is not a feature.

        Raises
        ------
        InputError
            If there is no column of that name.
        """
        if named is not None and named not in self.schema.names:
            raise InputError(
                f"{self.name} has no column {named!r}; its columns are {', '.join(self.schema.names)}"
            )
        if named is None and DEFAULT_LABEL in self.schema.names and DEFAULT_LABEL not in features:
            return DEFAULT_LABEL
        return named

    def labels(self, batch: pa.RecordBatch, column: str | None) -> np.ndarray | None:
        """Labels of a batch; class labels of the hub are replaced by their names."""
        if column is None:
            return None
        return as_labels(batch.column(column).to_pylist(), self._class_names(column))

    def _class_names(self, column: str) -> list[str] | None:
        described = json.loads((self.schema.metadata or {}).get(b"huggingface", b"{}"))
        names = described.get("info", {}).get("features", {}).get(column, {}).get("names")
        return names if isinstance(names, list) else None


@contextmanager
def readable(name: str) -> Iterator[None]:
    """Turn errors of pyarrow and the operating system into one sentence.

    Raises
    ------
    InputError
        If reading fails; the message names ``name`` and the reason.
    """
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error).strip().splitlines()[0].rstrip(".")
        raise InputError(f"{name} cannot be read: {reason}") from error


def parquet_table(paths: list[Path], name: str) -> ArrowTable:
    """One Parquet file, or several shards of one table.

    Raises
    ------
    InputError
        If a file is empty, damaged or not Parquet, or the shards' columns differ.
    """
    n_rows, schemas = 0, []
    for path in paths:
        if path.stat().st_size == 0:
            raise InputError(f"{path} is an empty file, expected Parquet")
        with readable(str(path)), pa.parquet.ParquetFile(path) as file:
            n_rows += file.metadata.num_rows
            schemas.append(file.schema_arrow)
        if not schemas[-1].equals(schemas[0]):
            raise InputError(
                f"{path} has the columns {_describe(schemas[-1])}, expected those of {paths[0].name}: "
                f"{_describe(schemas[0])}"
            )

    def stream(columns: list[str], batch_size: int) -> Iterator[pa.RecordBatch]:
        for path in paths:
            # By default pyarrow reads whole row groups, and one may be the whole file.
            with pa.parquet.ParquetFile(path, buffer_size=2**20, pre_buffer=False) as file:
                yield from file.iter_batches(batch_size, columns=columns)

    return ArrowTable(name, schemas[0], n_rows, stream)


def csv_table(path: Path) -> ArrowTable:
    """A CSV file with column names in its first line, separated by commas, semicolons or tabs.

    Raises
    ------
    InputError
        If the file is empty, has no column names, or cannot be parsed.
    """
    with readable(str(path)):
        with path.open("rb") as file:
            header = file.readline()
        if not header.strip():
            raise InputError(f"{path} is an empty file, expected CSV with column names in its first line")
        parsing = pa.csv.ParseOptions(delimiter=max(",;\t", key=lambda mark: header.count(mark.encode())))
        with pa.csv.open_csv(path, parse_options=parsing) as reader:
            found = reader.schema
    # pandas names the columns of an array 0, 1, 2, ...; any other numbers are data, and the names are missing.
    if all(map(_is_number, found.names)) and found.names != [str(i) for i in range(len(found))]:
        raise InputError(
            f"the first line of {path} holds the numbers {', '.join(found.names[:3])}"
            f"{', ...' if len(found) > 3 else ''}, expected column names"
        )
    lasting = pa.schema([(field.name, _lasting_type(field.type)) for field in found])

    def stream(columns: list[str], batch_size: int) -> Iterator[pa.RecordBatch]:
        converting = pa.csv.ConvertOptions(column_types=lasting, include_columns=columns)
        with pa.csv.open_csv(path, parse_options=parsing, convert_options=converting) as reader:
            for block in reader:
                for start in range(0, len(block), batch_size):
                    yield block.slice(start, batch_size)

    with readable(str(path)):
        n_rows = sum(map(len, stream(found.names[:1], 2**20)))
    return ArrowTable(str(path), lasting, n_rows, stream)


def is_number(kind: pa.DataType) -> bool:
    """Whether a column of this type is a feature."""
    types = pa.types
    return (
        types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind) or types.is_decimal(kind)
    )


def image_column(schema: pa.Schema) -> str | None:
    """The column of images: "image", else the first column of bytes or of the hub's {bytes, path}."""
    found = [field.name for field in schema if _holds_bytes(field.type)]
    return "image" if "image" in found else next(iter(found), None)


def encoded_images(column: pa.Array) -> tuple[list[bytes | str | None], list[str | None]]:
    """Contents and paths of a batch of an image column; the path replaces missing contents."""
    if not pa.types.is_struct(column.type):
        return column.to_pylist(), [None] * len(column)
    contents = column.field("bytes").to_pylist()
    if column.type.get_field_index("path") < 0:
        return contents, [None] * len(column)
    paths = column.field("path").to_pylist()
    return [
        path if content is None else content for content, path in zip(contents, paths, strict=True)
    ], paths


def _holds_bytes(kind: pa.DataType) -> bool:
    if pa.types.is_struct(kind):
        index = kind.get_field_index("bytes")
        return index >= 0 and _holds_bytes(kind.field(index).type)
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind)


def _lasting_type(kind: pa.DataType) -> pa.DataType:
    """Type of a whole CSV column, given that of its first block: later numbers may have fractions."""
    if pa.types.is_boolean(kind) or _holds_bytes(kind):
        return kind
    return pa.float64() if is_number(kind) or pa.types.is_null(kind) else pa.string()


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _describe(schema: pa.Schema) -> str:
    shown = [f"{field.name} ({field.type})" for field in itertools.islice(schema, 12)]
    return ", ".join(shown) + (", ..." if len(schema) > 12 else "")
