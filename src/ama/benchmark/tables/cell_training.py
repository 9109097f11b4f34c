"""The training of a cell: AMA with settings of its own, a baseline, or a detector of another library."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Shaped
from torch import Tensor

from ama import settings
from ama.baselines.baseline import TrainedBaseline
from ama.benchmark.tables.cell import Cell
from ama.benchmark.tables.compared_methods import AMA, BASELINES, KNOWN, TOLD
from ama.benchmark.tables.experiments import Experiment
from ama.benchmark.tables.outside_detectors import OUTSIDE
from ama.benchmark.tables.outside_training import train_outside
from ama.benchmark.tables.trained_method import Scores, Trained, recorded_parameters, with_recorded
from ama.detectors.registry import method as detector_class
from ama.errors import InputError
from ama.scores.kinds.factory import kind_of
from ama.scores.model import Model

CHECKPOINT_SECONDS = 60.0
HELD_OUT = 0.05  # for a baseline's threshold, which no cell uses


def train_cell(
    cell: Cell,
    experiment: Experiment,
    checkpoints: Path,
    progress: bool | None,
    parameters: dict[str, Any] | None = None,
) -> Trained:
    """Train the method of a cell.

    Parameters
    ----------
    cell
        The cell.
    experiment
        Its samples.
    checkpoints
        Folder of checkpoints, from which an interrupted training resumes.
    progress
        As in :class:`ama.AMADetector`.
    parameters
        Those of an earlier record, in place of the method's.

    Raises
    ------
    InputError
        If there are fewer known anomalies than the method trains with, or the parameters are of another version.
    """
    if cell.method in OUTSIDE:
        return train_outside(cell, experiment, parameters)
    if cell.method in AMA:
        # What a record lacks came later than it, and the default is what there was before.
        resolved = (
            settings_of(cell, tuple(experiment.train.shape[1:])) if parameters is None else settings.PAPER
        )
        choice = settings.Settings(**with_recorded(cell, dataclasses.asdict(resolved), parameters))
        return _train_ama(cell, experiment, checkpoints, progress, choice)
    return _train_baseline(cell, experiment, checkpoints, progress, parameters)


def settings_of(cell: Cell, shape: tuple[int, ...]) -> settings.Settings:
    """The settings of a cell of AMA for images of shape (channels, height, width)."""
    given = dict(AMA[cell.method])
    if cell.max_steps is not None:
        given.setdefault("max_steps", cell.max_steps)
    if cell.method == TOLD:
        given["contamination_share"] = cell.contamination
    return settings.resolve(given.pop("preset"), kind_of(shape).variant, **given)


def _train_ama(
    cell: Cell, experiment: Experiment, checkpoints: Path, progress: bool | None, choice: settings.Settings
) -> Trained:
    # Lightning takes seconds to import, and the cells of most methods train nothing.
    from ama.training.fit import Fitted, TrainingSet, fit_both, fit_model
    from ama.training.run import Run

    checkpoints.mkdir(parents=True, exist_ok=True)
    run = Run(
        cell.seed,
        device="cuda" if torch.cuda.is_available() else "cpu",
        checkpoints=checkpoints,
        checkpoint_seconds=CHECKPOINT_SECONDS,
        progress=progress,
    )
    data = TrainingSet(experiment.train, _known_anomalies(cell, experiment), experiment.validation)
    fitted: tuple[Fitted, ...]
    if cell.strict_only:
        fitted = (fit_model(dataclasses.replace(data, validation=None), choice, run),)
    else:
        fitted = fit_both(data, choice, run)

    def scores(test: Tensor) -> tuple[Scores, Scores]:
        strict, *paper = (_scores(one.model, test) for one in fitted)
        return strict, paper[0] if paper else {}

    return Trained(scores, np.arange, dataclasses.asdict(choice), fitted[0].seconds)


def _train_baseline(
    cell: Cell,
    experiment: Experiment,
    checkpoints: Path,
    progress: bool | None,
    recorded: dict[str, Any] | None,
) -> Trained:
    """Baselines select no weights, so for them the two protocols differ in the test set alone."""
    name, chosen = BASELINES[cell.method]
    kind = detector_class(name)
    known = kind(**{"held_out": HELD_OUT, **chosen}, random_state=cell.seed).get_params()
    detector = kind(**with_recorded(cell, known, recorded)).set_params(progress=progress)
    if "checkpoints" in detector.get_params():
        checkpoints.mkdir(parents=True, exist_ok=True)
        detector.set_params(checkpoints=str(checkpoints), checkpoint_every=CHECKPOINT_SECONDS)
        if cell.max_steps is not None:
            detector.set_params(max_steps=cell.max_steps)
    detector.fit(experiment.train)
    parameters = recorded_parameters(detector)
    if isinstance(detector, TrainedBaseline):
        # What the preset decides is None there; a size of 0 is one that the method does not have.
        parameters |= {name: size for name, size in dataclasses.asdict(detector.sizes()).items() if size}

    def scores(test: Tensor) -> tuple[Scores, Scores]:
        found = detector.named_scores(test)
        return found, {} if cell.strict_only else found

    return Trained(scores, detector.groups, parameters, detector.fit_seconds_)


def _known_anomalies(cell: Cell, experiment: Experiment) -> Tensor | None:
    n = KNOWN.get(cell.method)
    if n is None:
        return None
    if len(experiment.known) < n:
        raise InputError(f"{cell.name}: needs {n} anomalies to train with, found {len(experiment.known)}")
    return experiment.known[:n]


def _scores(model: Model, samples: Shaped[Tensor, "m ..."]) -> Scores:
    """The paper's two scores, the model's score, each of its terms, and the terms' unweighted sum."""
    found = model.scores(samples)
    scores = {"score": found.score} | {name: -values for name, values in found.terms.items()}
    if len(model.deciding) > 1:
        scores["equal weights"] = -model.combination.standardised(model.of_the_score(found.terms)).sum(1)
    return {name: values.cpu().numpy() for name, values in scores.items()}
