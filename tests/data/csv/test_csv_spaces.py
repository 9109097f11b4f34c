"""Tables whose fields are separated by spaces, and tables in files with the suffix of text."""

from __future__ import annotations

import gzip

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ama.data.csv.csv_dialect import MAX_LINE
from ama.data.csv.csv_spaces import SPACES, between_spaces, tabbed
from ama.data.sources import open_source
from ama.errors import InputError

rng = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {"speed": rng.normal(50, 9, 40).round(2), "force": rng.normal(5, 1, 40).round(3), "n": range(3, 43)}
)
X = FRAME.to_numpy()
ALIGNED = FRAME.to_string(index=False) + "\n"


@pytest.mark.parametrize("name", ["a.txt", "a.dat", "a.DATA", "a.asc", "a.csv", "a.txt.gz"])
def test_aligned_columns_are_a_table(tmp_path, name):
    (tmp_path / name).write_bytes(
        gzip.compress(ALIGNED.encode()) if name.endswith("gz") else ALIGNED.encode()
    )
    source = open_source(tmp_path / name)
    samples = source.read()
    assert samples.columns == ["speed", "force", "n"]
    np.testing.assert_array_equal(samples.x, X)
    assert source.remarks == (f"{tmp_path / name} is taken as separated by spaces",)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_encodings_tabs_units_remarks_and_decimal_commas_are_no_matter(tmp_path, encoding, end):
    lines = ALIGNED.replace(".", ",").replace("speed", "größe").splitlines()
    above = ["# written by a logger", "# on May 3, in the lab", lines[0], " m/s \t N  rpm "]
    text = end.join(above + [f"{line}\t " for line in lines[1:]]) + end
    (tmp_path / "a.txt").write_bytes(text.encode(encoding))
    source = open_source(tmp_path / "a.txt")
    assert source.read().columns == ["größe", "force", "n"]
    np.testing.assert_array_equal(source.read().x, X)
    assert any("separated by spaces, with decimal commas" in remark for remark in source.remarks)
    assert source.remarks[-2:] == (
        f"{tmp_path}/a.txt: the first 2 lines are left out: the column names are below",
        f"{tmp_path}/a.txt: the line below the column names is taken for units and left out: m/s, N, rpm",
    )


@pytest.mark.parametrize(("mark", "called"), [("\t", None), (",", "commas"), (";", "semicolons")])
def test_other_separators_are_found_in_files_of_text(tmp_path, mark, called):
    FRAME.to_csv(tmp_path / "a.txt", sep=mark, index=False)
    source = open_source(tmp_path / "a.txt")
    np.testing.assert_array_equal(source.read().x, X)
    assert source.remarks == (
        () if called is None else (f"{tmp_path}/a.txt is taken as separated by {called}",)
    )


def test_the_large_are_read_in_parts_and_the_last_line_needs_no_end(tmp_path):
    x = np.stack([np.arange(977 * 7) % 977, np.arange(977 * 7) % 7], 1)
    lines = "".join(f" {speed:5}   {force:3} \n" for speed, force in x)
    n = 2 * MAX_LINE // len(lines)
    (tmp_path / "a.txt").write_text("speed \t force\n" + (n * lines).rstrip("\n"))
    np.testing.assert_array_equal(open_source(tmp_path / "a.txt").read().x, np.tile(x, (n, 1)))


def test_a_row_with_another_number_of_fields_is_named(tmp_path):
    (tmp_path / "a.txt").write_text("speed force\n" + "1 2\n" * 60 + "1 2 3\n")
    with pytest.raises(InputError, match=r"a.txt has 3 fields in row 61 \(counted from 1\), expected 2"):
        open_source(tmp_path / "a.txt")


@pytest.mark.parametrize(
    "text",
    [
        "first name\nJohn Smith\nJane Doe\n",
        "Date Time\n2026-01-31 09:30\n2026-02-01 10:00\n",
        "a b\n1 2 3\n",
        'a b\n"1 2" 3\n',
        "1 2\n3 4\n",
        "speed\n1\n2\n",
        'size text\n1 5" wide\n2 6" wide\n',
        "a b\n",
        "",
    ],
)
def test_other_lines_are_no_fields_between_spaces(text):
    assert not between_spaces(text.splitlines())


@given(
    st.lists(st.lists(st.from_regex(r"[a-z0-9.,]+", fullmatch=True), min_size=1, max_size=4), max_size=9),
    st.data(),
)
def test_fields_stay_as_they_are(rows, data):
    blank = st.text(" \t", min_size=1, max_size=3)
    around = st.text(" \t", max_size=2)
    lines = [data.draw(around) + data.draw(blank).join(row) + data.draw(around) for row in rows]
    expected = ["\t".join(row) for row in rows]
    assert tabbed("\r\n".join(lines).encode()).decode().split("\r\n") == (expected or [""])
    assert SPACES == " "


def test_quoted_fields_may_hold_spaces(tmp_path):
    (tmp_path / "a.txt").write_text('"name" "speed (km)"\n"a b" 1\n"c"  2.5\n"a b" 3\n')
    source = open_source(tmp_path / "a.txt", columns=["name", "speed (km)"])
    assert source.read().x.tolist() == [[1, 0, 1], [0, 1, 2.5], [1, 0, 3]]
    assert tabbed(b'"a b" 6"x "c d"\n').split(b"\t") == [b'"a b"', b'6"x', b'"c d"\n']
