"""AUROC of the methods of a grid on its sets of rows, averaged over the seeds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from ama.benchmark.tables.cell import Cell
from ama.benchmark.tables.compared_methods import ROW_VARIANTS


class SeedMeans(NamedTuple):
    """Mean AUROC over the seeds.

    Parameters
    ----------
    sets, methods
        Names of the data sets and of the methods.
    auroc
        NaN where a seed has not been run or the grid has no cell.
    """

    sets: list[str]
    methods: list[str]
    auroc: Float[np.ndarray, "sets methods"]

    def ranked(self) -> SeedMeans:
        """Only the methods that have been run on every set, as ranks need them, and no variant of a preset."""
        chosen = ~np.isnan(self.auroc).any(0) & ~np.isin(self.methods, ROW_VARIANTS)
        names = [name for name, is_chosen in zip(self.methods, chosen, strict=True) if is_chosen]
        return SeedMeans(self.sets, names, self.auroc[:, chosen])


def seed_means(cells: Sequence[Cell], records: dict[Cell, Any]) -> SeedMeans:
    """Average over the seeds of each method on each set.

    Parameters
    ----------
    cells
        Cells that differ in data set, method and seed.
    records
        The records of those that were run.
    """
    sets = list(dict.fromkeys(cell.data for cell in cells))
    methods = list(dict.fromkeys(cell.method for cell in cells))
    auroc = np.full((len(sets), len(methods)), np.nan)
    found: dict[tuple[int, int], list[float]] = {}
    for cell in cells:
        values = found.setdefault((sets.index(cell.data), methods.index(cell.method)), [])
        values.append(records[cell]["strict"]["score"]["auroc"]["value"] if cell in records else np.nan)
    for place, values in found.items():
        auroc[place] = np.mean(values)
    return SeedMeans(sets, methods, auroc)
