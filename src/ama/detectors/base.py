"""What every detector has: scikit-learn's contract around one score, a threshold with a promise, a model folder."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np
import torch
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_consistent_length, check_is_fitted, column_or_1d, validate_data
from torch import Tensor

from ama.data.sources import Samples, Source, open_source
from ama.decision import conformal
from ama.errors import InputError
from ama.io import model_folder
from ama.io.versions import versions
from ama.utils.durations import seconds

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ama.training.trainer import Run

Self = TypeVar("Self", bound="Detector")


class Detector(OutlierMixin, BaseEstimator, ABC):
    """Base of every detector; a subclass has the parameters below, and a ``fit`` that ends with :meth:`_keep`.

    Attributes
    ----------
    model_ : torch.nn.Module
        What scores, a :class:`ama.io.model_folder.Storable`.
    offset_ : float
        Threshold on ``score_samples``: below it a sample is an anomaly.
    shape_ : tuple of int
        Shape of one sample.
    n_steps_ : int
        Steps of the training.
    history_ : list of dict
        Losses every few steps.
    learned_from_ : str
        How many samples of which size it was fitted on, and whence if a command did it.
    """

    # What storage rebuilds the model with.
    _model_class: ClassVar[type[model_folder.Storable]]

    false_alarm_rate: float
    device: str
    progress: bool | None
    random_state: Any
    model_: Any
    # Of those that train.
    max_time: str | float | None = None
    checkpoints: str | None = None
    checkpoint_every: str | float = "1m"

    @abstractmethod
    def fit(self: Self, X: Any, y: Any = None) -> Self:
        """Learn from normal samples."""

    def score_samples(self, X: Any) -> np.ndarray:
        """The deciding score of each sample; higher = more normal."""
        samples = self._fitted_samples(X)
        return self.model_.score(samples).cpu().numpy()

    def named_scores(self, X: Any) -> dict[str, np.ndarray]:
        """``score`` and every other score that the method has, by name; all higher = more normal."""
        samples = self._fitted_samples(X)
        return {name: values.cpu().numpy() for name, values in self.model_.named_scores(samples).items()}

    def decision_function(self, X: Any) -> np.ndarray:
        """``score_samples(X) - offset_``: negative for an anomaly."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: Any) -> np.ndarray:
        """+1 for a normal sample, -1 for an anomaly."""
        return np.where(self.decision_function(X) < 0, -1, 1)

    def p_value(self, X: Any) -> np.ndarray:
        """Conformal p-values in (0, 1]: flagging p <= alpha flags at most a share alpha of normal samples."""
        scores = torch.from_numpy(self.score_samples(X))
        return conformal.p_value(scores, self.model_.calibration.cpu()).numpy()

    def set_threshold(self: Self, false_alarm_rate: float) -> Self:
        """Set the threshold anew, for another share of normal samples that may be flagged; no score changes.

        Raises
        ------
        InputError
            If the rate is not between 0 and 1.
        """
        check_is_fitted(self)
        self._check_rate(false_alarm_rate)
        self.false_alarm_rate = false_alarm_rate
        self.offset_ = self._offset()
        return self

    def calibrate(self: Self, X: Any, false_alarm_rate: float | None = None) -> Self:
        """Replace the held-out samples behind threshold and p-values by new normal samples; no score changes.

        Parameters
        ----------
        X
            Normal samples such as :meth:`score_samples` takes. None of them may have been trained on: those score
            better than others do, and the promise would be broken.
        false_alarm_rate
            Share of normal samples that may be flagged from now on; by default as before.

        Raises
        ------
        InputError
            If the rate is not between 0 and 1, or the samples are not as those of the fit.
        """
        rate = self.false_alarm_rate if false_alarm_rate is None else false_alarm_rate
        self._check_rate(rate)
        self.model_.calibrate(self._fitted_samples(X))
        return self.set_threshold(rate)

    @property
    def promised_rate(self) -> float:
        """Share of normal samples that the threshold flags at most, on average: the rate asked for, if within reach."""
        check_is_fitted(self)
        return conformal.reachable_rate(len(self.model_.calibration), self.false_alarm_rate)

    def drift(self, X: Any) -> conformal.Drift:
        """Test whether the scores of X are still distributed as those of the held-out normal samples.

        Parameters
        ----------
        X
            Samples of which most are believed to be normal.

        Returns
        -------
        Drift
            ``distance`` and ``p_value`` of the Kolmogorov-Smirnov test, and whether the scores are ``lower``.
        """
        return self.drift_of(self.score_samples(X))

    def drift_of(self, scores: np.ndarray) -> conformal.Drift:
        """The test of :meth:`drift` on scores that are known already."""
        # Samples of a group have the group's score: one of them stands for all.
        return conformal.drift(scores[:: getattr(self, "group", 1)], self.model_.calibration.cpu().numpy())

    def plot_scores(self, X: Any, y: Any = None) -> Figure:
        """Histogram of the scores of X and the threshold; see :class:`ama.report.displays.ScoresDisplay`.

        Parameters
        ----------
        X
            As in :meth:`score_samples`.
        y
            The group of each sample, such as +1 and -1.
        """
        from ama.report.displays import ScoresDisplay  # brings matplotlib, which scoring can do without

        return ScoresDisplay.from_estimator(self, X, y).figure_

    def plot_training(self) -> Figure:
        """The losses of the training; see :class:`ama.report.displays.TrainingDisplay`.

        Raises
        ------
        InputError
            If nothing was trained.
        """
        from ama.report.displays import TrainingDisplay

        check_is_fitted(self)
        return TrainingDisplay.from_estimator(self).figure_

    def open(self, source: Any, *, label_column: str | None = None, strict: bool = False) -> Source:
        """A source of samples such as this detector was fitted on: of its size, depth and columns.

        Parameters
        ----------
        source, label_column, strict
            As in :func:`ama.data.sources.open_source`.
        """
        check_is_fitted(self)
        return open_source(
            source,
            shape=self.shape_,
            columns=self.columns_,
            dtype=self.model_.dtype,
            label_column=label_column,
            strict=strict,
        )

    def save(self, folder: str | Path) -> None:
        """Write the model folder, whole or not at all.

        Raises
        ------
        ModelFolderError
            If it cannot be written, or something that is no model is in the way.
        """
        check_is_fitted(self)
        model_folder.save_model(self.model_, Path(folder), self._record())

    @classmethod
    def load(cls: type[Self], folder: str | Path, device: str = "auto") -> Self:
        """The detector saved at ``folder``; see :func:`ama.load`."""
        model, config = model_folder.load_model(Path(folder), cls._model_class)
        try:
            detector = cls(**{**config["parameters"], "device": device})
            detector._restore(model, config)
        except (KeyError, TypeError) as error:
            raise model_folder.ModelFolderError(
                f"{Path(folder) / model_folder.CONFIG} does not describe a detector: {type(error).__name__}: {error}"
            ) from error
        return detector

    def _record(self) -> dict[str, Any]:
        """What ``config.json`` holds beside the model's description, as JSON types."""
        names = getattr(self, "feature_names_in_", None)
        return {
            "method": type(self).__name__,
            "ama_version": self.versions_["ama"],
            "parameters": {name: _plain(value) for name, value in self.get_params().items()},
            "learned_from": self.learned_from_,
            "columns": self.columns_,
            "feature_names": None if names is None else list(names),
            "offset": self.offset_,
            "steps": self.n_steps_,
            "seconds": round(self.fit_seconds_, 3),
            "versions": self.versions_,
            "history": self.history_,
        }

    def _restore(self, model: Any, config: dict[str, Any]) -> None:
        self.model_ = model.to(self._device())
        self.shape_, self.columns_ = model.shape, config["columns"]
        if len(model.shape) == 1:
            self.n_features_in_ = model.shape[0]
            if config["feature_names"] is not None:
                self.feature_names_in_ = np.asarray(config["feature_names"], dtype=object)
        self.offset_, self.n_steps_ = float(config["offset"]), int(config["steps"])
        self.history_, self.fit_seconds_ = config["history"], float(config["seconds"])
        self.versions_ = config["versions"]
        self.learned_from_ = config.get("learned_from", "not recorded")  # younger than the format

    def _keep(
        self, model: Any, samples: Samples, steps: int, history: list[dict[str, Any]], seconds: float
    ) -> None:
        """Take over what a fit made; the model has its calibration scores."""
        self.model_, self.n_steps_, self.history_, self.fit_seconds_ = model, steps, history, seconds
        self.shape_, self.columns_ = tuple(samples.x.shape[1:]), samples.columns
        self.learned_from_ = samples.describe()
        self.versions_ = versions()
        self.offset_ = self._offset()

    def _samples(self, X: Any, reset: bool) -> Samples:
        """X as samples: of any shape at fit (``reset``), of the fitted shape afterwards."""
        n_axes = getattr(X, "ndim", None)
        if n_axes is None and isinstance(X, list | tuple):
            n_axes = np.ndim(X)
        if isinstance(X, str | Path) or (n_axes is not None and n_axes > 2) or type(X).__name__ == "Dataset":
            source = open_source(X) if reset else self.open(X)
            return source.read(progress=self.progress is not False)
        if not reset and len(self.shape_) == 3:
            raise InputError(f"expected images of shape {self.shape_}, found an array of {n_axes} axes")
        if isinstance(X, Tensor):
            X = X.detach().cpu().numpy()
        rows = validate_data(self, X, reset=reset, dtype=np.float64)
        names = getattr(self, "feature_names_in_", None)
        return Samples(
            x=torch.from_numpy(np.array(rows)),
            ids=[str(i) for i in range(len(rows))],
            labels=None,
            columns=None if names is None else list(names),
            skipped=[],
        )

    def _fitted_samples(self, X: Any) -> Tensor:
        check_is_fitted(self)
        return self._samples(X, reset=False).x

    def _known_anomalies(self, y: Any, n: int) -> np.ndarray:
        if y is None:
            return np.zeros(n, dtype=bool)
        given = column_or_1d(y)
        check_consistent_length(np.empty(n), given)
        try:
            y = given.astype(float)
        except (TypeError, ValueError) as error:
            raise InputError(
                "Unknown label type: y must hold +1 for normal samples and -1 for known anomalies, found "
                f"{given[0]!r}"
            ) from error
        if others := sorted(set(np.unique(y).tolist()) - {1, -1}):
            warnings.warn(
                f"y holds {', '.join(f'{label:g}' for label in others[:3])}: only -1 marks a known anomaly, so "
                "these samples are taken as normal",
                stacklevel=3,
            )
        return y == -1

    def _run(self, device: str) -> Run:
        from ama.training.trainer import Run  # brings Lightning, which scoring can do without

        self._check_rate(self.false_alarm_rate)
        return Run(
            seed=int(check_random_state(self.random_state).randint(2**31)),
            device=device,
            max_seconds=seconds(self.max_time),
            checkpoints=None if self.checkpoints is None else Path(self.checkpoints),
            checkpoint_seconds=seconds(self.checkpoint_every, "checkpoint_every") or Run.checkpoint_seconds,
            progress=self.progress,
        )

    @staticmethod
    def _check_rate(rate: float) -> None:
        if not isinstance(rate, Real) or not 0 < rate < 1:
            raise InputError(f"false_alarm_rate must lie between 0 and 1, both excluded; found {rate!r}")

    def _offset(self) -> float:
        calibration = self.model_.calibration
        needed = conformal.samples_needed(self.false_alarm_rate)
        if len(calibration) < needed:
            warnings.warn(
                f"a false-alarm rate of {self.false_alarm_rate:g} needs {needed} held-out normal samples, found "
                f"{len(calibration)}: the threshold is set for {1 / (len(calibration) + 1):.3g}; give more "
                "samples or a larger held_out",
                stacklevel=4,
            )
        return conformal.offset(calibration.cpu(), self.false_alarm_rate)

    def _device(self) -> str:
        if self.device == "auto":
            return "cuda" if torch.cuda.is_available() else "cpu"
        if self.device not in ("cpu", "cuda"):
            raise InputError(f"device must be auto, cpu or cuda, found {self.device!r}")
        if self.device == "cuda" and not torch.cuda.is_available():
            raise InputError("device is cuda, but torch finds no usable GPU here")
        return self.device


def _plain(value: Any) -> Any:
    """A parameter as JSON: a random state other than a number is not reproducible anyway."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(part) for part in value]
    return value if isinstance(value, str | int | float | bool | None) else None
