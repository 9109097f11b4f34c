"""Workbooks of Excel."""

from __future__ import annotations

import datetime
import importlib.util
import zipfile

import openpyxl
import pandas as pd
import pytest
from openpyxl.chart import BarChart

from ama.data.sources import open_source
from ama.data.tables import excel_tables
from ama.errors import InputError, MissingLibraryError
from ama.utils import extras

DAY = datetime.datetime(2026, 1, 31, 12)


def book(path, rows, *others):
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    for name in others:
        made.create_sheet(name)
    made.save(path)
    return path


def test_the_first_sheet_is_a_table_and_others_are_named(tmp_path):
    rows = [
        ["flow", "state", "at", "ok"],
        [1.5, "on", DAY, True],
        [2, "off", DAY, False],
        [3, "on", DAY, True],
    ]
    path = book(tmp_path / "a.xlsx", [*rows, [None] * 6], "notes", "more")
    source = open_source(path)
    expected = open_source(pd.DataFrame(rows[1:], columns=rows[0]))
    assert source.read().x.tolist() == expected.read().x.tolist()
    assert (
        source.remarks[0] == f"{path}: read from its first sheet, 'Sheet', without 2 sheets: 'notes', 'more'"
    )
    assert [said.replace(str(path), "the data frame") for said in source.remarks[1:]] == list(
        expected.remarks
    )
    assert len(open_source(f"file://{path}")) == len(source) == 3
    with pytest.raises(InputError, match="refused by strict"):
        open_source(path, strict=True)


def test_labels_are_a_column_and_columns_without_a_value_are_said(tmp_path):
    path = book(tmp_path / "a.xlsx", [["x", "label", "c"], [1, "good", "=A2"], [2.5, "bad", "=A3"]])
    source = open_source(path)
    assert (source.read().x.tolist(), source.read().labels.tolist()) == ([[1], [2.5]], ["good", "bad"])
    [said] = source.remarks  # what openpyxl writes has no stored values of formulas
    assert said.endswith("is left out, as it holds no value")


def test_titles_above_and_blank_rows_are_left_out_with_a_word(tmp_path):
    rows = [["Report", None], [], ["x", "flow"], [1, 2], [None, None], [3, 4.5], ["#N/A", 1]]
    source = open_source(book(tmp_path / "a.xlsx", rows), drop=["x"])
    assert source.read().x.tolist() == [[2], [4.5], [1]]
    assert source.remarks == (
        f"{source.name}: the first row is left out: the column names are below",
        f"{source.name}: 1 row without a value left out",
    )


def test_texts_stay_as_they_are_and_an_index_is_the_id(tmp_path):
    rows = [[None, "x", "kind", "label"], ["007", 1, "NA", "1.0"], ["08", 2, "b", "2"], ["9", 3, "NA", "2"]]
    samples = open_source(book(tmp_path / "a.xlsx", rows)).read()
    assert (samples.ids, samples.labels.tolist()) == (["007", "08", "9"], ["1.0", "2", "2"])
    assert samples.x.tolist() == [[1, 1, 0], [2, 0, 1], [3, 1, 0]]


def test_a_sheet_of_a_chart_is_no_table(tmp_path):
    made = openpyxl.Workbook()
    made.create_chartsheet("chart", 0).add_chart(BarChart())
    for row in (["x"], [1], [2]):
        made.worksheets[0].append(row)
    made.save(tmp_path / "a.xlsx")
    source = open_source(tmp_path / "a.xlsx")
    assert (source.read().x.tolist(), source.remarks) == ([[1], [2]], ())


def test_a_sheet_without_column_names_is_read_whole(tmp_path):
    rows = [[5.1, 3.5, "setosa"], [4.9, None, "setosa"], [6.4, 3.2, "virginica"], [6.9, 3.1, "virginica"]]
    source = open_source(book(tmp_path / "a.xlsx", [*rows[:2], [], *rows[2:]]), label_column="3")
    samples = source.read()
    assert source.columns == ["1", "2"]
    assert samples.x[:, 0].tolist() == [5.1, 4.9, 6.4, 6.9]
    assert samples.labels.tolist() == ["setosa", "setosa", "virginica", "virginica"]
    assert source.remarks[:2] == (
        f"{tmp_path}/a.xlsx: the first row is like the others, so it is not taken for column names, which are 1 to 3",
        f"{tmp_path}/a.xlsx: 1 row without a value left out",
    )


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (
            lambda path: path.write_text("x"),
            r"a.xlsx is a file of a kind that is not read \(.xlsx\): save its sheet",
        ),
        (lambda path: zipfile.ZipFile(path, "w").close(), r"a.xlsx cannot be read: "),
        (lambda path: book(path, []), r"a.xlsx has no columns, expected at least one"),
        (lambda path: book(path, [["x"]]), r"a.xlsx has no rows"),
        (
            lambda path: book(path, [["x", "x"], [1, 2]]),
            r"a.xlsx has two columns named 'x', expected unique names",
        ),
        (
            lambda path: book(path, [[1.5, 2], [1, 2]]),
            r"the first line of .*a.xlsx holds the numbers 1.5, 2, expected",
        ),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, make, sentence):
    make(tmp_path / "a.xlsx")
    with pytest.raises(InputError, match=sentence):
        open_source(tmp_path / "a.xlsx")


def test_a_large_one_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(excel_tables, "MAX_BYTES", 100)
    with pytest.raises(InputError, match=r"a.xlsx holds 0 GiB, expected less of a workbook: save it as CSV"):
        open_source(book(tmp_path / "a.xlsx", [["x"], [1]]))


def test_without_the_library_its_extra_is_named(tmp_path, monkeypatch):
    path = book(tmp_path / "a.xlsx", [["x"], [1]])
    found = importlib.util.find_spec
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name == "openpyxl" else found(name))
    with pytest.raises(
        MissingLibraryError, match=r"reading workbooks of Excel needs openpyxl, .* extra 'excel' of ama"
    ):
        open_source(path)


@pytest.mark.parametrize("epoch", [openpyxl.utils.datetime.WINDOWS_EPOCH, openpyxl.utils.datetime.MAC_EPOCH])
def test_times_of_a_day_and_longer_are_durations(tmp_path, epoch):
    made = openpyxl.Workbook()
    made.epoch = epoch
    days = [0.25, 0.5, 1.25, 2.75]
    for row in (["taken", "x"], *([n, 7.5] for n in days)):
        made.active.append(row)
    for cell in made.active["A"][1:]:
        cell.number_format = "h:mm"
    made.save(tmp_path / "a.xlsx")
    source = open_source(tmp_path / "a.xlsx")
    assert source.read().x[:, 0].tolist() == [n * 86_400 for n in days]
    assert any("'taken' of " in said and "is a duration" in said for said in source.remarks)


def test_times_among_dates_are_no_durations(tmp_path):
    rows = [["at", "x"], *([value, 7.5] for value in (DAY, DAY.time(), DAY))]
    source = open_source(book(tmp_path / "a.xlsx", rows))
    assert not any("duration" in said for said in source.remarks)
