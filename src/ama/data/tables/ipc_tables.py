"""Files of Arrow's own format, also called Feather, as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.ipc

from ama.data.remote_files import RemoteFile
from ama.data.tables.arrow import ArrowTable
from ama.data.tables.arrow_reading import arrow_file, decodable
from ama.errors import InputError

# How a file of random access begins, and one whose record batches follow one another as in a pipe.
FILE, STREAM = b"ARROW1", b"\xff\xff\xff\xff"


def ipc_table(path: Path | RemoteFile) -> ArrowTable:
    """An Arrow file in either form: with random access, as Feather has it, or as a stream, as ``datasets`` has it.

    Raises
    ------
    InputError
        If the file is damaged or in another format.
    """
    sizes = [1]
    with decodable(str(path)):
        with arrow_file(path) as file:
            schema = _reader(path, file).schema
        for batch in _batches(path):
            batch.validate(full=True)  # its offsets are used as they are stored
            sizes.append(len(batch))
    stream = partial(_stream, path, schema)
    return ArrowTable(str(path), schema, sum(sizes[1:]), stream, read_at_once=max(sizes))


def _stream(
    path: Path | RemoteFile, schema: pa.Schema, columns: list[str], batch_size: int
) -> Iterator[pa.RecordBatch]:
    for batch in _batches(path, [schema.get_field_index(name) for name in columns]):
        for start in range(0, len(batch), batch_size):
            yield batch.slice(start, batch_size)


def _batches(path: Path | RemoteFile, fields: Sequence[int] = ()) -> Iterator[pa.RecordBatch]:
    """The record batches of a file, with some of the fields, or with all."""
    with arrow_file(path) as file:
        reader = _reader(path, file, fields)
        if isinstance(reader, pa.RecordBatchFileReader):
            yield from map(reader.get_batch, range(reader.num_record_batches))
        else:
            yield from reader


def _reader(
    path: Path | RemoteFile, file: pa.NativeFile, fields: Sequence[int] = ()
) -> pa.RecordBatchFileReader | pa.RecordBatchStreamReader:
    start = file.read(len(FILE))
    if not start.startswith((FILE, STREAM)):
        raise InputError(f"{path} is no Arrow file, expected one, or Feather of version 2")
    file.seek(0)
    opened = pa.ipc.open_file if start == FILE else pa.ipc.open_stream
    return opened(file, options=pa.ipc.IpcReadOptions(included_fields=list(fields)))
