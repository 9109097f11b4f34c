"""Workbooks of Excel as tables, through libraries that are optional."""

from __future__ import annotations

import warnings
import zipfile
from pathlib import Path

from ama.data.arrow import ArrowTable
from ama.data.arrow_reading import readable
from ama.data.frames import frame_table
from ama.data.remote_files import RemoteFile
from ama.data.samples import Wanted, count
from ama.errors import InputError
from ama.utils.extras import needs_extra

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
    with (
        readable(str(path), Exception),
        path.open("rb") as file,
    ):  # a damaged one raises almost all of Python's
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
            first, *others = book.sheet_names
            frame = book.parse(first)
    if others:
        more = ", ".join(map(repr, others[:3])) + ", ..." * (len(others) > 3)
        wanted.remark(
            f"{path}: read from its first sheet, {first!r}, without {count(len(others), 'sheet')}: {more}"
        )
    return frame_table(frame, str(path))
