"""Which part of a CSV file is read."""

import gzip

import pyarrow as pa
import pytest

from ama.data.csv import csv_blank_lines
from ama.data.csv.csv_blank_lines import EXAMINED, filled_part
from ama.data.csv.csv_dialect import MAX_LINE
from ama.data.sources import open_source


def compressed(content: bytes) -> pa.CompressedInputStream:
    return pa.CompressedInputStream(pa.BufferReader(gzip.compress(content, 1)), "gzip")


@pytest.mark.parametrize(
    ("content", "separator", "expected"),
    [
        (b"a,b\n1,2\n", ",", (8, 0)),
        (b"a,b\n1,2", ",", (7, 0)),
        (b"a,b\n1,\n,\n,", ",", (7, 2)),
        (b"a;b\r\n1;2\r\n;\r\n \r\n;", ";", (10, 2)),
        (b"a\tb\r1\t2\r\t\r\t", "\t", (8, 2)),
        (b",\n,\n", ",", (2, 1)),
        (b"", ",", (0, 0)),
        (b"a,b\n\xe9,2\n" + EXAMINED * b",\n", ",", (8, EXAMINED)),
    ],
)
def test_lines_of_separators_and_space_end_it(content, separator, expected):
    assert filled_part(pa.BufferReader(content), separator, "utf8") == expected
    assert filled_part(compressed(content), separator, "utf8") == (None, expected[1])


@pytest.mark.parametrize(
    ("encoding", "codec", "width"),
    [("utf-16", "utf-16-le", 2), ("utf-16", "utf-16-be", 2), ("utf-32", "utf-32-be", 4)],
)
def test_the_bytes_are_those_of_the_encoding(encoding, codec, width):
    for text in ("a;b\n\u2000;\n", "a;b\n\u0a3b;" + "1" * EXAMINED + "\n"):
        content = f"\ufeff{text};\n ;\n".encode(codec)
        expected = (len(content) - 5 * width, 2)
        assert filled_part(pa.BufferReader(content), ";", encoding) == expected
        assert filled_part(compressed(content), ";", encoding) == (None, expected[1])


def test_of_a_compressed_file_no_more_than_so_many_bytes_are_held(monkeypatch):
    monkeypatch.setattr(csv_blank_lines, "MOST_HELD", 4 * EXAMINED)
    for n, expected in ((3 * EXAMINED // 2, (None, 3 * EXAMINED // 2)), (4 * EXAMINED, None)):
        assert filled_part(compressed(b"a,b\n1,2\n" + b",\n" * n), ",", "utf8") == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_the_rows_of_a_large_compressed_file_end_before_them(encoding, tmp_path):
    file, n = tmp_path / "t.csv.gz", MAX_LINE // 4
    with gzip.open(file, "wt", compresslevel=1, encoding=encoding) as opened:
        opened.write("a,label\n" + "1.5,x\n" * n + ",\n\n,\n,")
    source = open_source(file)
    samples = source.read()
    assert (len(samples), samples.columns) == (n, ["a"])
    assert samples.remarks == (f"{file}: the last 3 lines are left out, without a value",)
    (part,) = source.part(n - 1, n).batches()
    assert (part.x.tolist(), part.labels.tolist()) == ([[1.5]], ["x"])
