"""Parquet, CSV and the hub's data sets as one type: a schema, and record batches that stream from disk.

pyarrow reads Parquet and CSV itself, as ``datasets`` would first copy them into a cache of its own; data sets
of the hub arrive through ``datasets``, which knows the hub's layouts, downloads and splits.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from ama.data.samples import as_labels
from ama.errors import InputError
from ama.utils.extras import needs_extra

DEFAULT_LABEL = "label"
UNNAMED_INDEX = (
    "",
    "__index_level_0__",
)  # what pandas writes for an index without a name, to CSV and to Parquet


@dataclass(frozen=True)
class ArrowTable:
    """A table on disk.

    Parameters
    ----------
    name
        What messages call it.
    schema
        Columns and their types.
    n_rows
        Number of rows.
    stream
        Given column names and a batch size, yields record batches with (at least) these columns.
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
            raise InputError(f"{self.name} has two columns named {twice!r}, expected every name once")

    def batches(self, columns: Sequence[str], batch_size: int) -> Iterator[pa.RecordBatch]:
        """These columns, at most ``batch_size`` rows at a time."""
        wanted = list(dict.fromkeys(columns))
        with readable(self.name):
            for batch in self.stream(wanted, batch_size):
                yield batch.select(wanted)

    def label_column(self, named: str | None, features: Sequence[str] = ()) -> str | None:
        """The column of labels: the one named, else "label" if it is there and no feature.

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
        """Labels of a batch; the hub's class labels by their names."""
        if column is None:
            return None
        return as_labels(batch.column(column).to_pylist(), self._class_names(column))

    def _class_names(self, column: str) -> list[str] | None:
        described = json.loads((self.schema.metadata or {}).get(b"huggingface", b"{}"))
        names = described.get("info", {}).get("features", {}).get(column, {}).get("names")
        return names if isinstance(names, list) else None


@contextmanager
def readable(name: str) -> Iterator[None]:
    """pyarrow's and the system's errors as one sentence."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error).strip().splitlines()[0].rstrip(".")
        raise InputError(f"{name} cannot be read: {reason}") from error


def parquet_table(paths: list[Path], name: str) -> ArrowTable:
    """One Parquet file, or the shards of a set.

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
            # By default pyarrow holds a whole row group, which may be the whole file.
            with pa.parquet.ParquetFile(path, buffer_size=2**20, pre_buffer=False) as file:
                yield from file.iter_batches(batch_size, columns=columns)

    return ArrowTable(name, schemas[0], n_rows, stream)


def csv_table(path: Path) -> ArrowTable:
    """A CSV file with the columns' names in its first line, separated by commas, semicolons or tabs.

    Raises
    ------
    InputError
        If the file is empty or not such a table.
    """
    with readable(str(path)):
        with path.open("rb") as file:
            header = file.readline()
        if not header.strip():
            raise InputError(
                f"{path} is an empty file, expected CSV with the columns' names in its first line"
            )
        parsing = pa.csv.ParseOptions(delimiter=max(",;\t", key=lambda mark: header.count(mark.encode())))
        with pa.csv.open_csv(path, parse_options=parsing) as reader:
            found = reader.schema
    # A frame made of an array has the columns 0, 1, 2, ...; other numbers are a row without names above it.
    if all(map(_is_number, found.names)) and found.names != [str(i) for i in range(len(found))]:
        raise InputError(
            f"the first line of {path} holds the numbers {', '.join(found.names[:3])}"
            f"{', ...' if len(found) > 3 else ''}, expected the columns' names"
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


def dataset_table(dataset: Any, name: str) -> ArrowTable:
    """A ``datasets.Dataset``; its images stay encoded until they are needed."""
    stored = dataset.with_format("arrow")

    def stream(columns: list[str], batch_size: int) -> Iterator[pa.RecordBatch]:
        for table in stored.select_columns(columns).iter(batch_size):
            yield from table.to_batches()

    return ArrowTable(name, dataset.features.arrow_schema, len(dataset), stream)


def hub_dataset(name: str, split: str | None = None, config: str | None = None) -> Any:
    """A data set of the hub, or of a local folder with a hub's layout, as a ``datasets.Dataset``.

    Parameters
    ----------
    name
        ``owner/name``, or a folder.
    split
        Which split; by default ``train``, or the only one.
    config
        Which of its configurations, which the hub also calls subsets; by default the only one.

    Raises
    ------
    InputError
        If the hub has no such data set or cannot be reached, the split is missing, or the extra "hub" is not
        installed.
    """
    with needs_extra("hub", f"reading {name} as a data set of the Hugging Face hub"):
        import datasets

    if not Path(name).is_dir():
        _check_reachable(name)
    bars = datasets.is_progress_bar_enabled()
    datasets.disable_progress_bars()
    try:
        splits = datasets.load_dataset(name, config)
    except Exception as error:  # whatever a data set's files can raise
        # What is wrong stands first, and what there is instead on the second line; then come examples.
        lines = [line.strip().rstrip(".") for line in str(error).strip().splitlines()[:2]]
        reason = ". ".join(lines) or type(error).__name__
        raise InputError(
            f"there is no file or folder {name}, and as a data set of the hub it fails: {reason}; "
            f"a part of one is named hf://{name}:CONFIGURATION:SPLIT"
        ) from error
    finally:
        if bars:
            datasets.enable_progress_bars()
    if split is None and (len(splits) == 1 or "train" in splits):
        split = "train" if "train" in splits else next(iter(splits))
    if split not in splits:
        named = name if config is None else f"{name}:{config}"
        found = "no split of that name" if split else "several splits and none named train"
        raise InputError(
            f"{name} has {found}; name one as hf://{named}:SPLIT, where SPLIT is {' or '.join(splits)}"
        )
    return splits[split]


def _check_reachable(name: str) -> None:
    """Ask the hub once: ``datasets`` itself retries for half a minute, which is long for a misspelt path."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HFValidationError, OfflineModeIsEnabled, RepositoryNotFoundError

    try:
        HfApi().dataset_info(name, timeout=10)
    except OfflineModeIsEnabled:
        pass  # a copy may lie in the cache
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise InputError(
            f"there is no file or folder {name}, and the hub has no public data set of that name"
        ) from error
    except Exception as error:  # the errors of an HTTP library that is the hub's own choice
        raise InputError(
            f"there is no file or folder {name}, and the hub, which may have such data, cannot be reached"
        ) from error


def is_number(kind: pa.DataType) -> bool:
    """Whether a column of this type is a feature."""
    types = pa.types
    return (
        types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind) or types.is_decimal(kind)
    )


def image_column(schema: pa.Schema) -> str | None:
    """The column of images: "image" if it is one, else the first of the hub's {bytes, path} or of bytes."""
    found = [field.name for field in schema if _holds_bytes(field.type)]
    return "image" if "image" in found else next(iter(found), None)


def encoded_images(column: pa.Array) -> tuple[list[bytes | str | None], list[str | None]]:
    """Contents and paths of a batch of an image column; a path stands in for missing contents."""
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
    """A type for a whole CSV column by that of its first block: further on, integers may have fractions."""
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
