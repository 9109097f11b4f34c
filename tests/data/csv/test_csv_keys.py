"""Rows whose fields begin with the names of their columns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ama.data.csv.csv_keys import keys_of, without_keys
from ama.data.sources import open_source
from ama.errors import InputError

VALUES = [[36.5 + i % 7 / 4, 120 - i % 11] for i in range(40)]
FIELD = st.text(st.characters(codec="utf-8", exclude_characters=";\r\n", exclude_categories=["Zs", "Cc"]))


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("line", "separator", "names"),
    [
        ("temp={};bp={}", "semicolons", ["temp", "bp"]),
        ("temp: {}, blood pressure: {} ", None, ["temp", "blood pressure"]),
        ("temp={} bp={}", "spaces", ["temp", "bp"]),
        ("7.5 {} t={} p={} q=1", "spaces", ["1", "2", "t", "p", "q"]),
        ("größe={}|p={}", "vertical bars", ["größe", "p"]),
    ],
)
def test_they_are_the_column_names(tmp_path, line, separator, names, end):
    more = [3] if line.count("{}") == 3 else []
    path = tmp_path / "a.csv"
    path.write_bytes("".join(line.format(*more, *row) + end for row in VALUES).encode())
    source = open_source(path, columns=names)
    first = [7.5, 3] if more else []
    last = [1] if more else []
    assert source.read().x.tolist() == [[*first, *row, *last] for row in VALUES]
    keyed = next(name for name in names if not name.isdigit())
    said = f"{path}: the column names are those with which its fields begin, such as {keyed!r}"
    assert [remark for remark in source.remarks if "separated" in remark or "names" in remark] == [
        *([f"{path} is taken as separated by {separator}"] if separator else []),
        said,
    ]


def test_a_line_with_other_keys_is_not_read_as_if_it_had_them(tmp_path):
    path, lines = tmp_path / "a.csv", [f"a={i};b={i / 4}" for i in range(3, 103)]
    path.write_text("\n".join([*lines, "b=1;a=2"]))
    said = f"columns 'a', 'b' of {path} hold texts among their numbers, which count as missing"
    assert said in open_source(path).remarks
    path.write_text("\n".join([*lines, "a=2"]))
    with pytest.raises(InputError, match=r"has 1 field in row 101 \(counted from 1\), expected 2"):
        open_source(path)


@pytest.mark.parametrize(
    "rows",
    [
        [["http://a.b", "1"], ["http://c.d", "2"]],
        [["10:30", "11:30"], ["10:45", "11:45"]],
        [["Re: a", "1", "2"], ["Re: b", "3", "4"]],
        [["note: a"], ["note: b"]],
        [["a=1", "a=2"], ["a=3", "a=4"]],
        [["a=1", "b=2"], ["a=3", "c=4"]],
        [["a=1", "b=2"]],
    ],
)
def test_other_fields_have_no_keys(rows):
    assert keys_of(rows) == []


def test_one_column_of_numbers_has_its_key(tmp_path):
    (tmp_path / "a.txt").write_text("".join(f"T={x}\n" for x, _ in VALUES))
    assert open_source(tmp_path / "a.txt").columns == ["T"]


def test_many_columns_have_their_keys(tmp_path):
    rows = [list(range(i, i + 120)) for i in range(30)]
    (tmp_path / "a.csv").write_text(
        "".join(";".join(f"k{j}={x}" for j, x in enumerate(row)) + "\n" for row in rows)
    )
    assert open_source(tmp_path / "a.csv").read().x.tolist() == rows


@given(st.lists(st.tuples(FIELD, FIELD, FIELD), min_size=1))
def test_nothing_but_the_keys_is_lost(rows):
    lines = "".join(f"x={a}; {b};y (m) : {c}\n" for a, b, c in rows).encode()
    assert without_keys(lines, ["x", None, "y (m)"], ";").decode() == "".join(
        f"{a};{b};{c}\n" for a, b, c in rows
    )
