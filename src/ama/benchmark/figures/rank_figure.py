"""``ama benchmark figures tables``: average ranks of the methods, with those that do not differ joined by a bar."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ama.benchmark.tables.grid import TABLES, cells_of
from ama.benchmark.tables.grid_results import records_of, results_path
from ama.benchmark.tables.rank_statistics import average_ranks, critical_difference, not_different
from ama.benchmark.tables.row_sets import ADBENCH
from ama.benchmark.tables.seed_means import seed_means
from ama.errors import InputError
from ama.report.figure import NotebookFigure

NAME_GAP = 0.45  # ranks between the axis and the names at its sides


def rank_figure(results: str | None, out: str) -> Path:
    """Draw the average ranks on ADBench's sets, from the results of the grid ``tables``.

    Parameters
    ----------
    results
        Results file; None means ``benchmarks/results/tables.jsonl``.
    out
        Folder for ``ranks.png``.

    Returns
    -------
    Path
        The picture.

    Raises
    ------
    InputError
        If the file does not hold two or more methods that have been run on every set.
    """
    path = results_path(TABLES, results)
    cells = [cell for cell in cells_of(TABLES) if cell.data in ADBENCH]
    means = seed_means(cells, records_of(path)).ranked()
    if len(means.methods) < 2:
        raise InputError(
            f"{path} holds {len(means.methods)} methods that have been run on every set of the grid {TABLES}, expected "
            f"at least 2; ama benchmark run {TABLES} runs them"
        )
    target = Path(out) / "ranks.png"
    target.parent.mkdir(parents=True, exist_ok=True)
    plot_ranks(means.methods, average_ranks(means.auroc), len(means.sets)).savefig(
        target, dpi=110, bbox_inches="tight"
    )
    return target


def plot_ranks(methods: list[str], ranks: Float[np.ndarray, " methods"], n_sets: int) -> Figure:
    """A critical-difference diagram: the best rank on the left, bars over methods that do not differ.

    Parameters
    ----------
    methods
        At least two names.
    ranks
        Their average ranks.
    n_sets
        Number of data sets that the ranks are averaged over.
    """
    difference = critical_difference(len(methods), n_sets)
    ranges = not_different(ranks, difference)
    figure = NotebookFigure(figsize=(7, 1 + 0.13 * (len(ranges) + len(methods))))
    axis = figure.subplots()
    _rank_axis(axis, len(methods))
    axis.plot([1, 1 + difference], [-1.4, -1.4], color="black", linewidth=2)
    axis.text(1 + difference / 2, -1.6, f"critical difference {difference:.2f}", ha="center", va="bottom")
    for i, (best, worst) in enumerate(ranges):
        axis.plot([best - 0.05, worst + 0.05], [0.5 + 0.5 * i] * 2, color="tab:blue", linewidth=4)
    _names(axis, methods, ranks, 1.1 + 0.5 * len(ranges))
    return figure


def _rank_axis(axis: Axes, n_methods: int) -> None:
    """The ranks along the top; y runs downward from there."""
    axis.set_axis_off()
    axis.plot([1, n_methods], [0, 0], color="black", linewidth=1)
    for rank in range(1, n_methods + 1):
        axis.plot([rank, rank], [-0.15, 0], color="black", linewidth=1)
        axis.text(rank, -0.2, str(rank), ha="center", va="bottom")
    axis.invert_yaxis()


def _names(axis: Axes, methods: list[str], ranks: Float[np.ndarray, " methods"], top: float) -> None:
    """A line from each average rank down and to its name: the better half at the left, the others at the right."""
    order = np.argsort(ranks)
    half = (len(order) + 1) // 2
    for place, method in enumerate(order):
        at_left = place < half
        depth = top + 0.75 * (place if at_left else len(order) - 1 - place)
        end = 1 - NAME_GAP if at_left else len(order) + NAME_GAP
        axis.plot([ranks[method], ranks[method], end], [0, depth, depth], color="0.4", linewidth=0.8)
        name, rank = methods[method], f"{ranks[method]:.2f}"
        text = f"{name}  {rank} " if at_left else f" {rank}  {name}"
        axis.text(end, depth, text, ha="right" if at_left else "left", va="center")
