"""The kind of a file by its first bytes, whatever its suffix is."""

from __future__ import annotations

import json
import re
from pathlib import Path

from ama.data import lfs_pointers
from ama.data.remote_files import RemoteFile
from ama.data.tables.arrow_reading import readable, text_file
from ama.data.tables.table_names import JSON, NUMBERS, PARQUET

EXAMINED = 2**16  # bytes
XLSX, XLS, CSV, MARKUP, PACKED, POINTER = ".xlsx", ".xls", ".csv", ".html", ".gz", "pointer"
MAGIC = {
    b"PAR1": PARQUET,
    b"ARROW1": ".arrow",
    b"FEA1": ".feather",
    b"\x1f\x8b": PACKED,
    lfs_pointers.START: POINTER,
}
# A workbook is an archive, whose first member is one of these.
WORKBOOK = re.compile(rb"PK\x03\x04.{26}(?:\[Content_Types\]|_rels/|xl/|docProps/)", re.DOTALL)
TAGS = re.compile(rb"<(?:!doctype|\?xml|html|head|body|table|div|meta|style)\b", re.IGNORECASE)
JSON_BEGINS = re.compile(rb'\{\s*"|\[\s*[\[{]')
NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x19]")
# From the start, and each part up to the first mark that ends it: a search would take seconds for one long line.
ROWS = re.compile(rb"[^,;\t|]*[,;\t|][^\r\n]*[\r\n][^,;\t|]*[,;\t|]")
MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")  # byte order marks, with which text begins
# A kind -> the suffixes with which its files are expected, and what is said of others.
SUFFIXES = {
    PARQUET: (PARQUET,),
    ".arrow": (".arrow", ".feather"),
    ".feather": (".feather", ".arrow"),
    XLSX: (XLSX,),
    JSON: (JSON, ".jsonl", ".ndjson"),
    CSV: (CSV, ".tsv", *NUMBERS),
}
CALLED = {
    PARQUET: "a Parquet file",
    ".arrow": "an Arrow file",
    ".feather": "a Feather file",
    XLSX: "a workbook of Excel",
    JSON: "JSON",
    CSV: "text",
}
# What is not read in a file of any name, and what to do.
REFUSED = {
    MARKUP: "holds HTML or XML, expected a table: open it in a spreadsheet, and save it as CSV",
    PACKED: "is compressed by gzip, which its name does not say: add .gz to it",
    POINTER: f"is {lfs_pointers.REFUSAL}",
}


def held_kind(path: Path | RemoteFile) -> str | None:
    """A suffix that says what a file holds; None if that is not known, as of a damaged one."""
    with readable(str(path)), text_file(path) as file:
        start = file.read(EXAMINED)
    return _kind(start)


def _kind(start: bytes) -> str | None:
    if WORKBOOK.match(start):
        return XLSX
    for magic, kind in MAGIC.items():
        if start.startswith(magic):
            return kind
    text = start.removeprefix(MARKS[0]).lstrip()
    if TAGS.match(text):
        return MARKUP
    if JSON_BEGINS.match(text) or _is_array(text.split(b"\n", 1)[0]):
        return JSON
    is_text = start.startswith(MARKS) or not NO_TEXT.search(start)
    return CSV if is_text and ROWS.match(start) else None


def _is_array(line: bytes) -> bool:
    """Whether a line is an array of its own, and no vector in the first field of several."""
    if not (line.startswith(b"[") and line.rstrip().endswith(b"]")):
        return False
    try:
        json.loads(line)
    except ValueError:
        return False
    return True
