"""CSV files as tables."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from ama.data.csv.csv_below import part_of
from ama.data.csv.csv_dialect import MAX_LINE, Dialect
from ama.data.csv.csv_long_numbers import LONG, large_floats, long_numbers, whole_columns
from ama.data.csv.csv_spaces import SPACES
from ama.data.csv.csv_spelling import plain_numbers
from ama.data.csv.csv_survey import dialect_of, first_bytes
from ama.data.csv.decimal_signs import with_point
from ama.data.csv.interruptible_files import in_utf8
from ama.data.remote_files import RemoteFile, is_read_by_python
from ama.data.samples import Wanted, count
from ama.data.tables.arrow import ArrowTable, EmptyTableError, holds_bytes, rows
from ama.data.tables.arrow_columns import NUMBER, first_text, is_number, is_text, not_a_number
from ama.data.tables.arrow_reading import decodable
from ama.data.tables.total_rows import TOTALS_LEFT_OUT, are_totals
from ama.data.tables.tuple_names import flat_names
from ama.errors import InputError

BOOLEAN = r"^\s*(?i:true|false)\s*$"

# pyarrow's words on a value that is no number, and on a row with more or fewer fields than there are columns. Its
# handler of such rows cannot be used: it prints to standard error if the row is no UTF-8.
ODD = re.compile(r"In CSV column #(?P<place>\d+): .*CSV conversion error to (?!string)")
RAGGED = re.compile(r"(?:Row #(?P<row>\d+): )?Expected (?P<columns>\d+) columns, got (?P<fields>\d+)")


def csv_table(
    path: Path | RemoteFile, wanted: Wanted, separator: str = ",", decimal: str = "."
) -> ArrowTable:
    """A CSV file with column names in its first line, or whose columns have numbers if that is a row.

    The separator (comma, semicolon, tab or vertical bar), the decimal sign and the encoding are found; anything but
    ``separator``, a point and Unicode becomes a remark. A column without a name and without values is
    left out. A column is text if any of its values is neither a number nor a boolean, or if it is for the model.
    ``decimal`` counts where the first lines have no decimal sign for sure.

    Raises
    ------
    InputError
        If the file is empty, has no column names, or cannot be parsed.
    """
    start, whole = first_bytes(path)
    dialect = dialect_of(path, start, whole, None, separator, decimal)
    with decodable(str(path)):
        try:
            table = _table(path, dialect, wanted, whole)
        except pa.ArrowInvalid as error:
            if "UTF8" not in str(error):
                raise
            # The first bytes were UTF-8 and later ones are not.
            dialect = dialect_of(path, start, whole, "cp1252", separator, decimal)
            table = _table(path, dialect, wanted, whole)
    if said := dialect.assumed(separator):
        wanted.remark(f"{path} is taken {said}", refused=dialect.encoding == "cp1252")
    for left_out in dialect.left_out():
        wanted.remark(f"{path}: {left_out}")
    return table


def _table(path: Path | RemoteFile, dialect: Dialect, wanted: Wanted, whole: bool) -> ArrowTable:
    dialect = replace(dialect, names=flat_names(dialect.names, wanted))
    file = _CsvFile(path, dialect)
    found = file.schema()
    learned = wanted.encoding is None and wanted.shape is None
    kinds = {field.name: _lasting_type(field.type) for field in found}
    if whole or learned:
        kinds |= long_numbers(file.opened, found)
    if wanted.encoding is not None:
        of_text = wanted.encoding.of_text(wanted.columns or [])
        kinds |= {name: pa.string() for name in of_text if name in kinds}
    elif learned:
        kinds = file.settled(kinds)
    # Without a name and a value in the first block: perhaps the end of lines that all end in a separator.
    unnamed = [f.name for f in found if f.name.startswith("Unnamed: ") and pa.types.is_null(f.type)]
    kinds |= dict.fromkeys(unnamed, pa.string())
    # One pass counts the rows, and finds out whether the texts can be decoded, the unnamed columns are empty, and a
    # model's numbers may be rounded.
    examined = [name for name, kind in kinds.items() if is_text(kind)]
    if not (whole or learned):
        examined += [name for name in wanted.columns or () if kinds.get(name) == pa.float64()]
    n_rows, empty, large = 0, set(unnamed), set[str]()
    for block in file.stream(kinds, examined or dialect.names[:1], MAX_LINE):
        n_rows += len(block)
        empty -= {name for name in empty if not _is_empty(block.column(name))}
        large |= large_floats(block)
    kinds |= whole_columns(file.opened, large.intersection(examined))
    if dialect.filled is not None and dialect.filled.size is None:
        n_rows -= dialect.filled.n_below
    if whole and file.ends_in_totals(kinds, n_rows):
        n_rows -= 1
        wanted.remark(f"{path}: {TOTALS_LEFT_OUT}")
    return _streamed(file, {name: kind for name, kind in kinds.items() if name not in empty}, n_rows)


def _streamed(file: _CsvFile, kinds: dict[str, pa.DataType], n_rows: int) -> ArrowTable:
    schema, stream = pa.schema(list(kinds.items())), partial(_first, file, kinds, n_rows)
    return ArrowTable(
        str(file.path), schema, n_rows, stream, of_texts=partial(_with_texts, file, kinds, n_rows)
    )


def _first(
    file: _CsvFile, kinds: dict[str, pa.DataType], n_rows: int, columns: list[str], batch_size: int
) -> Iterator[pa.RecordBatch]:
    return rows(file.stream(kinds, columns, batch_size), 0, n_rows)


def _with_texts(
    file: _CsvFile, kinds: dict[str, pa.DataType], n_rows: int, columns: list[str], spelled: bool
) -> ArrowTable:
    if not spelled:
        return _streamed(file, kinds | dict.fromkeys(columns, pa.string()), n_rows)
    numbers = [name for name in columns if is_number(kinds[name]) and not pa.types.is_boolean(kinds[name])]
    as_labels = _CsvFile(file.path, file.dialect, numbers, set(columns) - set(numbers))
    return _streamed(as_labels, kinds | dict.fromkeys(numbers, pa.string()), n_rows)


class _CsvFile:
    """A file and its dialect.

    Parameters
    ----------
    path
        The file.
    dialect
        How it is written.
    spelled
        Columns of numbers that are read as texts.
    verbatim
        Columns of text in which nothing is a number.
    """

    def __init__(
        self,
        path: Path | RemoteFile,
        dialect: Dialect,
        spelled: Collection[str] = (),
        verbatim: Collection[str] = (),
    ):
        self.path, self.dialect, self.spelled, self.verbatim = path, dialect, spelled, verbatim
        mark = "\t" if dialect.separator == SPACES else dialect.separator
        self._parsing = pa.csv.ParseOptions(delimiter=mark, newlines_in_values=dialect.quoted)

    @contextmanager
    def opened(self, threads: bool = True, **converting: Any) -> Iterator[pa.csv.CSVStreamingReader]:
        """A reader of the file."""
        reading = pa.csv.ReadOptions(
            block_size=MAX_LINE,
            column_names=self.dialect.names,
            skip_rows=self.dialect.n_skipped,
            use_threads=threads,
        )
        options = pa.csv.ConvertOptions(decimal_point=self.dialect.decimal, **converting)
        file = part_of(self.path, self.dialect.filled)
        with (
            in_utf8(
                file, self.dialect.encoding, is_read_by_python(self.path), self.dialect.transform()
            ) as text,
            pa.csv.open_csv(text, reading, self._parsing, options) as reader,
        ):
            yield reader

    def schema(self) -> pa.Schema:
        """Column names and the types that the first block suggests."""
        try:
            with self.opened() as reader:
                return reader.schema
        except pa.ArrowInvalid as error:
            self._explain(error, {})
            raise

    def settled(self, kinds: dict[str, pa.DataType]) -> dict[str, pa.DataType]:
        """The types of all columns, numbers with a fraction or else text for one with a value of no other type."""
        large: set[str] = set()
        try:
            with self.opened(column_types=kinds) as reader:
                for block in reader:
                    large |= large_floats(block)
        except pa.ArrowInvalid as error:
            if (odd := ODD.search(str(error))) is None:
                return kinds  # what else cannot be read is said by ``stream``
            name = self.dialect.names[int(odd["place"])]
            other = pa.float64() if kinds[name] in (pa.int64(), LONG) else pa.string()
            return self.settled({**kinds, name: other})
        return kinds | whole_columns(self.opened, large)

    def stream(
        self, kinds: dict[str, pa.DataType], columns: list[str], batch_size: int
    ) -> Iterator[pa.RecordBatch]:
        """These columns, at most ``batch_size`` rows at a time."""
        try:
            with self.opened(column_types=kinds, include_columns=columns) as reader:
                for block in reader:
                    block = self._spelled(self._with_points(block))
                    for start in range(0, len(block), batch_size):
                        yield block.slice(start, batch_size)
        except pa.ArrowInvalid as error:
            self._explain(error, {name: kinds[name] for name in columns})
            raise

    def ends_in_totals(self, kinds: dict[str, pa.DataType], n_rows: int) -> bool:
        """Whether the last row holds the totals of the others; of a file that fits into memory."""
        if not n_rows:
            return False
        blocks = rows(self.stream(kinds, list(kinds), MAX_LINE), 0, n_rows)
        table = pa.Table.from_batches(blocks, pa.schema(list(kinds.items())))
        above, (last,) = table.slice(0, n_rows - 1), table.slice(n_rows - 1).to_pylist()
        return are_totals([*last.values()], n_rows - 1, lambda i: above.column(i).to_pylist())

    def _with_points(self, block: pa.RecordBatch) -> pa.RecordBatch:
        """Numbers among texts with decimal points, as everything else is."""
        if self.dialect.decimal == ".":
            return block
        columns = [
            with_point(column) if is_text(column.type) and name not in self.verbatim else column
            for name, column in zip(block.schema.names, block.columns, strict=True)
        ]
        return pa.RecordBatch.from_arrays(columns, names=block.schema.names)

    def _spelled(self, block: pa.RecordBatch) -> pa.RecordBatch:
        """Whole numbers without a fraction, as everywhere else, and what pyarrow takes for missing as such."""
        if not self.spelled:
            return block
        columns = [
            plain_numbers(column) if name in self.spelled else column
            for name, column in zip(block.schema.names, block.columns, strict=True)
        ]
        return pa.RecordBatch.from_arrays(columns, names=block.schema.names)

    def _explain(self, error: pa.ArrowInvalid, kinds: dict[str, pa.DataType]) -> None:
        """Name the row of what cannot be read."""
        if "straddl" in str(error):
            raise InputError(
                f"{self.path} has a line or a value in quotes of more than {MAX_LINE // 2**20} MiB"
            ) from error
        if "Could not skip" in str(error):  # a line of names without an end
            raise EmptyTableError(f"{self.path} has no rows") from error
        if RAGGED.search(str(error)):
            self._explain_ragged()
        if "conversion error" in str(error):
            for name, kind in kinds.items():
                if is_number(kind) and (odd := self._odd_value(name, kind)) is not None:
                    raise InputError(not_a_number(name, str(self.path), *odd)) from error

    def _explain_ragged(self) -> None:
        try:
            with self.opened(threads=False) as reader:  # with threads, rows are not counted
                for _ in reader:
                    pass
        except pa.ArrowInvalid as error:
            if (found := RAGGED.search(str(error))) is None or found["row"] is None:
                return
            raise InputError(
                f"{self.path} has {count(int(found['fields']), 'field')} in row "
                f"{int(found['row']) - self.dialect.n_skipped} (counted from 1), expected {found['columns']}"
            ) from error

    def _odd_value(self, name: str, kind: pa.DataType) -> tuple[int, str] | None:
        pattern = BOOLEAN if pa.types.is_boolean(kind) else NUMBER.replace(r"\.", self.dialect.decimal)
        as_text = {name: pa.string()}
        with self.opened(include_columns=[name], column_types=as_text, strings_can_be_null=True) as reader:
            return first_text((block.column(0) for block in reader), pattern)


def _is_empty(column: pa.Array) -> bool:
    return pc.all(pc.equal(pc.utf8_trim_whitespace(column), "")).as_py() is not False


def _lasting_type(kind: pa.DataType) -> pa.DataType:
    """Type of a whole CSV column, given that of its first block: later numbers may have fractions."""
    if pa.types.is_boolean(kind) or holds_bytes(kind):
        return kind
    return pa.float64() if is_number(kind) or pa.types.is_null(kind) else pa.string()
