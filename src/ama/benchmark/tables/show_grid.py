"""``ama benchmark show``: the results of a grid as Markdown tables, beside the published numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ama.benchmark.tables.ablation_table import ablation_table
from ama.benchmark.tables.cell import Cell
from ama.benchmark.tables.contamination_table import contamination_table
from ama.benchmark.tables.cost_table import cost_table
from ama.benchmark.tables.experiment_table import experiment_table
from ama.benchmark.tables.grid import (
    CONTAMINATED,
    EQUAL_SECONDS,
    INSPECTION,
    KEEL_TABLES,
    METHODS_OF,
    TABLES,
    cells_of,
)
from ama.benchmark.tables.grid_results import n_other_lines, records_of, results_path
from ama.benchmark.tables.inspection_table import inspection_tables
from ama.benchmark.tables.method_table import method_table
from ama.benchmark.tables.rank_table import rank_tables
from ama.benchmark.tables.table_text import NOT_RUN, head, line

PIXELS_OF, COMPACT = "cifar10", "compact"  # grid and method beside the classes of the grid inspection


def show_grid(grid: str, results: str | None) -> str:
    """The tables of a grid. A cell without a result is "not run".

    Parameters
    ----------
    grid
        A key of :data:`ama.benchmark.tables.grid.GRIDS`.
    results
        Results file; None means ``benchmarks/results/GRID.jsonl``.

    Raises
    ------
    InputError
        If there is no such grid.
    """
    path, cells = results_path(grid, results), cells_of(grid)
    records = records_of(path)
    if grid == INSPECTION:  # the data of whoever ran it may have had further sets
        cells = [*cells, *(cell for cell in records if cell.labelled and cell not in cells)]
    parts = [f"{sum(cell in records for cell in cells)} of {len(cells)} cells run."]
    if not path.exists():
        parts.append(f"There is no results file {path}.")
    if n := n_other_lines(path):
        parts.append(f"Left out, as no record of a cell: {n} of the lines of {path}.")
    if grid in ("minutes", "hour"):
        parts.append(_time_table(cells, records))
    elif grid.endswith(METHODS_OF):
        base = grid.removesuffix(METHODS_OF)
        compared = [*cells_of(base), *cells]
        found = {**records_of(path.with_name(f"{base}.jsonl")), **records}
        parts += [method_table(compared, found), cost_table(compared, found)]
    elif grid == EQUAL_SECONDS:
        parts += [method_table(cells, records, with_published=False), cost_table(cells, records)]
    elif grid in (TABLES, KEEL_TABLES):
        parts += rank_tables(cells, records)
    elif grid == CONTAMINATED:
        parts.append(contamination_table(cells, records))
    elif grid == INSPECTION:
        pixels = [cell for cell in cells_of(PIXELS_OF) if cell.method == COMPACT]
        found = {**records_of(path.with_name(f"{PIXELS_OF}.jsonl")), **records}
        parts += inspection_tables(cells, found, pixels)
    elif _has_several_seeds(cells):
        parts.append(ablation_table(cells, records))
    else:
        parts += [experiment_table(cells, records, protocol) for protocol in ("strict", "paper")]
    return "\n\n".join(parts) + "\n"


def _has_several_seeds(cells: Sequence[Cell]) -> bool:
    return len({cell.seed for cell in cells}) > 1


def _time_table(cells: Sequence[Cell], records: dict[Cell, Any]) -> str:
    """A line for each training: its time, and its AUROC under the strict protocol."""
    lines = head("", "method", "steps", "seconds", "AUROC, strict protocol", "R-score alone")
    for cell in cells:
        found = [NOT_RUN] * 3
        if cell in records:
            seconds, scores = records[cell]["fit_seconds"], records[cell]["strict"]
            aurocs = [
                f"{scores[s]['auroc']['value']:.3f}" if s in scores else "-" for s in ("score", "r_score")
            ]
            found = ["cut off" if seconds is None else f"{seconds:.0f}", *aurocs]
        steps = "-" if cell.max_steps is None else str(cell.max_steps)
        lines.append(line(cell.experiment, cell.method, steps, *found))
    return "\n".join(lines)
