"""The table of what a training costs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ama.benchmark.tables.cell import Cell
from ama.benchmark.tables.grid import cells_of
from ama.benchmark.tables.show_grid import show_grid
from ama.io.results_files import append_result
from grid_records import TRAINED, auroc_of, table_row

ALAD = {"width": None, "batch_size": None, "max_steps": None}  # as older records hold what the preset decides
COMPACT = {"discriminator_width": 32, "batch_size": 16, "max_steps": 3000}


def add(path: Path, cell: Cell, parameters: dict[str, Any], seconds: float | None) -> None:
    found = {**TRAINED, "parameters": parameters, "fit_seconds": seconds}
    append_result(path, {"cell": cell.as_dict(), "strict": {"score": auroc_of(0.9)}, **found})


def cells(grid: str, method: str) -> list[Cell]:
    return [cell for cell in cells_of(grid) if cell.method == method]


def test_sizes_and_seconds_stand_beside_one_another(tmp_path):
    path = tmp_path / "mnist_methods.jsonl"
    for cell, seconds in zip(cells("mnist_methods", "ALAD"), (100.0, 130.4, 300.0), strict=False):
        add(path, cell, ALAD, seconds)
    add(tmp_path / "mnist.jsonl", cells("mnist", "compact")[0], COMPACT, 268.2)
    add(path, cells("mnist_methods", "FGAN")[0], {**ALAD, "max_steps": 7}, None)
    costs = show_grid("mnist_methods", str(path)).split("| method | channels |")[1]
    assert table_row(costs, "ALAD |").startswith("| ALAD | 32 | 32 | 2,000 | 130 | 100 to 300 | ")
    assert table_row(costs, "compact |").startswith("| compact | 32 | 16 | 3,000 | 268 | 268 to 268 | ")
    assert table_row(costs, "compact |").endswith("; 1 thread |")
    # A training that was resumed has no seconds.
    assert table_row(costs, "FGAN |").startswith("| FGAN | 32 | 64 | 7 | cut off | cut off | ")
    assert table_row(costs, "AnoGAN |") == "| AnoGAN |" + " not run |" * 6
    assert "neighbours" not in costs


def test_the_grid_of_equal_seconds_shows_both_tables_and_nothing_published(tmp_path):
    path = tmp_path / "equal_seconds.jsonl"
    add(path, cells("equal_seconds", "Skip-GANomaly")[8], ALAD, 250.0)
    shown = show_grid("equal_seconds", str(path))
    assert shown.startswith("1 of 70 cells run.")
    assert "in the AMA paper" not in shown
    assert table_row(shown, "Skip-GANomaly (").count("not run") == 10
    assert table_row(shown.split("| channels |")[1], "Skip-GANomaly |").startswith(
        "| Skip-GANomaly | 32 | 64 | "
    )
