"""The tables of the grids of rows."""

from __future__ import annotations

import pytest

from ama.benchmark.tables.grid import cells_of
from ama.benchmark.tables.show_grid import show_grid
from grid_records import auroc_of, table_row

AUROC = {"5th neighbour": 0.9, "LOF": 0.8, "ECOD": 0.95}


def record(value):
    return {"strict": {"score": auroc_of(value)}, "fit_seconds": 2.0, "score_seconds": 0.5}


@pytest.fixture
def show(monkeypatch):
    """The tables of records that are given by cell."""

    def shown(grid, records):
        monkeypatch.setattr("ama.benchmark.tables.show_grid.records_of", lambda path: records)
        return show_grid(grid, None)

    return shown


def test_a_method_without_all_of_its_cells_is_not_run(show):
    cells = cells_of("tables")
    records = {cell: record(0.7) for cell in cells if (cell.method, cell.seed) == ("LOF", 0)}
    table = show("tables", records)
    assert table.startswith("28 of 1374 cells run.")
    assert table_row(table, "cardio") == f"| cardio | {' | '.join(['not run'] * 17)} |"
    assert "| LOF | not run | not run | not run | 2.00 (2.0) | 0.50 (0.5) |" in table
    assert "Friedman" not in table


def test_averages_ranks_and_losses(show):
    records = {}
    for cell in cells_of("tables"):
        if cell.method in AUROC:
            bad = cell.method == "ECOD" and cell.data == "adbench/6_cardio"
            records[cell] = record(0.4 + 0.1 * cell.seed if bad else AUROC[cell.method])
    table = show("tables", records)
    assert f"| cardio | {' | '.join(['not run'] * 5)} | 0.900 | not run | 0.800 | " in table
    assert "| 0.500 |" in table_row(table, "cardio")
    assert "average rank of 3" in table
    assert "| 5th neighbour | 0.900 | 1.95 | - | 2.00 (2.0) | 0.50 (0.5) |" in table
    assert f"| ECOD | {(21 * 0.95 + 0.5) / 22:.3f} | 1.09 | 0.400 (cardio) |" in table
    assert "| LOF | 0.800 | 2.95 | 0.100 (annthyroid) |" in table
    assert "| ECOD | 0.950 | 1.00 | none |" in table  # of the embeddings
    assert "Friedman test of 3 detectors on 22 sets: p = " in table


def test_a_method_left_out_of_a_group_has_no_column_there(show):
    of_tables, of_embeddings = (
        line for line in show("tables", {}).splitlines() if line.startswith("| AUROC, mean of 3 seeds")
    )
    assert "elliptic envelope" in of_tables
    assert "elliptic envelope" not in of_embeddings


def test_losses_by_learned_anomalies(show):
    records = {
        cell: record(
            0.9 - cell.contamination - (0.1 if cell.data == "adbench/20_letter" and cell.contamination else 0)
        )
        for cell in cells_of("tables_contaminated")
        if cell.method == "LOF"
    }
    table = show("tables_contaminated", records)
    expected = [0.9, 0.85 - 0.1 / 22, 0.8 - 0.1 / 22, 0.1 + 0.1 / 22]
    texts = " | ".join(f"{value:.3f}" for value in expected)
    assert f"| LOF | {texts} | 0.200 (letter) |" in table
    assert "| ECOD | not run | not run | not run | not run | not run |" in table
