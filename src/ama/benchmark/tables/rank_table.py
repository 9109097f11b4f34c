"""The tables of ``tables`` and ``tables_keel``: AUROC on every set, and averages, ranks and seconds of every method."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np
from jaxtyping import Float

from ama.benchmark.tables.cell import Cell
from ama.benchmark.tables.compared_methods import ROW_VARIANTS
from ama.benchmark.tables.outside_detectors import FIFTH
from ama.benchmark.tables.rank_statistics import LEVEL, average_ranks, critical_difference, friedman
from ama.benchmark.tables.row_sets import folder_of, short_name
from ama.benchmark.tables.seed_means import SeedMeans, seed_means
from ama.benchmark.tables.table_text import NOT_RUN, head, line

REFERENCE = FIFTH  # what a loss is measured against


def rank_tables(cells: Sequence[Cell], records: dict[Cell, Any]) -> list[str]:
    """For each folder of sets, a table of AUROC, a table of the methods, and a line on the tests.

    Parameters
    ----------
    cells
        The cells of the grid.
    records
        The records of those that were run.
    """
    parts = []
    ordered = sorted(cells, key=lambda cell: folder_of(cell.data))
    for _, group in groupby(ordered, key=lambda cell: folder_of(cell.data)):
        own = list(group)
        means = seed_means(own, records)
        parts += [_auroc_table(means, own), _method_table(means, own, records), *_tests(means)]
    return parts


def _auroc_table(means: SeedMeans, cells: Sequence[Cell]) -> str:
    """A line for each set, a column for each method."""
    planned = {(cell.data, cell.method) for cell in cells}
    seeds = len({cell.seed for cell in cells})
    lines = head(f"AUROC, mean of {seeds} seeds", *means.methods)
    for name, values in zip(means.sets, means.auroc, strict=True):
        texts = [
            _number(value) if (name, method) in planned else "-"
            for method, value in zip(means.methods, values, strict=True)
        ]
        lines.append(line(short_name(name), *texts))
    return "\n".join(lines)


def _method_table(means: SeedMeans, cells: Sequence[Cell], records: dict[Cell, Any]) -> str:
    """A line for each method of the group; ranks are among the detectors that have been run on every set."""
    ranked = means.ranked()
    ranks = dict(zip(ranked.methods, average_ranks(ranked.auroc), strict=True))
    titles = ("average AUROC", f"average rank of {len(ranks)}", f"worst loss to {REFERENCE}")
    lines = head("method", *titles, "seconds of a fit, median (most)", "seconds of scoring, median (most)")
    for method, values in zip(means.methods, means.auroc.T, strict=True):
        found = [records[cell] for cell in cells if cell.method == method and cell in records]
        loss = "-" if method == REFERENCE else _worst_loss(means, values)
        unranked = "-" if method in ROW_VARIANTS else NOT_RUN
        rank = f"{ranks[method]:.2f}" if method in ranks else unranked
        seconds = [_seconds([record[of] for record in found]) for of in ("fit_seconds", "score_seconds")]
        lines.append(line(method, _number(values.mean()), rank, loss, *seconds))
    return "\n".join(lines)


def _worst_loss(means: SeedMeans, values: Float[np.ndarray, " sets"]) -> str:
    """By how much, and where, a method is farthest behind the reference."""
    loss = means.auroc[:, means.methods.index(REFERENCE)] - values
    if np.isnan(loss).any():
        return NOT_RUN
    return f"{loss.max():.3f} ({short_name(means.sets[loss.argmax()])})" if loss.max() > 0 else "none"


def _tests(means: SeedMeans) -> list[str]:
    """The Friedman test and the Nemenyi difference of the detectors that are ranked, if there are three or more."""
    ranked = means.ranked()
    n_sets, n_methods = ranked.auroc.shape
    if n_methods < 3:
        return []
    p, difference = friedman(ranked.auroc), critical_difference(n_methods, n_sets)
    return [
        f"Friedman test of {n_methods} detectors on {n_sets} sets: p = {p:.2g}. Two average ranks differ at "
        f"{100 * LEVEL:.0f} % (Nemenyi) if they are {difference:.2f} or more apart."
    ]


def _number(value: float) -> str:
    return NOT_RUN if np.isnan(value) else f"{value:.3f}"


def _seconds(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{np.median(known):.2f} ({max(known):.1f})" if known else NOT_RUN
