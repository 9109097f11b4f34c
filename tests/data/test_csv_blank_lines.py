"""Which part of a CSV file is read."""

import pytest

from ama.data.csv_blank_lines import filled_part


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
    ],
)
def test_lines_of_separators_and_space_end_it(content, separator, expected):
    assert filled_part(content, separator) == expected
