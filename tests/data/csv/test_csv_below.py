"""Which part of a CSV file is read."""

import gzip

import pyarrow as pa
import pytest

from ama.data.csv import csv_below
from ama.data.csv.csv_below import EXAMINED, Filled, filled_part
from ama.data.csv.csv_dialect import MAX_LINE
from ama.data.sources import open_source
from ama.errors import InputError


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
    assert filled_part(pa.BufferReader(content), separator, "utf8") == Filled(*expected)
    assert filled_part(compressed(content), separator, "utf8") == Filled(None, expected[1])


@pytest.mark.parametrize(
    ("encoding", "codec", "width"),
    [("utf-16", "utf-16-le", 2), ("utf-16", "utf-16-be", 2), ("utf-32", "utf-32-be", 4)],
)
def test_the_bytes_are_those_of_the_encoding(encoding, codec, width):
    for text in ("a;b\n\u2000;\n", "a;b\n\u0a3b;" + "1" * EXAMINED + "\n"):
        content = f"\ufeff{text};\n ;\n".encode(codec)
        expected = Filled(len(content) - 5 * width, 2)
        assert filled_part(pa.BufferReader(content), ";", encoding) == expected
        assert filled_part(compressed(content), ";", encoding) == Filled(None, 2)


def test_of_a_compressed_file_no_more_than_so_many_bytes_are_held(monkeypatch):
    monkeypatch.setattr(csv_below, "MOST_HELD", 4 * EXAMINED)
    for n, expected in ((3 * EXAMINED // 2, Filled(None, 3 * EXAMINED // 2)), (4 * EXAMINED, None)):
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


@pytest.mark.parametrize("remark", ["(2 rows affected)", "# 2 rows", "End of file", "Ende der Übertragung"])
@pytest.mark.parametrize("codec", ["utf-8", "cp1252", "utf-16"])
def test_remarks_below_the_rows_are_left_out_and_shown(tmp_path, remark, codec):
    rows = "2026-01-31,1.5\n2026-02-01,2.5\n"
    (tmp_path / "x.csv").write_text(f"day,flow\n{rows}\n{remark}\n", codec)
    source = open_source(tmp_path / "x.csv")
    assert f"{tmp_path}/x.csv: the last line is left out, a remark: {remark}" in source.remarks
    (tmp_path / "plain.csv").write_text("day,flow\n" + rows)
    assert source.read().x.equal(open_source(tmp_path / "plain.csv").read().x)


def test_several_are_counted_and_the_first_is_shown(tmp_path):
    (tmp_path / "x.csv").write_text("kind,flow\na,1.5\nb,2.5\n\n# checked\n# " + "x" * 80 + "\n,\n")
    remarks = open_source(tmp_path / "x.csv", label_column="kind").remarks
    assert f"{tmp_path}/x.csv: the last 2 lines are left out, a remark: # checked" in remarks
    assert f"{tmp_path}/x.csv: the last line is left out, without a value" in remarks


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("kind,flow\na,1.5\nb,2.5\nc", 3),  # a name, cut off
        ("day,flow\n2026-01-31,1.5\n2026-02", 2),
        ('day,flow\n2026-01-31,1.5\n"2026', 2),
        ("day,flow\n2026-01-31,1.5\n-2", 2),
        ("day,flow\n2026-01-31,1.5\n# remark\n2026-02-01,2.5\n", 2),
    ],
)
def test_half_rows_and_remarks_among_the_rows_are_refused(tmp_path, text, row):
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(InputError, match=rf"has 1 field in row {row} \(counted from 1\), expected 2"):
        open_source(tmp_path / "x.csv")


@pytest.mark.parametrize("below", ["", "40 rows in set (0.00 sec)\n"])
def test_a_table_in_a_frame_of_dashes_is_read(tmp_path, below):
    edge = "+------+-------+\n"
    rows = "".join(f"| {i % 7 / 4:4} | {'ab'[i % 2]:5} |\n" for i in range(40))
    (tmp_path / "x.txt").write_text(f"{edge}| flow | kind  |\n{edge}{rows}{edge}{below}")
    source = open_source(tmp_path / "x.txt", label_column="kind")
    assert source.read().x.tolist() == [[i % 7 / 4] for i in range(40)]
    assert source.read().labels.tolist() == ["a", "b"] * 20
    n = "last 2 lines are" if below else "last line is"
    assert f"{tmp_path}/x.txt: the {n} left out, a remark: {edge.strip()}" in source.remarks


def test_a_frame_between_spaces_is_no_row(tmp_path):
    edge = "==== ====\n"
    (tmp_path / "x.txt").write_text(
        f"{edge}flow n\n{edge}{''.join(f'{i / 4:4} {i:4}{chr(10)}' for i in range(40))}{edge}"
    )
    assert open_source(tmp_path / "x.txt").read().x.tolist() == [[i / 4, i] for i in range(40)]
