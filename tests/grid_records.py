"""Records of a grid's cells, and how its tables are read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ama.benchmark.tables.cell import Cell
from ama.io.results_files import append_result

# What the record of any method holds besides its metrics.
TRAINED: dict[str, Any] = {
    "parameters": {"discriminator_width": 32, "width": None, "batch_size": 16, "max_steps": 3000},
    "fit_seconds": 60.0,
    "threads": 1,
}


def auroc_of(value: float) -> dict[str, Any]:
    return {"auroc": {"value": value, "low": value - 0.01, "high": value + 0.01}}


def add_result(path: Path, cell: Cell, value: float, paper: float | None = None) -> None:
    """Append a record of a cell with these AUROC: under the strict protocol and, if it differs, the paper's."""
    names = ("score", "r_score", "a_score") if cell.method not in ("neighbours", "pca") else ("score",)
    append_result(
        path,
        {
            "cell": cell.as_dict(),
            **TRAINED,
            "strict": {name: auroc_of(value) for name in names},
            "paper": {name: auroc_of(paper or value) for name in names},
        },
    )


def table_row(table: str, start: str) -> str:
    return next(line for line in table.splitlines() if line.startswith(f"| {start}"))
