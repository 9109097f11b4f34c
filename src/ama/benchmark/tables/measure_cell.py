"""The measurement of a cell: train, test, and record the metrics of every score."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Int

from ama.benchmark.tables.cell import Cell
from ama.benchmark.tables.cell_samples import samples_of
from ama.benchmark.tables.cell_training import train_cell
from ama.benchmark.tables.compared_methods import UNTRAINED
from ama.benchmark.tables.experiments import Experiment
from ama.benchmark.tables.inspected_methods import INSPECTED
from ama.benchmark.tables.measure_inspection import measure_inspection
from ama.benchmark.tables.outside_detectors import OUTSIDE
from ama.benchmark.tables.trained_method import Scores, Trained
from ama.decision.metrics import evaluate


def measure_cell(
    cell: Cell,
    folder: str | None,
    checkpoints: Path,
    progress: bool | None,
    parameters: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Train and test one cell; see :func:`measure_cells`."""
    [record] = measure_cells([cell], folder, checkpoints, progress, parameters)
    return record


def measure_cells(
    cells: Sequence[Cell],
    folder: str | None,
    checkpoints: Path,
    progress: bool | None,
    parameters: dict[str, Any] | None = None,
) -> Iterator[dict[str, Any]]:
    """Train once, and test each of the cells that share this training.

    Parameters
    ----------
    cells
        A group from :func:`ama.benchmark.tables.cell.group_by_training`.
    folder
        Folder of the data sets, or None for the hub.
    checkpoints, progress, parameters
        As in :func:`ama.benchmark.tables.cell_training.train_cell`.

    Yields
    ------
    dict
        One record per cell: ``strict`` and, unless the cell is strict only, ``paper``, each with the metrics of every
        score; ``parameters``; ``seconds`` of training plus test, and ``fit_seconds`` of the fit alone, both None if the
        training was resumed; ``score_seconds``; ``threads``; and ``library`` of a detector of another library. Those of
        :func:`ama.benchmark.tables.measure_inspection.measure_inspection` hold more.

    Raises
    ------
    InputError
        If a data set is missing or has no such class.
    """
    if cells[0].method in INSPECTED:
        yield from (measure_inspection(cell, folder, parameters) for cell in cells)
        return
    resumed = any(checkpoints.rglob("*.ckpt"))
    experiment = samples_of(cells[0], folder)
    started = time.perf_counter()
    trained = train_cell(cells[0], experiment, checkpoints, progress, parameters)
    before = time.perf_counter() - started
    for cell in cells:
        experiment = experiment if cell is cells[0] else samples_of(cell, folder)
        yield _tested(cell, experiment, trained, before, resumed)


def _tested(
    cell: Cell, experiment: Experiment, trained: Trained, before: float, resumed: bool
) -> dict[str, Any]:
    """The record of a cell whose training took some seconds before the test."""
    started = time.perf_counter()
    strict, paper = trained.scores(experiment.test)
    score_seconds = time.perf_counter() - started
    # A method without training spends its time on the test samples.
    fit_seconds = before + score_seconds if cell.method in UNTRAINED else trained.seconds
    return {
        "parameters": trained.parameters,
        **_times(before + score_seconds, fit_seconds, score_seconds, resumed),
        "threads": torch.get_num_threads(),
        **_library(cell),
        **_protocols(strict, paper, experiment, trained),
    }


def _times(
    seconds: float, fit_seconds: float, score_seconds: float, resumed: bool
) -> dict[str, float | None]:
    """The times of a record; those of a fit are unknown if it was resumed."""
    return {
        "seconds": None if resumed else round(seconds, 3),
        "fit_seconds": None if resumed else round(fit_seconds, 3),
        "score_seconds": round(score_seconds, 3),
    }


def _library(cell: Cell) -> dict[str, str]:
    """The library of a detector that is another's, with its version."""
    return {"library": OUTSIDE[cell.method].library_version()} if cell.method in OUTSIDE else {}


def _protocols(strict: Scores, paper: Scores, experiment: Experiment, trained: Trained) -> dict[str, Any]:
    """The metrics under each protocol that the cell has."""
    groups, anomalous = trained.groups(len(experiment.test)), experiment.anomalous
    found = {"strict": _metrics(strict, anomalous, groups, slice(None))}
    return {**found, **({"paper": _metrics(paper, anomalous, groups, experiment.drawn)} if paper else {})}


def _metrics(
    scores: Scores,
    anomalous: Bool[np.ndarray, " m"],
    groups: Int[np.ndarray, " m"],
    part: slice | Bool[np.ndarray, " m"],
) -> dict[str, Any]:
    """The metrics of each score on a part of the test samples."""
    return {
        name: evaluate(values[part], anomalous[part], groups=groups[part]).as_dict()
        for name, values in scores.items()
    }
