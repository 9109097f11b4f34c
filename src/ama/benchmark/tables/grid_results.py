"""The results file of a grid: where it is, and the record of each cell in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ama.benchmark.tables.cell import Cell
from ama.io.results_files import read_results


def results_path(grid: str, results: str | None) -> Path:
    """The results file given by the user, or the grid's default."""
    return Path(results or f"benchmarks/results/{grid}.jsonl")


def records_of(path: Path) -> dict[Cell, dict[str, Any]]:
    """The record of every cell in a results file."""
    return {Cell(**record["cell"]): record for record in read_results(path) if "cell" in record}
