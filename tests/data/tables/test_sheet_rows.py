"""Rows of a sheet that are none."""

from __future__ import annotations

import datetime as dt

import openpyxl
import pandas as pd
import pytest
import torch

from ama.data.sources import open_source

NAMES = ["day", "flow", "kind"]
ROWS = [[dt.datetime(2026, 1, 1 + i % 28), i % 7 / 4, "ab"[i % 2]] for i in range(40)]


def read(path, rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    source = open_source(path)
    return source, [remark.removeprefix(f"{path}: ") for remark in source.remarks]


@pytest.mark.parametrize("header", [[NAMES], [NAMES, [None, "l/min", None]]])
def test_the_column_names_of_every_printed_page_are_left_out(tmp_path, header):
    source, said = read(
        tmp_path / "x.xlsx", [*header, *ROWS[:15], *header, *ROWS[15:30], *header, *ROWS[30:]]
    )
    assert torch.equal(source.read().x, open_source(pd.DataFrame(ROWS, columns=NAMES)).read().x)
    assert f"{2 * len(header)} rows that repeat the column names left out" in said


@pytest.mark.parametrize("below", [["exported by Ann"], ["(40 rows)", ""]])
def test_remarks_below_the_last_row_are_left_out(tmp_path, below):
    source, said = read(tmp_path / "x.xlsx", [NAMES, *ROWS, [], *([text] for text in below)])
    assert len(source) == 40
    n = sum(map(bool, below))
    assert f"the last {'row is' if n == 1 else f'{n} rows are'} left out, a remark: {below[0]}" in said


@pytest.mark.parametrize(
    ("rows", "n"),
    [
        ([NAMES, *ROWS, ["Total", 30, None]], 41),
        ([["kind", "flow"], *([row[2], row[1]] for row in ROWS), ["c"]], 41),
        ([["flow", "kind"], *(row[1:] for row in ROWS), [5.5]], 41),
        ([["day"], *(row[:1] for row in ROWS), ["exported"]], 41),
    ],
)
def test_what_may_be_a_row_is_one(tmp_path, rows, n):
    source, said = read(tmp_path / "x.xlsx", rows)
    assert len(source) == n
    assert not any("a remark" in remark for remark in said)
