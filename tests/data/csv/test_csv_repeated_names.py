"""CSV files that were joined one below the other, with their column names."""

import gzip

import numpy as np
import pyarrow as pa
import pytest

from ama.data.csv.csv_dialect import MAX_LINE
from ama.data.csv.csv_repeated_names import n_lines, without_lines
from ama.data.sources import open_source
from ama.errors import InputError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b\n1,2\na,b\n3,4\n", "1,2\n3,4\n"),
        ("a,b\r\n1,2\r\n\ufeffa,b \r\n3,4", "1,2\r\n3,4"),
        ("a,b\n1,2\na,b", "1,2\n"),
        ("a,b\nxa,b\na,bx\na,b,c\n", "xa,b\na,bx\na,b,c\n"),
    ],
)
def test_lines_of_the_header_are_counted_and_left_out(text, expected):
    content = text.encode()
    assert without_lines(content, ("a,b",)) == expected.encode()
    n = len(text.splitlines()) - len(expected.splitlines())
    assert n_lines(pa.BufferReader(content), ("a,b",)) == n


def test_lines_that_begin_in_one_part_and_end_in_the_next_are_counted():
    content = b"a.c,b\n" + b"1.25,5\n" * 150_000 + b"a.c,b\n"
    assert len(content) > 2**20
    for shift in range(8):
        assert n_lines(pa.BufferReader(b"a.c,b\n" + b"x" * shift + b"\n" + 3 * content), ("a.c,b",)) == 7


@pytest.mark.parametrize(
    "header", ["time,flow", "Device X\n\ntime,flow", '"time","flow"', "time,flow\ns,l/min"]
)
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_rows_are_those_of_all_files(tmp_path, header, codec):
    rows = [f"{a:.3f},{b:.3f}\n" for a, b in np.random.default_rng(0).normal(size=(40, 2))]
    names = header.split("\n\n")[-1]
    (tmp_path / "x.csv").write_text(f"{header}\n{''.join(rows[:25])}{names}\n{''.join(rows[25:])}", codec)
    (tmp_path / "whole.csv").write_text("time,flow\n" + "".join(rows))
    source, whole = open_source(tmp_path / "x.csv"), open_source(tmp_path / "whole.csv")
    assert source.read().x.equal(whole.read().x)
    n = 2 if "l/min" in header else 1
    said = f"{n} line{' that repeats' if n == 1 else 's that repeat'} the column names left out"
    assert f"{tmp_path}/x.csv: {said}" in source.remarks
    with pytest.raises(InputError, match=r"\(refused by strict\)"):
        open_source(tmp_path / "x.csv", strict=True)


@pytest.mark.parametrize("suffix", ["csv", "csv.gz"])
def test_those_of_a_large_file_are_found_far_below(tmp_path, suffix):
    rows = "0.25;x;2026-01-31\n" * (MAX_LINE // 8)
    opened = gzip.open if suffix == "csv.gz" else open
    with opened(tmp_path / f"x.{suffix}", "wt") as file:
        file.write(f"a;label;day\n{rows}a;label;day\n0.5;a;2026-02-01\n")
    source = open_source(tmp_path / f"x.{suffix}")
    assert len(source) == MAX_LINE // 8 + 1
    (last,) = source.part(len(source) - 1, len(source)).batches()
    assert last.labels.tolist() == ["a"]


def test_between_spaces_too_and_ragged_rows_are_counted_without_them(tmp_path):
    (tmp_path / "x.txt").write_text("a b\n1 2\n3 4.5\n a   b\n1 2\na b\n5 6\n")
    source = open_source(tmp_path / "x.txt")
    assert source.read().x.tolist() == [[1, 2], [3, 4.5], [1, 2], [5, 6]]
    assert f"{tmp_path}/x.txt: 2 lines that repeat the column names left out" in source.remarks
    (tmp_path / "x.csv").write_text("a,b\n1,2\na,b\n3,4.5\n1,2,3\n")
    with pytest.raises(InputError, match=r"has 3 fields in row 3 \(counted from 1\), expected 2"):
        open_source(tmp_path / "x.csv")


def test_a_value_that_is_as_its_only_column_is_a_row(tmp_path):
    (tmp_path / "x.csv").write_text("kind\nkind\nother\nkind\nother\n")
    assert len(open_source(tmp_path / "x.csv")) == 4
