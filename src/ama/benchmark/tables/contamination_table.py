"""The table of the grid ``tables_contaminated``: average AUROC by the share of anomalies among the learned rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ama.benchmark.tables.cell import Cell
from ama.benchmark.tables.row_samples import SHARES
from ama.benchmark.tables.row_sets import short_name
from ama.benchmark.tables.seed_means import seed_means
from ama.benchmark.tables.table_text import NOT_RUN, head, line


def contamination_table(cells: Sequence[Cell], records: dict[Cell, Any]) -> str:
    """A line for each method; a loss is the AUROC with no learned anomaly minus that with the largest share.

    Parameters
    ----------
    cells
        The cells of the grid.
    records
        The records of those that were run.
    """
    means = [seed_means([cell for cell in cells if cell.contamination == share], records) for share in SHARES]
    titles = [f"{100 * share:.0f} % anomalies learned" for share in SHARES]
    lines = head("average AUROC", *titles, f"average loss at {100 * SHARES[-1]:.0f} %", "worst loss")
    for i, method in enumerate(means[0].methods):
        clean, *_, contaminated = (mean.auroc[:, i] for mean in means)
        loss = clean - contaminated
        texts = [
            NOT_RUN if np.isnan(mean.auroc[:, i]).any() else f"{mean.auroc[:, i].mean():.3f}"
            for mean in means
        ]
        worst = f"{loss.max():.3f} ({short_name(means[0].sets[loss.argmax()])})"
        texts += [NOT_RUN] * 2 if np.isnan(loss).any() else [f"{loss.mean():.3f}", worst]
        lines.append(line(method, *texts))
    return "\n".join(lines)
