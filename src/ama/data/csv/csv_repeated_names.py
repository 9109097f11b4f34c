"""Lines of a CSV file that repeat its column names, as where files were joined one below the other."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence

import pyarrow as pa

BLOCK = 2**20  # bytes that are read at a time


def n_lines(text: pa.NativeFile, header: Sequence[str]) -> int:
    """How many lines of a file are one of the header's.

    Parameters
    ----------
    text
        The file in UTF-8, at its start.
    header
        The lines of the header, without their ends.
    """
    line, encoded = _pattern(header), [line.encode() for line in header]
    n, half_line = 0, b""
    while part := text.read(BLOCK):
        lines = half_line + part
        half_line = lines[lines.rfind(b"\n") + 1 :]
        # Far faster than the pattern where there is none, as in almost all parts.
        if any(each in lines for each in encoded):
            n += len(line.findall(lines[: len(lines) - len(half_line)]))
    return n + len(line.findall(half_line))


def without_lines(lines: bytes, header: Sequence[str]) -> bytes:
    """Whole lines in UTF-8 without those of the header."""
    return _pattern(header).sub(b"", lines)


def _pattern(header: Sequence[str]) -> re.Pattern[bytes]:
    either = b"|".join(re.escape(line.encode()) for line in header)
    # A file that is joined to another one may bring its mark.
    return re.compile(rb"(?m)^(?:%b)?(?:%b)[ \t]*\r?(?:\n|\Z)" % (codecs.BOM_UTF8, either))
