"""Parquet files as tables."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet

from ama.data.lfs_pointers import REFUSAL, START, is_pointer
from ama.data.remote_files import RemoteFile
from ama.data.tables.arrow import ArrowTable
from ama.data.tables.arrow_columns import is_text
from ama.data.tables.arrow_reading import arrow_file, decodable
from ama.errors import InputError

# The timestamps of Spark and Hive: nanoseconds, as which pyarrow reads them by default, end in the year 2262.
OPENED = {"coerce_int96_timestamp_unit": "us"}
MAX_FOOTER = 64 * 2**20  # bytes of a file's footer, which describes each column of each row group


class OtherColumnsError(InputError):
    """A shard with other columns than the first."""


def parquet_table(paths: Sequence[Path | RemoteFile], name: str) -> ArrowTable:
    """One Parquet file, or several shards of one table.

    Raises
    ------
    InputError
        If a file is empty, damaged or not Parquet, or, as an ``OtherColumnsError``, if the shards' columns differ.
    """
    counts: list[int] = []
    schemas, largest_group = [], 1
    for path in paths:
        with decodable(str(path)):
            _check_footer(path)
            with arrow_file(path) as opened, pa.parquet.ParquetFile(opened, **OPENED) as file:
                counts.append(_n_rows(file.metadata, path))
                largest_group = max(largest_group, *_group_sizes(file.metadata), 1)
                schemas.append(file.schema_arrow)
        _check_columns(schemas[-1], path, schemas[0], paths[0])
    texts = frozenset(field.name for field in schemas[0] if is_text(field.type))
    stream = partial(_stream, tuple(zip(paths, counts, strict=True)), texts)
    return ArrowTable(name, schemas[0], sum(counts), stream, stream_from=stream, read_at_once=largest_group)


def _stream(
    counted: tuple[tuple[Path | RemoteFile, int], ...],
    texts: frozenset[str],
    columns: list[str],
    batch_size: int,
    start: int = 0,
) -> Iterator[pa.RecordBatch]:
    """The rows of files, given with their numbers, from a row on."""
    # A text that is stored once for many rows stays so, or a small file would fill the memory.
    stored_once = sorted(texts.intersection(columns))
    for path, n_rows in counted:
        if start >= n_rows:
            start -= n_rows
            continue
        # By default pyarrow reads whole row groups, and one may be the whole file.
        with (
            arrow_file(path) as opened,
            pa.parquet.ParquetFile(
                opened, buffer_size=2**20, pre_buffer=False, read_dictionary=stored_once, **OPENED
            ) as file,
        ):
            groups, start = _groups_from(file.metadata, start)
            for batch in file.iter_batches(batch_size, row_groups=groups, columns=columns):
                if start < len(batch):
                    # Without the declarations in which shards may differ.
                    yield pa.record_batch(batch.slice(start).columns, names=batch.schema.names)
                start = max(start - len(batch), 0)


def _check_footer(path: Path | RemoteFile) -> None:
    with path.open("rb") as file:
        if is_pointer(file.read(len(START))):
            raise InputError(f"{path} is {REFUSAL}")
        size = file.seek(0, 2)
        if size == 0:
            raise InputError(f"{path} is an empty file, expected Parquet")
        file.seek(max(size - 8, 0))
        length, magic = int.from_bytes(file.read(4), "little"), file.read(4)
    if magic == b"PAR1" and length > MAX_FOOTER:
        raise InputError(
            f"{path} describes its columns in {length / 2**20:.0f} MiB, expected at most {MAX_FOOTER // 2**20}: "
            "store fewer columns, or larger row groups"
        )


def _n_rows(footer: pa.parquet.FileMetaData, path: Path | RemoteFile) -> int:
    """The rows of a file; a damaged footer may count others than its row groups."""
    found = sum(_group_sizes(footer))
    if found != footer.num_rows:
        raise InputError(f"{path} is damaged: it counts {footer.num_rows} rows, and its row groups {found}")
    return found


def _group_sizes(footer: pa.parquet.FileMetaData) -> list[int]:
    return [footer.row_group(i).num_rows for i in range(footer.num_row_groups)]


def _groups_from(footer: pa.parquet.FileMetaData, start: int) -> tuple[list[int], int]:
    """The row groups from that of a row on, and the number of the row in its group."""
    sizes = _group_sizes(footer)
    first = 0
    while first < len(sizes) and start >= sizes[first]:
        start -= sizes[first]
        first += 1
    return list(range(first, len(sizes))), start


def _check_columns(
    schema: pa.Schema, path: Path | RemoteFile, expected: pa.Schema, first: Path | RemoteFile
) -> None:
    """Refuse a shard with other columns than the first; whether a column may have missing values is no matter."""
    for i, fields in enumerate(itertools.zip_longest(schema, expected)):
        found, wanted = (("none", None) if field is None else (field.name, field.type) for field in fields)
        if found != wanted:
            shown = [name if kind is None else f"{name} ({kind})" for name, kind in (found, wanted)]
            raise OtherColumnsError(
                f"column {i + 1} of {path} is {shown[0]}, expected {shown[1]} as in {first.name}"
            )
