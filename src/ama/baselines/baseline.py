"""Base classes of the baselines' estimators: the contract of every detector, around another system."""

from __future__ import annotations

import time
from abc import abstractmethod
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NoReturn, TypeVar

import torch
from jaxtyping import Shaped
from torch import Tensor

from ama.baselines.baseline_model import BaselineModel
from ama.data.samples import described
from ama.detectors.base import Detector
from ama.detectors.parameters import parameters
from ama.detectors.trained import TrainedDetector
from ama.detectors.training_inputs import (
    check_held_out_from,
    shown_numbers,
    training_samples,
    without_known,
)
from ama.errors import InputError
from ama.scores.kinds.factory import kind_of
from ama.scores.kinds.kind import SampleKind
from ama.settings import HeldOutFrom, Precision
from ama.training.batches import Batches
from ama.training.flattened_columns import warn_of_flattened
from ama.training.near_duplicates import warn_of_duplicates
from ama.training.preparation import chosen_hold_out
from ama.training.run import Run, reader
from ama.training.series import REMEDY_OF_GROUPS
from ama.training.split import hold_out
from ama.utils.declarations import FIRST, NETWORKS, TRAINING, parameter, plain_number
from ama.utils.extras import needs_extra
from ama.utils.processors import multiplies_bfloat16

if TYPE_CHECKING:  # lightning takes seconds to import, and a search for neighbours trains nothing
    from ama.baselines.baseline_training import BaselineTraining
    from ama.training.training_module import Losses

Self = TypeVar("Self", bound="Baseline")

# How a fit is run, which a checkpoint does not depend on; it holds the seed by itself.
RUN_PARAMETERS = {
    "false_alarm_rate", "max_time", "checkpoints", "checkpoint_every", "device", "progress", "random_state",
}  # fmt: skip


@dataclass
class Log:
    """Steps and losses of all the trainings of a fit, one after the other."""

    steps: int = 0
    history: list[Losses] = field(default_factory=list)


@parameters
class Baseline(Detector):
    """Base of the systems that the paper compares with."""

    held_out: float = parameter(
        "Share of the normal samples kept out of training to calibrate the threshold and the p-values.",
        FIRST,
        0,
        1,
        exclusive=True,
        default=0.15,
    )

    _model_class: ClassVar[type[BaselineModel]]
    images_only: ClassVar[bool] = False

    def fit(self: Self, X: Any, y: Any = None, *, groups: Any = None) -> Self:
        """Learn from normal samples.

        Parameters
        ----------
        X
            As in :meth:`ama.AMADetector.fit`.
        y
            Optional: samples with -1, known anomalies, are left out.
        groups
            As in :meth:`ama.AMADetector.fit`.

        Raises
        ------
        InputError
            A ValueError that says what is wrong with a parameter or the data.
        DivergenceError
            If the training diverged.
        """
        from ama.training.isolation import isolated

        started = time.monotonic()
        self.check_parameters()
        check_held_out_from(getattr(self, "held_out_from", None), groups)  # of those that compare places
        run = self._run(self._device())
        samples, anomalous, numbers = training_samples(self, X, y, groups)
        samples = without_known(self, samples, anomalous)
        kind = kind_of(tuple(samples.x.shape[1:]))
        if self.images_only and not kind.pictured:
            found = described(kind.shape, samples.encoding)
            raise InputError(f"{type(self).__name__} is for images, found {found}")
        log = Log()
        with isolated(run):
            model = self._new_model(kind, samples.x.dtype).to(run.device)
            held_out_from = self._chosen_hold_out(model, samples.x, run, numbers is not None)
            train, calibration = hold_out(samples.x, self.held_out, run.seed, numbers, held_out_from == "end")
            rows = None if kind.pictured else (train, calibration)
            warn_of_duplicates(train, calibration, rows, held_out_from)
            model.scaling.fit(train)
            if not kind.pictured:
                warn_of_flattened(train, model.scaling.scale, shown_numbers(samples))
            self._learn(model, train, run, log)
            model.settle()
            model.calibrate(calibration, run.progress)
        precision = self._training_precision(kind, run.device)
        self._keep(model, samples, log.steps, log.history, time.monotonic() - started, precision)
        self.held_out_from_ = held_out_from
        return self

    def export(self, path: Any, **given: Any) -> NoReturn:
        """Refused, as only the networks and terms of :class:`ama.AMADetector` have an ONNX graph.

        Raises
        ------
        InputError
            Always.
        """
        raise InputError(f"{type(self).__name__} cannot be exported as ONNX, only AMADetector can")

    def _training_precision(self, kind: SampleKind, device: str) -> str | None:
        """Type of the convolutions during training; None without a training."""
        return None

    def _new_model(self, kind: SampleKind, dtype: torch.dtype) -> BaselineModel:
        options = {name: plain_number(value) for name, value in self._options(kind).items()}
        return self._model_class(kind.shape, dtype, **options)

    def _chosen_hold_out(
        self, model: Any, normal: Shaped[Tensor, "n ..."], run: Run, grouped: bool
    ) -> HeldOutFrom:
        """Which raw normal samples are held out for the threshold."""
        share, remedy = self.held_out, REMEDY_OF_GROUPS
        return chosen_hold_out(normal, grouped, "anywhere", share, model.kind, None, run, remedy)

    @abstractmethod
    def _options(self, kind: SampleKind) -> dict[str, Any]:
        """Arguments of the model's ``build``, as JSON types."""

    @abstractmethod
    def _learn(self, model: Any, train: Shaped[Tensor, "n ..."], run: Run, log: Log) -> None:
        """Fit a model, whose scaling is known, to raw normal samples."""


@dataclass(frozen=True)
class Sizes:
    """The parameters that a preset decides, mostly those that decide how long a training takes.

    A method with further such parameters has a subclass.
    """

    width: int
    batch_size: int
    max_steps: int
    learning_rate: float
    latent_dim: int = 0  # of methods without a latent space


@parameters
class TrainedBaseline(Baseline, TrainedDetector):
    """Base of the baselines that train networks; the preset decides parameters that are None."""

    # fmt: off
    preset: Literal["compact", "paper"] = parameter((
        "Sets the parameters that are not given. \"compact\": designed to train in minutes on a CPU. \"paper\": the "
        "sizes of the method's own paper."), FIRST, default="compact")
    max_steps: int | None = parameter("Length of each training in steps.", TRAINING, 1, default=None)
    batch_size: int | None = parameter((
        "Samples per step; all of them if there are fewer."), TRAINING, 2, default=None)
    learning_rate: float | None = parameter((
        "Adam's learning rate."), TRAINING, 0, 1, exclusive=True, default=None)
    precision: Precision = parameter(
        'Type of the convolutions during training. "auto": bfloat16 if the processor or GPU multiplies it natively, '
        "otherwise float32.",
        TRAINING,
        default="auto",
    )
    width: int | None = parameter((
        "Channels of the first convolution; units of a hidden layer for tabular data."), NETWORKS, 1, default=None)
    latent_dim: int | None = parameter((
        "Dimension of the latent space; 0 in methods without one."), NETWORKS, 1, default=None)
    # fmt: on

    presets: ClassVar[dict[str, Sizes]]

    def sizes(self) -> Any:
        """The sizes of the preset, which may be of a subclass, with every given value in place of the preset's."""
        sizes = self.presets[self.preset]
        given = {name: plain_number(getattr(self, name)) for name in asdict(sizes)}
        return replace(sizes, **{name: value for name, value in given.items() if value is not None})

    def _options(self, kind: SampleKind) -> dict[str, Any]:
        sizes = self.sizes()
        return {"width": sizes.width, "latent_dim": sizes.latent_dim}

    def _training_precision(self, kind: SampleKind, device: str) -> str:
        if not kind.convolutional:
            return "float32"
        if self.precision != "auto":
            return self.precision
        return "bfloat16" if multiplies_bfloat16(device) else "float32"

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
        """Run one training; a method may have several, one after the other.

        Parameters
        ----------
        training
            Its class.
        model, train, run, log
            As in :meth:`_learn`.
        max_steps
            Its length; by default that of the sizes.
        **given
            Further arguments of the class.
        """
        with needs_extra("train"):
            from ama.training.callbacks import LossMonitor
            from ama.training.trainer import run_training

        sizes = self.sizes()
        total = max_steps or sizes.max_steps
        bfloat16 = self._training_precision(model.kind, run.device) == "bfloat16"
        samples = reader(train, run.device)
        module = training(model, samples, total, run.seed, sizes.learning_rate, bfloat16, **given).to(
            run.device
        )
        given = {name: value for name, value in self.get_params().items() if name not in RUN_PARAMETERS}
        module.parameters_of_fit = {"method": type(self).__name__, **given}
        batches = Batches(len(train), sizes.batch_size, total, run.seed, lambda: int(module.steps_done))
        monitor = LossMonitor(run.progress, run.max_seconds)
        run_training(module, batches, [monitor], run, {"data": train})
        log.history += [{**losses, "step": losses["step"] + log.steps} for losses in monitor.history]
        log.steps += int(module.steps_done)
