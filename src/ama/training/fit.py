"""A whole fit: training, selection of weights, and the statistics of the scores."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import partial

from jaxtyping import Int, Shaped
from lightning.pytorch import Callback
from sklearn.metrics import roc_auc_score
from torch import Tensor

from ama.features.backbone import Backbone
from ama.networks.networks import Networks
from ama.networks.rotations import is_mirror_symmetric
from ama.scores.kinds.factory import kind_of_fit
from ama.scores.model import Model
from ama.scores.terms.term_registry import chosen_terms
from ama.settings import Settings
from ama.training.batches import Batches, n_steps
from ama.training.callbacks import Losses, LossMonitor
from ama.training.checkpoint_folder import claimed
from ama.training.flattened_columns import Shown, warn_of_flattened
from ama.training.isolation import isolated
from ama.training.preparation import (
    chosen_hold_out,
    seen_samples,
    warn_of_near_duplicates,
    warn_of_tiles,
)
from ama.training.run import Run, reader
from ama.training.split import Split, split
from ama.training.step import AMATraining
from ama.training.trainer import run_training
from ama.training.weight_selection import SelectWeights
from ama.utils.processors import multiplies_bfloat16

SELECTION_SAMPLES = 500  # of each kind behind the statistics while weights are being selected
REPORTED = ("r_score", "a_score")  # the paper's scores, reported whatever score decides


@dataclass(frozen=True)
class TrainingSet:
    """Raw samples of a fit.

    Parameters
    ----------
    normal
        For training and calibration.
    anomalies
        Known anomalies, for Eq. 4 (semi-supervised).
    validation
        Samples, and +1 for a normal one or -1 for an anomaly; they only select weights.
    backbone
        The frozen network of the settings' ``features``, through which the samples are seen.
    groups
        Number of the group of each normal sample: whole groups are held out.
    shown
        How messages show a number of a row; None for no messages about rows.
    """

    normal: Shaped[Tensor, "n ..."]
    anomalies: Shaped[Tensor, "m ..."] | None = None
    validation: tuple[Tensor, Tensor] | None = None
    backbone: Backbone | None = None
    groups: Int[Tensor, " n"] | None = None
    shown: Shown | None = None

    def rows_kept(self) -> AbstractContextManager[None]:
        """A block in which the rows that the backbone makes of the samples are computed once."""
        return nullcontext() if self.backbone is None else self.backbone.memory.kept()

    def parts(self) -> dict[str, Tensor | None]:
        """Every tensor by what it is."""
        samples, labels = (None, None) if self.validation is None else self.validation
        return {
            "data": self.normal,
            "known anomalies": self.anomalies,
            "validation samples": samples,
            "validation labels": labels,
            **({} if self.backbone is None else {"backbone": self.backbone.fingerprint()}),
            "groups": self.groups,
        }


@dataclass
class Fitted:
    """A model and how its training went.

    Parameters
    ----------
    model
        Ready to score.
    steps
        Generator steps taken.
    seconds
        Of the fit, without those for the selection of weights.
    history
        Losses every few steps.
    validation_auroc
        AUROC of the selected weights on the validation samples, if weights were selected.
    """

    model: Model
    steps: int
    seconds: float
    history: list[Losses] = field(default_factory=list)
    validation_auroc: float | None = None


def fit_model(data: TrainingSet, settings: Settings, run: Run) -> Fitted:
    """Train, select weights if there are validation samples, and fit what the scores need.

    Raises
    ------
    InputError
        If there are too few samples, or all are the same.
    DivergenceError
        If the training diverges, or the critic learns nothing.
    """
    with isolated(run), data.rows_kept():
        return _train_model(data, settings, run).finish(selected=True)


def fit_best(data: TrainingSet, choices: Sequence[Settings], run: Run) -> Fitted:
    """As :func:`fit_model`, with the settings that do best on the validation samples if there are several."""
    if len(choices) == 1:
        return fit_model(data, choices[0], run)
    with claimed(run.checkpoints), data.rows_kept():
        fits = (fit_model(data, choice, run.within(f"choice-{i}")) for i, choice in enumerate(choices))
        return max(fits, key=lambda fitted: fitted.validation_auroc or 0.0)


def fit_both(data: TrainingSet, settings: Settings, run: Run) -> tuple[Fitted, Fitted]:
    """As :func:`fit_model`, from one training: a model of the last weights, and one of the weights selected.

    The first is independent of the validation samples.

    Raises
    ------
    ValueError
        If there are no validation samples.
    """
    if data.validation is None:
        raise ValueError("weights are selected on validation samples, found none")
    with isolated(run), data.rows_kept():
        training = _train_model(data, settings, run)
        return training.finish(selected=False), training.finish(selected=True)


@dataclass
class _Training:
    """A training that is over, and what follows it."""

    module: AMATraining
    monitor: LossMonitor
    selection: SelectWeights | None
    parts: Split
    anomalies: Shaped[Tensor, "m ..."] | None
    settings: Settings
    run: Run
    seconds: float
    backbone: Backbone | None

    def finish(self, selected: bool) -> Fitted:
        """A model of the weights that were selected, if any were, or of the last."""
        started = time.perf_counter()
        networks, auroc = deepcopy(self.module.result), None
        if selected and self.selection is not None and self.selection.weights is not None:
            networks.load_state_dict(self.selection.weights)
            auroc = self.selection.best
        parts, known = self.parts, self.anomalies
        model = _model(networks, self.backbone, self.settings, parts, known, *REPORTED).to(self.run.device)
        held_out = parts.unseen, parts.calibration
        model.finish(parts.statistics, *held_out, self.run.seed, known, parts.doubtful, self.run.progress)
        seconds = self.seconds + time.perf_counter() - started
        return Fitted(model, int(self.module.steps_done), seconds, self.monitor.history, auroc)


def _model(
    networks: Networks,
    backbone: Backbone | None,
    settings: Settings,
    parts: Split,
    known: Tensor | None,
    *reported: str,
) -> Model:
    shape = tuple(parts.train.shape[1:])
    terms = chosen_terms(settings, kind_of_fit(shape, settings, backbone), known is not None)
    model = Model(shape, settings, parts.train.dtype, reported, terms, backbone)
    model.networks = networks
    return model


def _train_model(data: TrainingSet, settings: Settings, run: Run) -> _Training:
    started = time.perf_counter()
    backbone = data.backbone
    kind = kind_of_fit(tuple(data.normal.shape[1:]), settings, backbone)
    if data.anomalies is not None:
        kind.check_known()
    if backbone is not None:
        backbone.to(run.device)
    settings = settings.with_precision(kind.convolutional and multiplies_bfloat16(run.device))
    wanted, grouped = settings.held_out_from, data.groups is not None
    chosen = chosen_hold_out(data.normal, grouped, wanted, settings.held_out, kind, backbone, run)
    settings = replace(settings, held_out_from=chosen)
    parts = split(data.normal, settings, run.seed, data.anomalies is not None, data.groups, kind)
    networks = kind.networks(settings).to(run.device)
    seen = partial(seen_samples, kind=kind, backbone=backbone, run=run)
    train, rows = seen(parts.train)
    warn_of_tiles(parts.train, train, kind, backbone)
    warn_of_near_duplicates(parts, rows, seen, settings.held_out_from)
    known = None if data.anomalies is None else seen(data.anomalies).x
    networks.scaling.fit(train)
    if data.shown is not None and not kind.pictured:
        warn_of_flattened(parts.train, networks.scaling.scale, data.shown)
    if networks.row_scaling is not None and rows is not None:
        networks.row_scaling.fit(rows)

    n = len(train)
    total = n_steps(settings, n)
    # The paper's training takes the images as they are.
    symmetric = settings.lambda_rotation > 0 and is_mirror_symmetric(train)
    samples = reader(train, run.device)
    run = run.after(time.perf_counter() - started)
    module = AMATraining(networks, settings, samples, total, run.seed, known, symmetric)
    monitor = LossMonitor(run.progress, run.max_seconds)
    callbacks: list[Callback] = [monitor]
    selection = None
    if data.validation is not None:
        evaluate = _validation_auroc(data.validation, parts, data.anomalies, backbone, settings, run)
        selection = SelectWeights(evaluate, settings.selection_start)
        callbacks.append(selection)
    batches = Batches(n, settings.batch_size, total, run.seed, lambda: int(module.steps_done))
    started = time.perf_counter()
    run_training(module, batches, callbacks, run, data.parts())
    seconds = time.perf_counter() - started - (selection.seconds if selection is not None else 0.0)
    return _Training(module, monitor, selection, parts, data.anomalies, settings, run, seconds, backbone)


def _validation_auroc(
    validation: tuple[Tensor, Tensor],
    parts: Split,
    known: Tensor | None,
    backbone: Backbone | None,
    settings: Settings,
    run: Run,
) -> Callable[[Networks], float]:
    """The AUROC of networks on labelled validation samples, with statistics from some of the training samples."""
    samples, labels = validation
    reference = parts.train[:SELECTION_SAMPLES]  # the split has shuffled them
    of_rows: dict[str, dict[str, Tensor]] = {}

    def evaluate(networks: Networks) -> float:
        # A copy, as scoring changes the mode, and for rows the precision, of the networks it is given.
        model = _model(deepcopy(networks), backbone, settings, parts, known)
        unseen = parts.unseen[:SELECTION_SAMPLES]
        model.to(run.device).finish(reference, unseen, reference[:1], run.seed, known, of_rows=of_rows)
        return float(roc_auc_score(labels.numpy() == 1, model.score(samples).cpu().numpy()))

    return evaluate
