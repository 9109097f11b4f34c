"""One cell of a grid, measured: both protocols' figures from one training."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from ama import settings
from ama.benchmark.tables.compared_methods import AMA, BASELINES, KNOWN, UNTRAINED
from ama.benchmark.tables.datasets import available, images
from ama.benchmark.tables.experiments import Experiment, draw_experiment
from ama.benchmark.tables.grid import ALL_BUT, Cell
from ama.decision.metrics import evaluate
from ama.detectors.registry import method as detector_class
from ama.errors import InputError
from ama.scores import scoring
from ama.scores.model import Model
from ama.training.fit import Fitted, TrainingSet, fit_both, fit_model
from ama.training.run import Run

CHECKPOINT_SECONDS = 60.0
HELD_OUT = 0.05  # of a baseline that trains, for a threshold that no cell asks for

Scores = dict[str, Float[np.ndarray, " m"]]


class Trained(NamedTuple):
    """A training that any test samples can be scored by."""

    scores: Callable[[Shaped[Tensor, "m ..."]], tuple[Scores, Scores]]  # strict, and paper or nothing
    parameters: dict[str, Any]
    seconds: float  # of the fit alone


def measure(cell: Cell, folder: str | None, checkpoints: Path, progress: bool | None) -> dict[str, Any]:
    """Train and test; see :func:`measure_all`."""
    [record] = measure_all([cell], folder, checkpoints, progress)
    return record


def measure_all(
    cells: Sequence[Cell], folder: str | None, checkpoints: Path, progress: bool | None
) -> Iterator[dict[str, Any]]:
    """Train once, and test each of several cells that this training serves.

    Parameters
    ----------
    cells
        What to measure: a group of :func:`ama.benchmark.tables.grid.trainings`.
    folder
        Of the data sets; None: the hub.
    checkpoints
        Folder from which a training that was cut off goes on.
    progress
        As in :class:`ama.AMADetector`.

    Yields
    ------
    dict
        For each cell ``strict`` and, if it asks for it, ``paper``, each with the metrics of every score;
        ``parameters``; ``seconds`` of the training and of this cell's test, and ``fit_seconds`` of a fit alone.

    Raises
    ------
    InputError
        If the data set is missing or has no such class.
    """
    resumed = any(checkpoints.rglob("*.ckpt"))
    experiment = experiment_of(cells[0], folder)
    started = time.perf_counter()
    train = _ama if cells[0].method in AMA else _baseline
    trained = train(cells[0], experiment, checkpoints, progress)
    before = time.perf_counter() - started
    for cell in cells:
        if cell is not cells[0]:
            experiment = experiment_of(cell, folder)
        if cell.judged is not None:
            experiment = experiment.judging(cell.judged, cell.seed)
        started = time.perf_counter()
        strict, paper = trained.scores(experiment.test)
        seconds = before + time.perf_counter() - started
        # The work of what does not train is the search.
        fit_seconds = seconds if cell.method in UNTRAINED else trained.seconds
        drawn = experiment.drawn
        record = {
            "parameters": trained.parameters,
            # What a training that was cut off took before is not known.
            "seconds": None if resumed else round(seconds, 1),
            "fit_seconds": None if resumed else round(fit_seconds, 1),
            "threads": torch.get_num_threads(),
            "strict": {
                name: evaluate(values, experiment.anomalous).as_dict() for name, values in strict.items()
            },
        }
        if paper:
            record["paper"] = {
                name: evaluate(values[drawn], experiment.anomalous[drawn]).as_dict()
                for name, values in paper.items()
            }
        yield record


def experiment_of(cell: Cell, folder: str | None) -> Experiment:
    """The samples of a cell."""
    train, test = (images(cell.data, split, folder, cell.jpeg) for split in ("train", "test"))
    if cell.against is not None:
        other = images(cell.against, "test", folder, cell.jpeg)
        rest = None
        if available(cell.against, "train", folder):
            rest = images(cell.against, "train", folder, cell.jpeg).x
        anomalies = _in_channels(other.x, train.x)
        return draw_experiment(
            train.x, test.x, anomalies, None if rest is None else _in_channels(rest, train.x), cell.seed
        )
    assert cell.normal is not None
    label = cell.normal.removeprefix(ALL_BUT)
    if label not in train.labels:
        raise InputError(
            f"{cell.data} has no class {label!r}; its classes are {', '.join(sorted(set(train.labels)))}"
        )
    masks = [(part.labels == label) != cell.normal.startswith(ALL_BUT) for part in (train, test)]
    return draw_experiment(
        train.of(masks[0]), test.of(masks[1]), test.of(~masks[1]), train.of(~masks[0]), cell.seed
    )


def parameters_of(cell: Cell, shape: tuple[int, ...]) -> settings.Settings:
    """The settings of a cell of AMA for images of (channels, height, width)."""
    given = dict(AMA[cell.method])
    if cell.max_steps is not None:
        given.setdefault("max_steps", cell.max_steps)
    return settings.resolve(given.pop("preset"), shape, False, **given)


def _ama(cell: Cell, experiment: Experiment, checkpoints: Path, progress: bool | None) -> Trained:
    choice = parameters_of(cell, tuple(experiment.train.shape[1:]))
    checkpoints.mkdir(parents=True, exist_ok=True)
    run = Run(cell.seed, checkpoints=checkpoints, checkpoint_seconds=CHECKPOINT_SECONDS, progress=progress)
    data = TrainingSet(experiment.train, _known(cell, experiment), experiment.validation)
    fitted: tuple[Fitted, ...]
    if cell.strict_only:
        fitted = (fit_model(dataclasses.replace(data, validation=None), choice, run),)
    else:
        fitted = fit_both(data, choice, run)

    def scores(test: Tensor) -> tuple[Scores, Scores]:
        strict, *paper = (_scores(one.model, test) for one in fitted)
        return strict, paper[0] if paper else {}

    return Trained(scores, dataclasses.asdict(choice), fitted[0].seconds)


def _baseline(cell: Cell, experiment: Experiment, checkpoints: Path, progress: bool | None) -> Trained:
    """No weights are selected, so the paper's protocol differs by its test set alone."""
    name, given = BASELINES[cell.method]
    kind = detector_class(name)
    detector = kind(**{"held_out": HELD_OUT, **given}, random_state=cell.seed, progress=progress)
    known = detector.get_params()
    if "checkpoints" in known:
        checkpoints.mkdir(parents=True, exist_ok=True)
        detector.set_params(checkpoints=str(checkpoints), checkpoint_every=CHECKPOINT_SECONDS)
        if cell.max_steps is not None:
            detector.set_params(max_steps=cell.max_steps)
    detector.fit(experiment.train)
    parameters = {
        k: v for k, v in detector.get_params().items() if k not in ("checkpoints", "checkpoint_every")
    }

    def scores(test: Tensor) -> tuple[Scores, Scores]:
        found = detector.named_scores(test)
        return found, {} if cell.strict_only else found

    return Trained(scores, parameters, detector.fit_seconds_)


def _known(cell: Cell, experiment: Experiment) -> Tensor | None:
    n = KNOWN.get(cell.method)
    if n is None:
        return None
    if len(experiment.known) < n:
        raise InputError(f"{cell.name}: needs {n} anomalies to train with, found {len(experiment.known)}")
    return experiment.known[:n]


def _scores(model: Model, samples: Shaped[Tensor, "m ..."]) -> Scores:
    """Each higher for more normal samples: those of the paper, the one that decides, its terms, and their plain sum."""
    found = model.scores(samples)
    scores = {"score": found.score, "a_score": found.a_score, "r_score": -found.r_score}
    scores |= {name: -term for name, term in zip(model.terms, found.terms.T, strict=True)}
    if len(model.terms) > 1:
        scores["equal weights"] = scoring.sum_of_terms(
            found.terms, model.term_mean, model.term_std, torch.ones_like(model.term_std)
        )
    return {name: values.numpy() for name, values in scores.items()}


def _in_channels(x: Tensor, like: Tensor) -> Tensor:
    """Grey images as colour where the other set is in colour; the reverse, and another size, is refused."""
    if x.shape[1] == 1 and like.shape[1] == 3:
        x = x.expand(-1, 3, -1, -1)
    if x.shape[1:] != like.shape[1:]:
        raise InputError(
            f"images of {tuple(x.shape[1:])} cannot stand against images of {tuple(like.shape[1:])}"
        )
    return x
