"""Column names with spaces around them, and how fields are quoted and separated."""

from __future__ import annotations

import pandas as pd
import pytest
import torch

from ama.data.sources import open_source
from ama.errors import InputError

FRAME = pd.DataFrame(
    {
        "day": [f"2026-01-{i % 28 + 1:02}" for i in range(40)],
        "flow": [i % 7 / 4 for i in range(40)],
        "kind": ["in", "it's out"] * 20,
    }
)
TEXT = FRAME.to_csv(index=False)


def read(path, text):
    path.write_bytes(text.encode())
    source, expected = open_source(path), open_source(FRAME)
    assert source.columns == expected.columns
    assert torch.equal(source.read().x, expected.read().x)
    return [remark.removeprefix(str(path)) for remark in source.remarks]


@pytest.mark.parametrize("separator", [", ", " , ", " ; ", " | "])
def test_spaces_around_all_fields_are_left_out(tmp_path, separator):
    said = read(tmp_path / "x.csv", TEXT.replace(",", separator).replace("\n", " \r\n"))
    assert ": the spaces around its fields are left out" in said
    assert open_source(tmp_path / "x.csv", drop=["flow"]).columns == ["day", "kind"]


def test_spaces_in_quoted_fields_and_in_some_names_stay(tmp_path):
    for header in ('"day", "flow"', "day, flow,x", " day,flow "):
        rows = [",".join(map(str, [i % 7, i % 5, i % 3][: header.count(",") + 1])) for i in range(40)]
        (tmp_path / "x.csv").write_text("\n".join([header, *rows]))
        assert not any("spaces" in remark for remark in open_source(tmp_path / "x.csv").remarks)
    with pytest.raises(InputError, match=r"has no column 'day'; its columns are ' day', 'flow '$"):
        open_source(tmp_path / "x.csv", drop=["day"])


@pytest.mark.parametrize(
    ("separator", "called"), [("~", "tildes"), ("^", "carets"), ("\x01", "the control character 1")]
)
def test_separators_of_data_bases_are_found(tmp_path, separator, called):
    assert f" is taken as separated by {called}" in read(tmp_path / "x.csv", TEXT.replace(",", separator))


def test_fields_between_apostrophes_are_without_them(tmp_path):
    quoted = FRAME.to_csv(index=False, quoting=1, quotechar="'")
    assert "'it''s out'" in quoted
    assert " is taken as quoted with apostrophes" in read(tmp_path / "x.csv", quoted)
    names, _, _ = quoted.partition("\n")
    said = read(tmp_path / "x.csv", f"{quoted}{names}\n")
    assert ": 1 line that repeats the column names left out" in said


def test_the_end_of_a_file_of_dos_is_no_row(tmp_path):
    assert read(tmp_path / "x.csv", TEXT + "\x1a") == read(tmp_path / "x.csv", TEXT)


def as_r_writes(frame, separator, names):
    rows = [
        separator.join([f'"{name}"', *map(str, row)]) for name, row in zip(names, frame.values, strict=True)
    ]
    return "\n".join([separator.join(f'"{name}"' for name in frame), *rows]) + "\n"


@pytest.mark.parametrize("separator", [" ", "\t", ";", ","])
@pytest.mark.parametrize(
    "names", [range(1, 41), [f"Mazda RX {i}" for i in range(40)]], ids=["counted", "texts"]
)
def test_rows_may_have_names_which_are_no_feature(tmp_path, separator, names):
    frame = FRAME[["flow"]].assign(x=FRAME["flow"] ** 2, y=range(7, 47))
    (tmp_path / "x.txt").write_text(as_r_writes(frame, separator, names))
    source = open_source(tmp_path / "x.txt")
    samples = source.read()
    assert (samples.columns, samples.x.tolist()) == (["flow", "x", "y"], frame.to_numpy().tolist())
    said = (
        f"{tmp_path}/x.txt: its rows have a field more than column names: the first is taken for their names"
    )
    assert said in source.remarks
    assert f"column 'Unnamed: 0' of {tmp_path}/x.txt is left out, as it is an index" in source.remarks


@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_rows_that_end_in_a_separator_have_no_names(tmp_path, separator):
    rows = [[i + 1, i / 4] for i in range(30)]
    lines = [separator.join(["x", "y"]), *(separator.join([*map(str, row), ""]) for row in rows)]
    (tmp_path / "x.csv").write_text("\n".join(lines))
    source = open_source(tmp_path / "x.csv", columns=["x", "y"])
    assert source.read().x.tolist() == rows
    assert not any("their names" in remark for remark in source.remarks)


@pytest.mark.parametrize("rows", ["3,5,2\n4,5,3\n", "7,1,2\n7,2,3\n", "a,1,2\nb,1\n", ",1,2\n,2,3\n"])
def test_a_field_more_may_be_no_name(tmp_path, rows):
    (tmp_path / "x.csv").write_text(f"x,y\n{rows}")
    with pytest.raises(InputError, match=r"has 3 fields in row 1 \(counted from 1\), expected 2"):
        open_source(tmp_path / "x.csv")
