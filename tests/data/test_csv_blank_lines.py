"""Which part of a CSV file is read."""

import pyarrow as pa
import pytest

from ama.data.csv_blank_lines import EXAMINED, filled_part


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


@pytest.mark.parametrize(
    ("encoding", "codec", "width"),
    [("utf-16", "utf-16-le", 2), ("utf-16", "utf-16-be", 2), ("utf-32", "utf-32-be", 4)],
)
def test_the_bytes_are_those_of_the_encoding(encoding, codec, width):
    for text in ("a;b\n\u2000;\n", "a;b\n\u0a3b;" + "1" * EXAMINED + "\n"):
        content = f"\ufeff{text};\n ;\n".encode(codec)
        expected = (len(content) - 5 * width, 2)
        assert filled_part(pa.BufferReader(content), ";", encoding) == expected
