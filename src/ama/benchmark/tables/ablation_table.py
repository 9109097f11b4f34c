"""The table of the ablations: a line for each variant and for each score of the whole, a column for each experiment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ama.benchmark.tables.cell import Cell
from ama.benchmark.tables.table_text import NOT_RUN, head, line

# What the ablations leave something out of; without it every method shows all of its scores.
WHOLE = "compact"
NO_SUCH_SCORE = "-"


def ablation_table(cells: Sequence[Cell], records: dict[Cell, Any]) -> str:
    """AUROC under the strict protocol, mean and standard deviation over seeds.

    Parameters
    ----------
    cells
        The cells of the grid.
    records
        The records of those that were run.
    """
    experiments = list(dict.fromkeys(cell.experiment for cell in cells))
    lines = head("AUROC, strict protocol", *experiments, "mean")
    methods = list(dict.fromkeys(cell.method for cell in cells))
    kinds = [(method, "score") for method in methods]
    for method in [WHOLE] if WHOLE in methods else methods:
        kinds += [(method, score) for score in _other_scores(method, records)]
    for method, score in kinds:
        texts, means = [], []
        for experiment in experiments:
            wanted = [c for c in cells if c.method == method and c.experiment == experiment]
            found = [
                records[c]["strict"][score]["auroc"]["value"]
                for c in wanted
                if c in records and score in records[c]["strict"]
            ]
            without = not found and any(c in records for c in wanted)
            texts.append(NO_SUCH_SCORE if without else _over_seeds(found, len(wanted)))
            means += [np.mean(found)] if found else []
        title = method if score == "score" else f"{method}, by {score} alone"
        absent = NO_SUCH_SCORE if NO_SUCH_SCORE in texts else NOT_RUN
        mean = f"{np.mean(means):.3f}" if len(means) == len(experiments) else absent
        lines.append(line(title, *texts, mean))
    return "\n".join(lines)


def _other_scores(method: str, records: dict[Cell, Any]) -> list[str]:
    """The scores of a method besides the one that decides."""
    found = [record for cell, record in records.items() if cell.method == method]
    deciding = {"score", *(record.get("parameters", {}).get("scoring") for record in found)}
    names = dict.fromkeys(name for record in found for name in record["strict"])
    return [name for name in names if name not in deciding]


def _over_seeds(values: list[float], n_seeds: int) -> str:
    if not values:
        return NOT_RUN
    missing = f", {len(values)} of {n_seeds} seeds" if len(values) < n_seeds else ""
    spread = f" ± {np.std(values, ddof=1):.3f}" if len(values) > 1 else ""
    return f"{np.mean(values):.3f}{spread}{missing}"
