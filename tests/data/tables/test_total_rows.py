"""The last row of a file where it holds the totals of the others."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ama.data.sources import open_source
from ama.data.tables.total_rows import are_totals

FRAME = pd.DataFrame(
    {
        "day": [f"2026-01-{i % 28 + 1:02}" for i in range(40)],
        "n": range(3, 43),
        "flow": [i % 7 / 4 + 0.5 for i in range(40)],
    }
)


def totals(frame, first):
    return pd.DataFrame([[first, frame["n"].sum(), round(frame["flow"].sum(), 2)]], columns=frame.columns)


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
@pytest.mark.parametrize("first", ["Total", "Grand total:", "Summe", None])
def test_they_are_left_out_with_a_word(tmp_path, name, first):
    last = totals(FRAME, first) if first else totals(FRAME.assign(flow=2), None)
    frame = FRAME if first else FRAME.assign(flow=2)
    path = tmp_path / name
    written = pd.concat([frame, last])
    if name == "a.csv":
        written.to_csv(path, index=False)
    else:
        written.to_excel(path, index=False)
    source = open_source(path)
    assert f"{path}: the last row is left out, as it holds the totals of the others" in source.remarks
    assert source.read().x.tolist() == open_source(frame).read().x.tolist()


@pytest.mark.parametrize(
    "text",
    [
        "x,y\n1,2\n3,4\n,6\n",
        "k,x\na,1\nb,2\nc,3\nd,4\ne,5\nf,15\n",
        "a,b,c\n0,1,0\n1,0,0\n0,1,0\n1,0,0\n1,0,0\n0,0,1\n0,0,1\n",
        "a,b,c\n0,1,0\n1,0,0\n0,1,0\n1,0,0\n1,0,0\n0,0,1\n,0,1\n",
    ],
)
def test_sums_of_few_rows_beside_other_texts_or_of_rare_ones_are_rows(tmp_path, text):
    (tmp_path / "a.csv").write_text(text)
    assert len(open_source(tmp_path / "a.csv")) == text.count("\n") - 1


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 99), st.floats(1, 9)), min_size=6))
def test_a_complete_row_with_kinds_of_its_column_is_a_row(rows):
    *above, last = rows
    assert not are_totals(last, len(above), lambda i: [row[i] for row in above])
