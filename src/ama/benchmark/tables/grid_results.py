"""The results file of a grid: where it is, and the record of each cell in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ama.benchmark.tables.cell import Cell
from ama.errors import InputError
from ama.io.results_files import read_results


def results_path(grid: str, results: str | None) -> Path:
    """The results file given by the user, or the grid's default."""
    return Path(results or f"benchmarks/results/{grid}.jsonl")


def records_of(path: Path) -> dict[Cell, dict[str, Any]]:
    """The record of every cell in a results file, the latest where there are several.

    Raises
    ------
    InputError
        If a record is of a version of ama whose cells have other fields.
    """
    found = {}
    for record in read_results(path):
        if "cell" in record:
            try:
                found[Cell(**record["cell"])] = record
            except TypeError:
                fields = ", ".join(record["cell"])
                raise InputError(
                    f"{path} holds a record of another version of ama: a cell of {fields}"
                ) from None
    return found


def n_other_lines(path: Path) -> int:
    """How many lines of a results file are no record of a cell, or only the start of one."""
    lines = path.read_bytes().splitlines() if path.exists() else []
    return len(lines) - sum("cell" in record for record in read_results(path))
