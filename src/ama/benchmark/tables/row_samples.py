"""The rows of a cell: half of the normal ones to learn from, the rest and the anomalies to judge."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ama.benchmark.tables.cell import Cell
from ama.benchmark.tables.experiments import Experiment
from ama.benchmark.tables.row_sets import labelled_rows
from ama.utils.random_generators import generator_for

MOST_ROWS = 20_000  # that are learned from; also of the judged normal rows, and of the judged anomalies
SHARES = (0.0, 0.05, 0.1)  # of anomalies among the learned rows


def rows_of(cell: Cell, folder: str | None) -> Experiment:
    """Draw the rows of a cell by its seed.

    For a cell with a ``contamination``, half of the anomalies may be learned and the others are judged. The learned
    normal rows and the judged rows are the same for every share, so that only the learned anomalies differ: there are
    as many normal rows as the anomalies allow at the largest of ``SHARES``.

    Parameters
    ----------
    cell
        A cell whose data set is labelled.
    folder
        Folder of the data sets, if they need one.

    Raises
    ------
    InputError
        If the file of the data set is not as expected.
    """
    x, anomalous = labelled_rows(cell.data, folder)
    is_anomaly = torch.from_numpy(anomalous)
    random = generator_for(cell.seed, 10)
    normal, anomalies = (
        rows[torch.randperm(len(rows), generator=random)] for rows in (x[~is_anomaly], x[is_anomaly])
    )
    learned, judged = normal[: len(normal) // 2][:MOST_ROWS], normal[len(normal) // 2 :][:MOST_ROWS]
    if cell.contamination is not None:
        known, anomalies = anomalies[: len(anomalies) // 2], anomalies[len(anomalies) // 2 :]
        learned = learned[: int(len(known) * (1 - SHARES[-1]) / SHARES[-1])]
        n_known = round(len(learned) * cell.contamination / (1 - cell.contamination))
        learned = torch.cat([learned, known[:n_known]])
        learned = learned[torch.randperm(len(learned), generator=random)]
    return _experiment(learned, judged, anomalies[:MOST_ROWS])


def _experiment(learned: Tensor, normal: Tensor, anomalies: Tensor) -> Experiment:
    """An experiment for the strict protocol alone, without anomalies for validation or known ones."""
    anomalous = np.arange(len(normal) + len(anomalies)) >= len(normal)
    return Experiment(
        train=learned,
        validation=(learned[:0], torch.ones(0)),
        test=torch.cat([normal, anomalies]),
        anomalous=anomalous,
        drawn=np.ones_like(anomalous),
        known=anomalies[:0],
    )
