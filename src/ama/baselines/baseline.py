"""The estimators that the baselines are: the contract of ``AMADetector``, around another system."""

from __future__ import annotations

import time
from abc import abstractmethod
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar, Literal, TypeVar

import numpy as np
import torch
from jaxtyping import Shaped
from torch import Tensor

from ama.baselines.baseline_model import BaselineModel
from ama.baselines.baseline_training import BaselineTraining
from ama.baselines.parameters import parameters
from ama.detectors.base import Detector
from ama.errors import InputError
from ama.training.batches import Batches
from ama.training.callbacks import Losses, LossMonitor
from ama.training.memory import freed_memory_kept
from ama.training.run import Run, reader, repeatable
from ama.training.split import check_learnable
from ama.training.trainer import run_training
from ama.utils.random_generators import generator_for

Self = TypeVar("Self", bound="Baseline")

# How a fit is run, which a checkpoint does not depend on; the seed has its own place in it.
RUN_PARAMETERS = {
    "false_alarm_rate", "max_time", "checkpoints", "checkpoint_every", "device", "progress", "random_state",
}  # fmt: skip


@dataclass
class Log:
    """How the trainings of a fit went, one after the other."""

    steps: int = 0
    history: list[Losses] = field(default_factory=list)


@parameters
class Baseline(Detector):
    """Base of the systems that the paper compares with.

    Parameters
    ----------
    false_alarm_rate
        Share of normal samples, between 0 and 1, that may be flagged: the threshold is set on held-out normal samples.
    held_out
        Share of the normal samples kept out of training to calibrate threshold and p-values.
    device
        "auto" (a GPU if there is one), "cpu" or "cuda".
    progress
        Whether to show a progress bar; None shows it in a terminal and in a notebook.
    random_state
        Seed; with it two fits on the same CPU are equal bit for bit.
    """

    false_alarm_rate: float = 0.05
    held_out: float = 0.15
    device: str = "auto"
    progress: bool | None = None
    random_state: int | None = None

    _model_class: ClassVar[type[BaselineModel]]
    images_only: ClassVar[bool] = False

    def fit(self: Self, X: Any, y: Any = None) -> Self:
        """Learn from normal samples.

        Parameters
        ----------
        X
            As in :meth:`ama.AMADetector.fit`.
        y
            Optional: samples with -1, known anomalies, are left out.

        Raises
        ------
        InputError
            A ValueError that says what is wrong with a parameter or the data.
        DivergenceError
            If the training blew up.
        """
        started = time.monotonic()
        run = self._run(self._device())
        self._check()
        samples = self._samples(X, reset=True)
        shape = tuple(samples.x.shape[1:])
        if self.images_only and len(shape) != 3:
            columns = f"{shape[0]} column{'s'[: shape[0] > 1]}"
            raise InputError(f"{type(self).__name__} is for images, found rows of {columns}")
        normal = samples.x[torch.from_numpy(~self._known_anomalies(y, len(samples)))]
        train, calibration = self._split(normal, run.seed)
        log = Log()
        with repeatable(run.seed), freed_memory_kept():
            model = self._model_class(shape, samples.x.dtype, **self._options(shape)).to(run.device)
            model.fit_scaling(train)
            self._learn(model, train, run, log)
            if len(shape) == 1:
                # Rows cost little: in float64 a score does not depend on the batch that it comes in.
                model.double()
            model.calibrate(calibration)
        self._keep(model, samples, log.steps, log.history, time.monotonic() - started)
        return self

    @abstractmethod
    def _options(self, shape: tuple[int, ...]) -> dict[str, Any]:
        """What the model is built with, as JSON types."""

    @abstractmethod
    def _learn(self, model: Any, train: Shaped[Tensor, "n ..."], run: Run, log: Log) -> None:
        """Make the model of raw normal samples, its scaling being known."""

    def _check(self) -> None:
        """Refuse a parameter that is outside its range."""
        check_between("held_out", self.held_out, 0, 1)

    def _split(self, normal: Tensor, seed: int) -> tuple[Tensor, Tensor]:
        """Samples to train on, and samples for calibration."""
        check_learnable(normal)
        n = len(normal)
        order = torch.randperm(n, generator=generator_for(seed, 3))
        n_held_out = max(1, round(self.held_out * n))
        return normal[order[n_held_out:]], normal[order[:n_held_out]]


@dataclass(frozen=True)
class Sizes:
    """What decides how long a training takes; a method has its own for each preset."""

    width: int  # channels of the first convolution, or units of a hidden layer
    batch_size: int
    max_steps: int
    learning_rate: float
    latent_dim: int = 0  # where there is a latent space


@parameters
class TrainedBaseline(Baseline):
    """Base of those that train networks; parameters left at None take their value from the preset.

    Parameters
    ----------
    preset
        "compact": minutes of a CPU. "paper": the sizes of the method's own paper.
    max_time
        Each training stops after this time: seconds, or text such as "90s", "5m", "1h".
    max_steps
        Length of the training.
    width
        Channels after the first convolution, or units of a hidden layer for rows.
    latent_dim
        Dimension of the latent space.
    batch_size
        Samples in a step; all of them where there are fewer.
    learning_rate
        Adam's.
    precision
        "float32" or "bfloat16" for the convolutions of training.
    checkpoints
        Folder for checkpoints; a fit that finds one of its own there goes on from it, to the same model.
    checkpoint_every
        Time between two checkpoints, written as in ``max_time``.
    """

    preset: Literal["compact", "paper"] = "compact"
    max_time: str | float | None = None
    max_steps: int | None = None
    width: int | None = None
    latent_dim: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    precision: Literal["float32", "bfloat16"] = "bfloat16"
    checkpoints: str | None = None
    checkpoint_every: str | float = "1m"

    presets: ClassVar[dict[str, Sizes]]

    def _check(self) -> None:
        super()._check()
        check_choice("preset", self.preset, *self.presets)
        check_choice("precision", self.precision, "float32", "bfloat16")
        for name in ("max_steps", "width", "latent_dim", "batch_size"):
            if (value := getattr(self, name)) is not None:
                check_count(name, value, 1)
        if self.learning_rate is not None:
            check_between("learning_rate", self.learning_rate, 0, 1)

    def _sizes(self) -> Sizes:
        given = {size.name: getattr(self, size.name) for size in fields(Sizes)}
        return replace(self.presets[self.preset], **{k: v for k, v in given.items() if v is not None})

    def _train(
        self,
        training: type[BaselineTraining],
        model: BaselineModel,
        train: Tensor,
        run: Run,
        log: Log,
        max_steps: int | None = None,
        **given: Any,
    ) -> None:
        """Run one training, of the preset's length unless told; a method may have several, one after the other."""
        sizes = self._sizes()
        total = max_steps or sizes.max_steps
        bfloat16 = self.precision == "bfloat16" and len(model.shape) == 3
        module = training(
            model, reader(train, run.device), total, run.seed, sizes.learning_rate, bfloat16, **given
        ).to(run.device)
        module.parameters_of_fit = {k: v for k, v in self.get_params().items() if k not in RUN_PARAMETERS}
        batches = Batches(len(train), sizes.batch_size, total, run.seed, lambda: int(module.steps_done))
        monitor = LossMonitor(run.progress, run.max_seconds)
        run_training(module, batches, [monitor], run)
        log.history += [{**losses, "step": losses["step"] + log.steps} for losses in monitor.history]
        log.steps += int(module.steps_done)


def check_choice(name: str, value: Any, *choices: str) -> None:
    """Refuse a value that is not among its choices.

    Raises
    ------
    InputError
        If it is not.
    """
    if value not in choices:
        raise InputError(f"{name} must be {' or '.join(choices)}, found {value!r}")


def check_count(name: str, value: Any, least: int) -> None:
    """Refuse a value that is no whole number of at least ``least``.

    Raises
    ------
    InputError
        If it is not.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise InputError(f"{name} must be a whole number of at least {least}, found {value!r}")


def check_between(name: str, value: Any, low: float | int, high: float | int) -> None:
    """Refuse a value that is no number between two others, both excluded.

    Raises
    ------
    InputError
        If it is not.
    """
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not (number and low < value < high):
        raise InputError(f"{name} must lie between {low:g} and {high:g}, both excluded; found {value!r}")


def check_share(name: str, value: Any) -> None:
    """Refuse a value that is no number from 0 to 1.

    Raises
    ------
    InputError
        If it is not.
    """
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not (number and 0 <= value <= 1):
        raise InputError(f"{name} must be a number from 0 to 1, found {value!r}")
