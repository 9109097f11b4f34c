"""What the names of files say: which hold a table, and which of a folder are parts of one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath

from ama.data.tables.arrow_reading import COMPRESSIONS

PARQUET = ".parquet"
STORED = (PARQUET, ".arrow", ".feather")
TEXTS = (".csv", ".tsv", ".jsonl", ".ndjson")
JSON = ".json"
# Of an array, if the first line that counts holds numbers alone, and else of a table; the usual ones first.
NUMBERS = (".txt", ".dat", ".data", ".asc", ".tab", ".prn", ".log")


def file_suffix(name: str) -> str:
    """The suffix that says what a file holds, in lower case: ``.csv`` of ``Sensors.CSV.gz``."""
    path = PurePath(name.lower())
    inner = PurePath(path.stem).suffix
    return inner if path.suffix in COMPRESSIONS and inner in (*TEXTS, JSON, *NUMBERS) else path.suffix


def shards(names: Iterable[str]) -> list[str]:
    """The files of tables of which a folder without images is read, sorted.

    These are its Parquet files; without any, those of other kinds, which are perhaps several. Files of text alone count
    if most files are such: one may be about the others.

    Parameters
    ----------
    names
        Names of the files that it holds; hidden ones are passed over.
    """
    visible = sorted(name for name in names if name[0] != ".")
    if found := [name for name in visible if file_suffix(name) == PARQUET]:
        return found
    found = [name for name in visible if file_suffix(name) in (*STORED, *TEXTS)]
    others = [name for name in visible if is_noticed(name) and name not in found]
    stored = any(file_suffix(name) in STORED for name in found)
    return found if stored or len(found) > len(others) else []


def is_noticed(name: str) -> bool:
    """Whether a file beside those of a table is no note of the program that wrote them, such as ``_SUCCESS``."""
    return name[0] not in "._"
