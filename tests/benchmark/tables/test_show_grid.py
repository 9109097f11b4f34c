"""The tables of a grid: what was run, and "not run" for the rest."""

from __future__ import annotations

import pytest

from ama.benchmark.tables.grid import cells_of
from ama.benchmark.tables.show_grid import show_grid
from ama.errors import InputError
from ama.io.results_files import append_result
from grid_records import auroc_of, table_row


def test_without_results_every_cell_is_not_run(tmp_path):
    table = show_grid("mnist", str(tmp_path / "none.jsonl"))
    assert table.startswith(f"0 of 30 cells run.\n\nThere is no results file {tmp_path / 'none.jsonl'}.\n")
    assert table_row(table, "mnist, 2") == "| mnist, 2 | 0.882 | not run | not run | not run |"


def test_a_record_of_another_version_is_refused(tmp_path):
    path = tmp_path / "newer.jsonl"
    append_result(path, {"cell": {**cells_of("mnist")[0].as_dict(), "noise": 0.1}})
    with pytest.raises(InputError, match=r"record of another version of ama: a cell of data, .*, noise$"):
        show_grid("mnist", str(path))


def test_lines_that_are_no_records_are_counted(tmp_path):
    path = tmp_path / "odd.jsonl"
    path.write_text('[1]\n3\n"cell"\n{"kind": "start"}\n')
    said = f"0 of 30 cells run.\n\nLeft out, as no record of a cell: 4 of the lines of {path}.\n"
    assert show_grid("mnist", str(path)).startswith(said)


def test_minutes_shows_time_and_auroc(tmp_path):
    path = tmp_path / "minutes.jsonl"
    cells = [c for c in cells_of("minutes") if c.method == "compact" and c.data == "mnist"]
    for cell, seconds in zip(cells[:2], (12.4, None), strict=True):
        append_result(
            path, {"cell": cell.as_dict(), "strict": {"score": auroc_of(0.9)}, "fit_seconds": seconds}
        )
    table = show_grid("minutes", str(path))
    assert "| mnist, 3 | compact | 300 | 12 | 0.900 |" in table
    assert "| mnist, 3 | compact | 700 | cut off | 0.900 |" in table
    assert "| mnist, 3 | compact | 1500 | not run | not run |" in table
    assert "| mnist, 3 | neighbours | - | not run | not run |" in table
