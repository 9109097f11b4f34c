"""Workbooks of Excel as tables, through libraries that are optional."""

from __future__ import annotations

import warnings
import zipfile
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

from ama.data.csv.csv_dialect import EXAMINED
from ama.data.csv.csv_header import check_header, lacks_names, left_out, most_of_title, numbered
from ama.data.csv.csv_names import UNNAMED
from ama.data.csv.csv_second_line import second_line
from ama.data.remote_files import RemoteFile
from ama.data.samples import Wanted, count
from ama.data.tables.arrow import ArrowTable
from ama.data.tables.arrow_reading import readable
from ama.data.tables.frames import frame_table
from ama.data.tables.sheet_rows import true_rows
from ama.errors import InputError
from ama.utils.extras import needs_extra

MOMENTS = (datetime, time, timedelta)
MOST_DAYS = 366  # of a duration; more are rather a date
MAX_BYTES = 2**31  # of the sheets as text, which are held in memory


def excel_table(path: Path | RemoteFile, wanted: Wanted) -> ArrowTable:
    """The first sheet of a workbook, held in memory: names in its first row, formulas as the values that are stored.

    Raises
    ------
    InputError
        If the file is no workbook, or too large, or its sheet has no column.
    MissingLibraryError
        If a library for it is not installed.
    """
    # A damaged one raises almost all of Python's errors.
    with readable(str(path), Exception), path.open("rb") as file:
        if not zipfile.is_zipfile(file):
            raise InputError(f"{path} is a file of a kind that is not read (.xlsx): save its sheet as CSV")
        with zipfile.ZipFile(file) as parts:
            size = sum(part.file_size for part in parts.infolist())
        if size > MAX_BYTES:
            raise InputError(
                f"{path} holds {size / 2**30:.0f} GiB, expected less of a workbook: save it as CSV"
            )
        with needs_extra("excel"):
            import pandas
        file.seek(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on drawings, styles and the like, which are no values
            book = pandas.ExcelFile(file, engine="openpyxl")
            first, *others = (sheet.title for sheet in book.book.worksheets)  # without those of charts
            cells = book.parse(first, header=None, dtype=object, keep_default_na=False, na_values=[""])
            cells = cells.apply(_durations, epoch=book.book.epoch)
        frame = _with_names(cells, str(path), wanted)
    if others:
        more = ", ".join(map(repr, others[:3])) + ", ..." * (len(others) > 3)
        wanted.remark(
            f"{path}: read from its first sheet, {first!r}, without {count(len(others), 'sheet')}: {more}"
        )
    return frame_table(frame, str(path))


def _durations(column: Any, epoch: datetime) -> Any:
    """Times of which some are a day or longer, so that openpyxl takes these for dates of 1900, as what they are."""
    from openpyxl.utils.datetime import to_excel

    moments = [value for value in column if isinstance(value, MOMENTS)]
    if not {time, datetime} <= {*map(type, moments)}:
        return column
    if max(to_excel(moment, epoch) for moment in moments) > MOST_DAYS:
        return column
    return column.map(
        lambda value: timedelta(days=to_excel(value, epoch)) if isinstance(value, MOMENTS) else value
    )


def _with_names(cells: Any, name: str, wanted: Wanted) -> Any:
    """The rows below the column names, as a DataFrame with these; blank rows and columns are left out."""
    filled = cells.notna()
    filled = filled.loc[:, filled.any()]
    blank = ~filled.any(axis=1)
    cells, n_columns = cells.loc[:, filled.columns], filled.shape[1]
    if not n_columns:
        return cells
    header = int((~blank).argmax())
    # A title or a remark fills the first cells, above names that are complete; as in CSV.
    is_title = blank | (filled.iloc[:, :1].any(axis=1) & (filled.sum(axis=1) <= most_of_title(n_columns)))
    below = int((~is_title).argmax())
    titled = below > header and all(isinstance(value, str) for value in cells.iloc[below])
    if titled:
        n = int((~blank[header:below]).sum())
        wanted.remark(f"{name}: {left_out('first', n, 'row')}: the column names are below")
        header = below
    found = cells[header:][~blank[header:]]
    start = found.head(EXAMINED)
    first, *rows = start.astype(str).where(start.notna(), "").to_numpy().tolist()
    if not titled and lacks_names(first, rows):
        names = [str(i + 1) for i in range(n_columns)]
        wanted.remark(f"{name}: {numbered(n_columns, 'row')}")
    else:
        if second := second_line(first, rows):
            wanted.remark(f"{name}: {second.said('row')}")
        names = [value or UNNAMED.format(i) for i, value in enumerate(second.names or first)]
        n_header = 1 + bool(second)
        check_header(names, name)
        found = true_rows(found[n_header:], found[:n_header], name, wanted)
    if n := int(blank[header:].sum()):
        wanted.remark(f"{name}: {count(n, 'row')} without a value left out")
    return found.infer_objects().set_axis(names, axis=1).reset_index(drop=True)
