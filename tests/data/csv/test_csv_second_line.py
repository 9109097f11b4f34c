"""Units, or a second line of column names, below the first line of a CSV file or a sheet."""

from __future__ import annotations

import openpyxl
import pandas as pd
import pytest

from ama.data.csv.csv_second_line import A_ROW, SecondLine, second_line
from ama.data.sources import open_source
from ama.errors import InputError

ROWS = [["1", "2.5", "2026-01-31"], ["2", "", "2026-02-01"]]
FRAME = pd.DataFrame(
    [[1.5, 0.5, 2.0, "good"], [2.5, 0.25, 3.0, "bad"]],
    columns=pd.MultiIndex.from_tuples([("speed", "mean"), ("speed", "std"), ("flow", "mean"), ("label", "")]),
)


def written(path, **given):
    if path.suffix == ".csv":
        FRAME.to_csv(path, **given)
    else:
        FRAME.to_excel(path, **given)
    return path


@pytest.mark.parametrize(
    ("first", "second", "names"),
    [
        (["a", "", "b"], ["x", "y", "z"], ("a.x", "a.y", "b.z")),
        (["a", "a", "b"], ["x", "y", "x"], ("a.x", "a.y", "b.x")),
        (["id", "a", ""], ["", "x", "y"], ("id", "a.x", "a.y")),
        (["a", "", "b"], ["x", "y"], ("a.x", "a.y", "b")),
        (["", "a", ""], ["w", "x", "y"], ("w", "a.x", "a.y")),
    ],
)
def test_groups_and_what_stands_below_them_are_the_names(first, second, names):
    found = second_line(first, [second, *ROWS])
    assert found == SecondLine(names=names)
    assert found.said("line") == "the first two lines are taken for column names, such as 'a.x'"


@pytest.mark.parametrize(
    ("first", "second", "units"),
    [
        (["a", "b", "c"], ["mm", " °C ", "s"], ("mm", "°C", "s")),
        (["", "a", "b"], ["", "mm", "s"], ("mm", "s")),  # an index without a name
        (["a", "a", "b"], ["mm", "mm", "s"], ("mm", "mm", "s")),  # no names when joined
    ],
)
def test_below_names_that_are_complete_are_units(first, second, units):
    found = second_line(first, [second, *ROWS])
    assert found == SecondLine(units=units)
    assert found.said("row").startswith("the row below the column names is taken for units and left out: ")


@pytest.mark.parametrize("second", [["1", "mm", "s"], ["-", "n/a", ""], ["x", "y", "?"]])
def test_numbers_and_marks_of_missing_values_are_a_row(second):
    assert second_line(["a", "", "c"], [second, *ROWS]) is A_ROW
    assert second_line(["a", "", "c"], [["x", "y", "z"]]) is A_ROW
    assert second_line(["a", "", "c"], [["x", "y", "z"], ["1", "good", "2"]]) is A_ROW


@pytest.mark.parametrize(("suffix", "index"), [(".csv", False), (".csv", True), (".xlsx", True)])
def test_a_table_of_pandas_with_two_levels_of_names_is_read_as_in_memory(tmp_path, suffix, index):
    path = written(tmp_path / f"t{suffix}", index=index)
    samples, expected = open_source(path).read(), open_source(FRAME).read()
    assert samples.columns == expected.columns == ["speed.mean", "speed.std", "flow.mean"]
    assert samples.x.tolist() == expected.x.tolist()
    assert samples.labels.tolist() == expected.labels.tolist()
    noun = "row" if suffix == ".xlsx" else "line"
    said = f"{path}: the first two {noun}s are taken for column names, such as 'speed.mean'"
    assert samples.remarks[0] == said
    with pytest.raises(InputError, match="refused by strict"):
        open_source(path, strict=True)


def test_units_below_the_names_of_a_sheet_are_left_out_as_in_a_csv_file(tmp_path):
    made = openpyxl.Workbook()
    for row in (["at", "flow", "state"], ["s", "m³/s", None], [0, 1.5, "on"], [1, 2.5, "off"]):
        made.active.append(row)
    made.save(tmp_path / "t.xlsx")
    (tmp_path / "t.csv").write_text("at,flow,state\ns,m³/s,\n0,1.5,on\n1,2.5,off\n", "utf-8")
    sheet, file = (open_source(tmp_path / name) for name in ("t.xlsx", "t.csv"))
    assert sheet.read().x.tolist() == file.read().x.tolist()
    assert sheet.remarks[0].endswith(
        "the row below the column names is taken for units and left out: s, m³/s"
    )


def test_dashes_below_the_names_of_a_client_of_a_database_are_no_row(tmp_path):
    psql = " flow  | kind | day\n-------+------+------------\n"
    psql += "   1.5 | a b  | 2026-01-31\n  12.5 | c    | 2026-02-01\n(2 rows)\n\n"
    (tmp_path / "psql.txt").write_text(psql)
    sqlcmd = "flow   ,kind,day\n-------,----,----------\n"
    sqlcmd += "    1.5,a b ,2026-01-31\n   12.5,c   ,2026-02-01\n\n(2 rows affected)\n"
    (tmp_path / "sqlcmd.csv").write_text(sqlcmd)
    for name, said in {"psql.txt": "(2 rows)", "sqlcmd.csv": "(2 rows affected)"}.items():
        source = open_source(tmp_path / name, label_column="kind")
        remarks = [remark.removeprefix(f"{tmp_path}/{name}: ") for remark in source.remarks]
        assert "the line of dashes below the column names is left out" in remarks
        assert f"the last line is left out, a remark: {said}" in remarks
        samples = source.read()
        assert samples.labels.tolist() == ["a b", "c"]
        assert samples.columns == ["flow", "day"]


def test_marks_of_missing_values_are_a_row_however_many(tmp_path):
    (tmp_path / "x.csv").write_text("a,b\n--,--\n" + "".join(f"{i / 4},{i % 7}\n" for i in range(50)))
    assert len(open_source(tmp_path / "x.csv")) == 51
