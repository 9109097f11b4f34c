"""Text files that pyarrow reads ahead through Python."""

from __future__ import annotations

import subprocess
import sys

import fsspec
import pyarrow as pa
import pytest

from ama.data.csv.csv_dialect import MAX_LINE
from ama.data.csv.interruptible_files import BLOCK, in_utf8
from ama.data.sources import open_source
from ama.errors import InputError

ROWS = "1.5,2,é\n" * (MAX_LINE // 2)  # 16 MiB and more
CODE = """
import sys
from ama.data.sources import open_source
from ama.errors import InputError
try:
    open_source(sys.argv[1])
except InputError as error:
    sys.exit(str(error))
"""


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_a_refusal_of_a_large_file_in_another_encoding_ends_the_process_in_order(encoding, tmp_path):
    """Its first row has a field too many, as the others are read ahead."""
    file = tmp_path / "t.csv"
    file.write_bytes(f"a,b,k\n1,2,é,5\n{ROWS}".encode(encoding))
    done = subprocess.run([sys.executable, "-c", CODE, str(file)], capture_output=True, text=True)
    assert done.stderr == f"{file} has 4 fields in row 1 (counted from 1), expected 3\n"
    assert done.returncode == 1


@pytest.mark.parametrize("encoding", ["utf8", "cp1252", "utf-16", "utf-32"])
@pytest.mark.parametrize("n", [2, MAX_LINE // 3])
def test_the_text_is_the_same(encoding, n):
    text = "aé;\n" * n
    with in_utf8(pa.BufferReader(text.encode(encoding)), encoding, of_python=True) as file:
        assert b"".join(iter(lambda: file.read(BLOCK), b"")).decode() == text


def test_a_large_file_of_fsspec_is_read_and_refused(tmp_path):
    files = fsspec.filesystem("memory")
    files.pipe("/t.csv", ("a,b\n" + "1,2\n" * (MAX_LINE // 2)).encode())
    files.pipe("/u.csv", ("a,b\n1,2,3\n" + "1,2\n" * (MAX_LINE // 2)).encode())
    assert len(open_source("memory://t.csv").read()) == MAX_LINE // 2
    with pytest.raises(
        InputError, match=r"memory://u.csv has 3 fields in row 1 \(counted from 1\), expected 2"
    ):
        open_source("memory://u.csv")
