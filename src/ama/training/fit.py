"""From normal samples to a trained model: who is trained on, who calibrates, and what is fitted after the training."""

from __future__ import annotations

import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field

import torch
from jaxtyping import Shaped
from lightning.pytorch import Callback
from sklearn.metrics import roc_auc_score
from torch import Tensor

from ama.networks.networks import Networks
from ama.networks.rotations import is_mirror_symmetric
from ama.scores.model import Model
from ama.settings import Settings
from ama.training.batches import Batches
from ama.training.callbacks import Losses, LossMonitor
from ama.training.learnable import check_learnable
from ama.training.memory import freed_memory_kept
from ama.training.step import AMATraining
from ama.training.trainer import Run, reader, repeatable, run_training
from ama.training.weight_selection import SelectWeights
from ama.utils.random_generators import generator_for

MAX_STATISTICS = 20_000  # samples behind the densities of the score's terms: no density keeps more
MAX_UNSEEN = 2_000  # samples behind their scale and weights: an AUROC is known to 0.01
SELECTION_SAMPLES = 500  # of each kind behind the statistics while weights are being selected


@dataclass(frozen=True)
class TrainingSet:
    """Raw samples of a fit.

    ``normal`` is trained on and calibrated on; ``anomalies`` take part in Eq. 4 (semi-supervised);
    ``validation`` holds normal samples and anomalies that only select weights.
    """

    normal: Shaped[Tensor, "n ..."]
    anomalies: Shaped[Tensor, "m ..."] | None = None
    validation: tuple[Tensor, Tensor] | None = None


@dataclass
class Fitted:
    """A model, how its training went, and the validation AUROC that selected it, if one did.

    ``seconds`` are those of a fit without validation samples: selecting takes others.
    """

    model: Model
    steps: int
    seconds: float
    history: list[Losses] = field(default_factory=list)
    validation_auroc: float | None = None


def fit_model(data: TrainingSet, settings: Settings, run: Run) -> Fitted:
    """Train, select weights where validation samples are given, and fit what the scores need.

    Raises
    ------
    InputError
        If there are too few samples, or all are the same.
    DivergenceError
        If the training leaves the finite numbers, or the critic learned nothing.
    """
    with repeatable(run.seed), freed_memory_kept():
        return _train_model(data, settings, run).finish(selected=True)


def fit_both(data: TrainingSet, settings: Settings, run: Run) -> tuple[Fitted, Fitted]:
    """As :func:`fit_model`, from one training: a model of the last weights, and one of the weights selected.

    The first has seen no validation sample at all.

    Raises
    ------
    ValueError
        If there are no validation samples.
    """
    if data.validation is None:
        raise ValueError("weights are selected on validation samples, found none")
    with repeatable(run.seed), freed_memory_kept():
        training = _train_model(data, settings, run)
        return training.finish(selected=False), training.finish(selected=True)


@dataclass
class _Training:
    """A training that is over, and the samples kept for what follows."""

    module: AMATraining
    monitor: LossMonitor
    selection: SelectWeights | None
    samples: tuple[Tensor, Tensor, Tensor]
    model: Callable[[], Model]
    seed: int
    seconds: float

    def finish(self, selected: bool) -> Fitted:
        """A model of the weights that were selected, if any were, or of the last."""
        started = time.perf_counter()
        model, auroc = self.model(), None
        networks = deepcopy(self.module.result)
        if selected and self.selection is not None and self.selection.weights is not None:
            networks.load_state_dict(self.selection.weights)
            auroc = self.selection.best
        model.networks = networks
        model.finish(*self.samples, self.seed)
        seconds = self.seconds + time.perf_counter() - started
        return Fitted(model, int(self.module.steps_done), seconds, self.monitor.history, auroc)


def _train_model(data: TrainingSet, settings: Settings, run: Run) -> _Training:
    train, *samples = _split(data.normal, settings, run.seed)
    shape = tuple(data.normal.shape[1:])
    networks = Networks(shape, settings).to(run.device)
    networks.fit_scaling(train)

    n = len(train)
    per_pass = -(-n // min(settings.batch_size, n))
    total = settings.max_steps or per_pass * (settings.max_epochs or 1)
    # The paper's training takes the images as they are.
    symmetric = settings.lambda_rotation > 0 and is_mirror_symmetric(train)
    module = AMATraining(
        networks, settings, reader(train, run.device), total, run.seed, data.anomalies, symmetric
    )
    monitor = LossMonitor(run.progress, run.max_seconds)
    callbacks: list[Callback] = [monitor]
    selection = None
    if data.validation is not None:
        selection = SelectWeights(
            _validation_auroc(data.validation, train, samples[1], settings, run), settings.selection_start
        )
        callbacks.append(selection)
    batches = Batches(n, settings.batch_size, total, run.seed, lambda: int(module.steps_done))
    started = time.perf_counter()
    run_training(module, batches, callbacks, run)
    seconds = time.perf_counter() - started - (selection.seconds if selection is not None else 0.0)

    def model() -> Model:
        return Model(shape, settings, data.normal.dtype).to(run.device)

    kept = samples[0], samples[1], samples[2]
    return _Training(module, monitor, selection, kept, model, run.seed, seconds)


def _split(normal: Tensor, settings: Settings, seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Samples to train on, for the statistics of the scores, for the scale of their terms, and for calibration."""
    check_learnable(normal)
    n = len(normal)
    order = torch.randperm(n, generator=generator_for(seed, 3))
    # Whatever is fitted to the calibration samples themselves would make their p-values too kind.
    own = settings.statistics == "held_out"
    divide = own or len(settings.terms(tuple(normal.shape[1:]))) > 1
    n_held_out = max(2 if divide else 1, round(settings.held_out * n))
    train, held_out = normal[order[n_held_out:]], normal[order[:n_held_out]]
    # The statistics need more samples than the scale of a few terms.
    is_unseen = (
        torch.arange(n_held_out) % (2 if own else 3) == 0 if divide else torch.zeros(n_held_out).bool()
    )
    unseen, calibration = held_out[is_unseen], held_out[~is_unseen]
    statistics = unseen if own else train
    # Eq. 6 is a mean and a spread of all; densities are fitted to samples in memory.
    if settings.terms(tuple(normal.shape[1:])):
        statistics, unseen = statistics[:MAX_STATISTICS], unseen[:MAX_UNSEEN]
    return train, statistics, unseen, calibration


def _validation_auroc(
    validation: tuple[Tensor, Tensor], train: Tensor, unseen: Tensor, settings: Settings, run: Run
) -> Callable[[Networks], float]:
    """The AUROC of networks on labelled validation samples, with statistics from some of the training samples."""
    samples, labels = validation
    reference = train[:SELECTION_SAMPLES]  # the split has shuffled them

    def evaluate(networks: Networks) -> float:
        # A copy, as scoring changes the mode, and for rows the precision, of the networks it is given.
        model = Model(networks.shape, settings, train.dtype)
        model.networks = deepcopy(networks)
        model.to(run.device).finish(reference, unseen[:SELECTION_SAMPLES], reference[:1], run.seed)
        return float(roc_auc_score(labels.numpy() == 1, model.scores(samples).score.cpu().numpy()))

    return evaluate
