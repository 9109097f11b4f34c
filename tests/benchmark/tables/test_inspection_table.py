"""The tables of the grid inspection."""

from __future__ import annotations

from typing import Any

import pytest

from ama.benchmark.tables.cell import Cell
from ama.benchmark.tables.inspection_table import inspection_tables
from grid_records import table_row

METHODS = ("ours", "theirs")
SETS = ("mine/a", "mine/b", "yours/c", "yours/d", "alone")
CELLS = [Cell(data, None, None, method) for data in SETS for method in METHODS]
CLASSES = [Cell("cifar10", label, None, method) for method in METHODS for label in ("cat", "dog")]


def record(auroc: float, **changed: Any) -> dict[str, Any]:
    return {
        "strict": {
            "score": {
                "auroc": {"value": auroc, "low": auroc - 0.1, "high": auroc + 0.05},
                "average_precision": {"value": 0.5},
                "n_normal": 20,
                "n_anomalous": 30,
            }
        },
        "decision": {"false_alarm_rate": 0.05, "false_alarms": 1, "detected": 12},
        "localisation": {"pixel_auroc": 0.8},
        "fit_seconds": 30.4,
        "fit_cpu_seconds": 20.4,
        "score_seconds": 2.0,
        "peak_gib": 1.25,
        "n_learned": 200,
        "threads": 1,
        "machine": "an abacus",
        **changed,
    }


def tables(records: dict[Cell, dict[str, Any]], pixels: tuple[Cell, ...] = ()) -> str:
    return "\n\n".join(inspection_tables([*CELLS, *CLASSES], records, list(pixels)))


def test_a_family_of_which_nothing_was_run_is_one_column():
    table = tables({})
    assert table_row(table, "AUROC") == "| AUROC | mine, 2 sets | yours, 2 sets | alone |"
    assert table_row(table, "ours") == "| ours | not run | not run | not run |"
    assert "###" not in table
    assert table_row(table, "cifar10, cat") == "| cifar10, cat | 0.603 | not run | not run |"


def test_an_average_is_over_all_sets_of_a_family():
    found = {CELLS[0]: record(0.8), CELLS[2]: record(0.9), CELLS[1]: record(0.7)}
    table = tables(found)
    assert table_row(table, "AUROC") == "| AUROC | mine/a | mine/b | mine, average | yours, 2 sets | alone |"
    assert table_row(table, "ours") == "| ours | 0.800 | 0.900 | **0.850** | not run | not run |"
    assert (
        table_row(table, "theirs") == "| theirs | 0.700 | not run | not run: 1 missing | not run | not run |"
    )


def test_a_set_has_a_table_of_what_a_method_finds_and_costs():
    table = tables({CELLS[0]: record(0.8)})
    assert "### mine/a" in table
    assert "### mine/b" not in table
    table = table[table.index("### mine/a") :]
    assert table_row(table, "ours") == (
        "| ours | 200 | 0.800 (0.700 to 0.850) | 0.500 | 1 of 20 | 12 of 30 | 0.800 | - | 30 | 20 | 40 | 1.2 |"
    )
    assert "| theirs" not in table[: table.index("Not run: theirs.")]
    assert "Processor: an abacus; 1 thread." in table


@pytest.mark.parametrize("value", [None, {"pixel_auroc": 0.8, "pro": 0.4}])
def test_what_was_not_measured_is_a_dash(value):
    table = tables({CELLS[0]: record(0.8, localisation=value, peak_gib=None)})
    row = table_row(table[table.index("### mine/a") :], "ours")
    assert ("| - | - |" in row) is (value is None)
    assert ("| 0.800 | 0.400 |" in row) is (value is not None)
    assert row.endswith("| - |")


def test_classes_are_averaged_beside_the_records_of_another_grid():
    other = Cell("cifar10", "cat", None, "compact")
    elsewhere = Cell("cifar10", "frog", None, "compact")
    found = {CLASSES[0]: record(0.6), CLASSES[1]: record(0.8, n_learned=150), other: record(0.9)}
    table = tables(found, (other, elsewhere))
    assert "frog" not in table
    assert table_row(table, "cifar10, cat").endswith("| not run | 0.900 (0.800 to 0.950) |")
    assert table_row(table, "ours, 2 of 2 classes").startswith(
        "| ours, 2 of 2 classes | 150, 200 | 0.700 | 0.500 | 2 of 40 | 24 of 60 |"
    )


def test_sets_found_later_join_their_family():
    late = Cell("mine/e", None, None, "ours")
    table = "\n".join(inspection_tables([*CELLS, *CLASSES, late], {late: record(0.8)}, []))
    titles = table_row(table, "AUROC").strip("| ").split(" | ")
    assert titles[1:5] == ["mine/a", "mine/b", "mine/e", "mine, average"]
