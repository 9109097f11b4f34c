"""The table of a grid with a line for each experiment and a column for each method and score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ama.benchmark.tables.cell import Cell
from ama.benchmark.tables.published import TABLE_1, TABLE_2, TABLE_2_AVERAGE
from ama.benchmark.tables.table_text import NOT_RUN, head, line, published

SCORES = {"score": "", "r_score": " (R-score)", "a_score": " (A-score)"}


def experiment_table(cells: Sequence[Cell], records: dict[Cell, Any], protocol: str) -> str:
    """AUROC with 95 % intervals and, if the experiments are classes of one data set, the average over them.

    Parameters
    ----------
    cells
        The cells of the grid.
    records
        The records of those that were run.
    protocol
        "strict" or "paper".
    """
    cells = [cell for cell in cells if protocol == "strict" or not cell.strict_only]
    found = {cell: records[cell][protocol] for cell in cells if cell in records}
    columns = [
        (method, score)
        for method in dict.fromkeys(cell.method for cell in cells)
        for score in _scores([scores for cell, scores in found.items() if cell.method == method])
    ]
    titles = [f"{method}{SCORES[score]}" for method, score in columns]
    lines = head(f"AUROC, {protocol} protocol", "published", *titles)
    values: list[list[float]] = []
    for experiment in dict.fromkeys(cell.experiment for cell in cells):
        of_methods = {cell.method: cell for cell in cells if cell.experiment == experiment}
        aurocs = [
            found[of_methods[method]][score]["auroc"] if of_methods.get(method) in found else None
            for method, score in columns
        ]
        values.append([np.nan if auroc is None else auroc["value"] for auroc in aurocs])
        texts = map(_with_interval, aurocs)
        lines.append(line(experiment, published(_of_the_paper(next(iter(of_methods.values())))), *texts))
    if cells[0].against is None:
        averages = map(_average, np.array(values).T)
        lines.append(line("**average**", published(TABLE_2_AVERAGE.get(cells[0].data)), *averages))
    return "\n".join(lines)


def _scores(found: list[dict[str, Any]]) -> list[str]:
    return list(SCORES) if any("r_score" in scores for scores in found) else ["score"]


def _with_interval(auroc: dict[str, float] | None) -> str:
    if auroc is None:
        return NOT_RUN
    return f"{auroc['value']:.3f} ({auroc['low']:.3f} to {auroc['high']:.3f})"


def _average(values: np.ndarray) -> str:
    missing = np.isnan(values).sum()
    return f"{NOT_RUN}: {missing} missing" if missing else f"**{values.mean():.4f}**"


def _of_the_paper(cell: Cell) -> float | None:
    if cell.against is not None:
        return TABLE_1.get((cell.data, cell.against))
    return TABLE_2.get(cell.data, {}).get(cell.normal or "")
