"""The training of a cell with a detector of another library, on standardised columns."""

from __future__ import annotations

import time

import numpy as np
import torch
from jaxtyping import Shaped
from sklearn.preprocessing import StandardScaler
from torch import Tensor

from ama.benchmark.tables.cell import Cell
from ama.benchmark.tables.experiments import Experiment
from ama.benchmark.tables.outside_detectors import OUTSIDE
from ama.benchmark.tables.trained_method import Scores, Trained, with_recorded
from ama.utils.random_generators import generator_for


def train_outside(cell: Cell, experiment: Experiment, recorded: dict[str, object] | None) -> Trained:
    """Fit the detector on the learned rows, their columns scaled to mean 0 and variance 1.

    Parameters
    ----------
    cell
        The cell.
    experiment
        Its rows.
    recorded
        Parameters of an earlier record, in place of the method's.

    Raises
    ------
    InputError
        If the parameters are of another version.
    """
    outside = OUTSIDE[cell.method]
    detector = outside.new(cell.seed)
    detector.set_params(**with_recorded(cell, detector.get_params(), recorded))
    rows = experiment.train
    if outside.most_rows is not None:
        rows = rows[torch.randperm(len(rows), generator=generator_for(cell.seed, 9))[: outside.most_rows]]
    started = time.perf_counter()
    scaler = StandardScaler().fit(rows.double().numpy())
    detector.fit(scaler.transform(rows.double().numpy()))
    seconds = time.perf_counter() - started

    def scores(test: Shaped[Tensor, "m d"]) -> tuple[Scores, Scores]:
        return {"score": outside.scores(detector, scaler.transform(test.double().numpy()))}, {}

    return Trained(scores, np.arange, detector.get_params(), seconds)
