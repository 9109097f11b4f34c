"""AMADetector: the estimator that users touch."""

from __future__ import annotations

import dataclasses
import itertools
import time
import warnings
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_consistent_length, check_is_fitted, column_or_1d, validate_data
from torch import Tensor

from ama import scoring, settings, storage
from ama.data.sources import Samples, Source, open_source
from ama.durations import seconds
from ama.errors import InputError
from ama.versions import versions

if TYPE_CHECKING:
    from ama.fitting import Run

DELTAS = (0.5, 1.0, 2.0, 4.0)  # what delta="auto" tries
DIRECTIONS = ("inward", "outward")


class AMADetector(OutlierMixin, BaseEstimator):
    r"""Adversarial Mirrored AutoEncoder: learns from normal samples, scores how usual a sample is.

    An encoder and a generator rebuild each sample; a discriminator that sees pairs tells (x, x) from
    (x, reconstruction). How usual the reconstruction is, in the discriminator's features, is the
    score (Somepalli et al., "Unsupervised Anomaly Detection with Adversarial Mirrored AutoEncoders", UAI 2021).

    Parameters left at None take their value from the preset.

    Parameters
    ----------
    preset
        "paper": the paper's networks and training exactly. "compact": the best AUROC for a few minutes of a CPU.
        "auto": "paper" for images on a GPU, otherwise "compact".
    scoring
        What decides. "a_score": Eq. 6, how usual the R-score is. "r_score": Eq. 5, how badly x is rebuilt. Or terms
        joined by "+". "joint": how usual the encoding together with the R-score is, under a Gaussian mixture.
        "vector": how usual the statistics of all of the discriminator's features of a pair are, under a Gaussian.
        "bank": how far they are from the nearest of the training samples. "turned": the same for the features of the
        turned image. "turn": how surely the discriminator tells which quarter turn the image was given. "auto": all
        but "vector", each by how well it tells unseen normal samples from synthetic anomalies made of them.
    false_alarm_rate
        Share of normal samples, between 0 and 1, that may be flagged: the threshold is set on held-out normal samples.
    max_time
        Training stops after this time: seconds, or text such as "90s", "5m", "1h".
    max_steps, max_epochs
        Length of the training in generator steps or in passes over the samples. Give one of them.
    latent_dim
        Dimension of the encodings.
    encoder_width, generator_width, discriminator_width
        Channels of each network's first convolutions (units of the hidden layers for rows).
    batch_size
        Samples in a step; all of them where there are fewer.
    learning_rate
        Adam's.
    critic_steps
        Steps of the discriminator for each of the encoder and generator.
    loss
        Form of the mirrored game: "wasserstein" (the paper's, Eq. 1), "hinge" or "relativistic".
    lipschitz
        How the discriminator is kept smooth: spectral normalisation, a gradient penalty around 1 or around 0, or both.
    penalty_weight
        Weight of the gradient penalty.
    mirrored
        False is the paper's ablation: the discriminator sees x or its reconstruction alone.
    n_interpolated
        k of simplex interpolation, at least 2.
    lambda_inter, lambda_reg, lambda_neg
        Weights of interpolation, of the encodings' norm, and of the negatives in Eq. 2 and 3.
    lambda_turn
        Weight of the discriminator's second task, to tell turned images apart; for images only.
    turn_share, turn_shift
        Images of the batch that are turned, as a share of it, and how far they are shifted before, as a share of the
        side.
    lambda_pixel
        Weight of the mean absolute pixel difference beside the paper's objective; 0 in the paper.
    negatives
        Synthetic negatives: "atypical" (Atypical Selection), "scaled" (the authors' code), "cube" (Sipple
        2020), "none". Known anomalies (y = -1) take their place.
    negative_pairs
        Reading of Eq. 4: "generated" holds the image G(z_neg) against its reconstruction, "mismatched" holds
        a normal image against G(z_neg).
    negative_share, negative_start
        Negatives as a share of the batch, and the share of the training before the first of them.
    delta, direction
        Thickness of the atypical shell, and whether it lies "inward" or "outward" of the sphere of radius sqrt(d);
        delta is half the side of the cube. "auto" tries several and keeps the best on ``validation``.
    averaging
        Decay of a moving average of the weights, which then is the model; 0 keeps the last weights.
    held_out
        Share of the normal samples kept out of training to calibrate threshold and p-values.
    statistics
        Whether the mean and spread of normal scores come from the "training" samples, as in the paper, or
        from "held_out" ones. Terms of a score take 20,000 of them at most.
    precision
        "float32" or "bfloat16" for the convolutions of training.
    scoring_precision
        "float32" or "bfloat16" for the convolutions of scoring images: several times faster on processors that
        multiply bfloat16, with slightly other scores. Rows are always scored in float64.
    checkpoints
        Folder for checkpoints; a fit that finds one of its own there goes on from it, to the same model.
    checkpoint_every
        Time between two checkpoints, written as in ``max_time``.
    device
        "auto" (a GPU if there is one), "cpu" or "cuda".
    progress
        Whether to show a progress bar on stderr; None shows it where stderr is a terminal.
    random_state
        Seed; with it two fits on the same CPU are equal bit for bit.

    Attributes
    ----------
    model_ : ama.model.Model
        Networks and statistics.
    offset_ : float
        Threshold on ``score_samples``: below it a sample is an anomaly.
    shape_ : tuple of int
        Shape of one sample.
    n_steps_ : int
        Generator steps taken.
    history_ : list of dict
        Losses every few steps.
    validation_auroc_ : float or None
        AUROC on ``validation`` of the weights selected.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> import ama
    >>> X, y = load_digits(return_X_y=True)
    >>> detector = ama.AMADetector(max_steps=50, random_state=0).fit(X[y != 3])
    >>> detector.predict(X[y == 3]).shape
    (183,)
    """

    def __init__(
        self,
        *,
        preset: settings.Preset = "auto",
        scoring: settings.Score | None = None,
        false_alarm_rate: float = 0.05,
        max_time: str | float | None = None,
        max_steps: int | None = None,
        max_epochs: int | None = None,
        latent_dim: int | None = None,
        encoder_width: int | None = None,
        generator_width: int | None = None,
        discriminator_width: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        critic_steps: int | None = None,
        loss: settings.Loss | None = None,
        lipschitz: settings.Lipschitz | None = None,
        penalty_weight: float | None = None,
        mirrored: bool | None = None,
        n_interpolated: int | None = None,
        lambda_inter: float | None = None,
        lambda_reg: float | None = None,
        lambda_neg: float | None = None,
        lambda_pixel: float | None = None,
        lambda_turn: float | None = None,
        turn_share: float | None = None,
        turn_shift: float | None = None,
        negatives: settings.Negatives | None = None,
        negative_pairs: settings.NegativePairs | None = None,
        negative_share: float | None = None,
        negative_start: float | None = None,
        delta: float | Literal["auto"] | None = None,
        direction: settings.Direction | Literal["auto"] | None = None,
        averaging: float | None = None,
        held_out: float | None = None,
        statistics: settings.Statistics | None = None,
        precision: settings.Precision | None = None,
        scoring_precision: settings.Precision | None = None,
        checkpoints: str | None = None,
        checkpoint_every: str | float = "1m",
        device: str = "auto",
        progress: bool | None = None,
        random_state: int | None = None,
    ):
        self.preset = preset
        self.scoring = scoring
        self.false_alarm_rate = false_alarm_rate
        self.max_time = max_time
        self.max_steps = max_steps
        self.max_epochs = max_epochs
        self.latent_dim = latent_dim
        self.encoder_width = encoder_width
        self.generator_width = generator_width
        self.discriminator_width = discriminator_width
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.critic_steps = critic_steps
        self.loss = loss
        self.lipschitz = lipschitz
        self.penalty_weight = penalty_weight
        self.mirrored = mirrored
        self.n_interpolated = n_interpolated
        self.lambda_inter = lambda_inter
        self.lambda_reg = lambda_reg
        self.lambda_neg = lambda_neg
        self.lambda_pixel = lambda_pixel
        self.lambda_turn = lambda_turn
        self.turn_share = turn_share
        self.turn_shift = turn_shift
        self.negatives = negatives
        self.negative_pairs = negative_pairs
        self.negative_share = negative_share
        self.negative_start = negative_start
        self.delta = delta
        self.direction = direction
        self.averaging = averaging
        self.held_out = held_out
        self.statistics = statistics
        self.precision = precision
        self.scoring_precision = scoring_precision
        self.checkpoints = checkpoints
        self.checkpoint_every = checkpoint_every
        self.device = device
        self.progress = progress
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None, validation: tuple[Any, Any] | None = None) -> AMADetector:
        """Learn from normal samples.

        Parameters
        ----------
        X
            Images (n, C, H, W) or (n, H, W), uint8 or float in [0, 1]; rows (n, d); as array, tensor or
            ``datasets.Dataset``; or a source: a folder, a file, a hub id, "digits".
        y
            Optional: -1 marks a known anomaly (the semi-supervised case), anything else a normal sample.
        validation
            (X, y) with y +1 for normal samples and -1 for a few anomalies. The weights with the best
            AUROC on them become the model, and ``delta`` and ``direction`` are chosen by them where "auto".

        Raises
        ------
        InputError
            A ValueError that says what is wrong with a parameter or the data.
        DivergenceError
            If the training blew up or the discriminator learned nothing.
        """
        from ama.fitting import TrainingSet, fit_model  # brings Lightning, which scoring can do without

        started = time.monotonic()
        device = self._device()
        run = self._run(device)
        if validation is None and "auto" in (self.delta, self.direction):
            raise InputError(
                "delta and direction 'auto' are chosen by a few labelled samples, but there is no validation"
            )
        # A wrong parameter is told before hours of reading; one that only rows refuse, after it.
        self._choices((1, 1, 1), device)
        samples = self._samples(X, reset=True)
        anomalous = self._known_anomalies(y, len(samples))
        data = TrainingSet(
            samples.x[torch.from_numpy(~anomalous)],
            samples.x[torch.from_numpy(anomalous)] if anomalous.any() else None,
            self._validation(validation, samples),
        )
        choices = self._choices(tuple(samples.x.shape[1:]), device)
        # Best on the validation samples; without them there is a single choice.
        fitted = max(
            (
                fit_model(data, choice, run if len(choices) == 1 else run.within(f"choice-{number}"))
                for number, choice in enumerate(choices)
            ),
            key=lambda fitted: fitted.validation_auroc or 0.0,
        )
        self.shape_, self.columns_ = tuple(samples.x.shape[1:]), samples.columns
        self.model_, self.history_, self.n_steps_ = fitted.model, fitted.history, fitted.steps
        self.validation_auroc_ = fitted.validation_auroc
        self.fit_seconds_ = time.monotonic() - started
        self.versions_ = versions()
        self.offset_ = self._offset()
        return self

    def score_samples(self, X: Any) -> np.ndarray:
        """The deciding score of each sample; higher = more normal."""
        return self.scores(X).score.numpy()

    def a_score(self, X: Any) -> np.ndarray:
        """Logarithm of Eq. 6 for each sample, whatever score decides; higher = more normal."""
        return self.scores(X).a_score.numpy()

    def r_score(self, X: Any) -> np.ndarray:
        """Eq. 5 for each sample, at least 0: how far apart D finds the sample and its reconstruction."""
        return self.scores(X).r_score.numpy()

    def decision_function(self, X: Any) -> np.ndarray:
        """``score_samples(X) - offset_``: negative for an anomaly."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: Any) -> np.ndarray:
        """+1 for a normal sample, -1 for an anomaly."""
        return np.where(self.decision_function(X) < 0, -1, 1)

    def p_value(self, X: Any) -> np.ndarray:
        """Conformal p-values in (0, 1]: flagging p <= alpha flags at most a share alpha of normal samples."""
        scores = torch.from_numpy(self.score_samples(X))
        return scoring.p_value(scores, self.model_.calibration.cpu()).numpy()

    def reconstruct(self, X: Any) -> np.ndarray:
        """G(E(x)) in the units of X, float, in the shape of ``shape_``."""
        samples = self._fitted_samples(X)
        return self.model_.reconstruct(samples).cpu().numpy()

    def anomaly_map(self, X: Any) -> np.ndarray:
        """Where the R-score comes from: (n, H, W) for images, summing to it; (n, d) for rows."""
        samples = self._fitted_samples(X)
        return self.model_.anomaly_map(samples).double().cpu().numpy()

    def scores(self, X: Any) -> Any:
        """R-score, log A-score, deciding score (n,) and its terms (n, t), by a single pass: named tensors."""
        samples = self._fitted_samples(X)
        values = self.model_.scores(samples)
        return type(values)(*(value.cpu() for value in values))

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
        extra = {
            "ama_version": self.versions_["ama"],
            "parameters": {name: _plain(value) for name, value in self.get_params().items()},
            "columns": self.columns_,
            "feature_names": None
            if (names := getattr(self, "feature_names_in_", None)) is None
            else list(names),
            "offset": self.offset_,
            "steps": self.n_steps_,
            "seconds": round(self.fit_seconds_, 3),
            "validation_auroc": self.validation_auroc_,
            "versions": self.versions_,
            "history": self.history_,
        }
        storage.save_model(self.model_, Path(folder), extra)

    @classmethod
    def load(cls, folder: str | Path, device: str = "auto") -> AMADetector:
        """The detector saved at ``folder``; see :func:`ama.load`."""
        model, config = storage.load_model(Path(folder))
        try:
            detector = cls(**{**config["parameters"], "device": device})
            detector.model_ = model.to(detector._device())
            detector.shape_, detector.columns_ = model.shape, config["columns"]
            if len(model.shape) == 1:
                detector.n_features_in_ = model.shape[0]
                if config["feature_names"] is not None:
                    detector.feature_names_in_ = np.asarray(config["feature_names"], dtype=object)
            detector.offset_, detector.n_steps_ = float(config["offset"]), int(config["steps"])
            detector.history_, detector.fit_seconds_ = config["history"], float(config["seconds"])
            detector.validation_auroc_, detector.versions_ = config["validation_auroc"], config["versions"]
        except (KeyError, TypeError) as error:
            raise storage.ModelFolderError(
                f"{Path(folder) / storage.CONFIG} does not describe a detector: {type(error).__name__}: {error}"
            ) from error
        return detector

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

    def _validation(
        self, validation: tuple[Any, Any] | None, samples: Samples
    ) -> tuple[Tensor, Tensor] | None:
        if validation is None:
            return None
        X, y = validation
        shape = tuple(samples.x.shape[1:])
        x = open_source(X, shape=shape, columns=samples.columns, dtype=samples.x.dtype).read().x
        labels = torch.from_numpy(np.array(column_or_1d(y)))
        if len(labels) != len(x):
            raise InputError(f"validation holds {len(x)} samples and {len(labels)} labels")
        if set(labels.tolist()) != {1, -1}:
            raise InputError(
                "validation needs both normal samples (y = 1) and anomalies (y = -1), and no other label; found "
                f"{sorted(set(labels.tolist()))}"
            )
        return x, labels

    def _run(self, device: str) -> Run:
        from ama.fitting import Run

        rate = self.false_alarm_rate
        if not isinstance(rate, Real) or not 0 < rate < 1:
            raise InputError(f"false_alarm_rate must lie between 0 and 1, both excluded; found {rate!r}")
        return Run(
            seed=int(check_random_state(self.random_state).randint(2**31)),
            device=device,
            max_seconds=seconds(self.max_time),
            checkpoints=None if self.checkpoints is None else Path(self.checkpoints),
            checkpoint_seconds=seconds(self.checkpoint_every, "checkpoint_every") or Run.checkpoint_seconds,
            progress=self.progress,
        )

    def _choices(self, shape: tuple[int, ...], device: str) -> list[settings.Settings]:
        """The settings to fit with: one, or several where delta or direction is "auto"."""
        deltas = DELTAS if self.delta == "auto" else (self.delta,)
        directions = DIRECTIONS if self.direction == "auto" else (self.direction,)
        names = {field.name for field in dataclasses.fields(settings.Settings)}
        given = {name: value for name, value in self.get_params().items() if name in names}
        return [
            settings.resolve(
                self.preset, shape, device != "cpu", **{**given, "delta": delta, "direction": direction}
            )
            for delta, direction in itertools.product(deltas, directions)
        ]

    def _offset(self) -> float:
        calibration = self.model_.calibration
        needed = int(np.ceil(1 / self.false_alarm_rate - 1e-9)) - 1
        if len(calibration) < needed:
            warnings.warn(
                f"a false-alarm rate of {self.false_alarm_rate:g} needs {needed} held-out normal samples, found "
                f"{len(calibration)}: the threshold is set for {1 / (len(calibration) + 1):.3g}; give more "
                "samples or a larger held_out",
                stacklevel=3,
            )
        return scoring.offset(calibration.cpu(), self.false_alarm_rate)

    def _device(self) -> str:
        if self.device == "auto":
            return "cuda" if torch.cuda.is_available() else "cpu"
        if self.device not in ("cpu", "cuda"):
            raise InputError(f"device must be auto, cpu or cuda, found {self.device!r}")
        if self.device == "cuda" and not torch.cuda.is_available():
            raise InputError("device is cuda, but torch finds no usable GPU here")
        return self.device


def load(folder: str | Path, device: str = "auto") -> AMADetector:
    """Load a saved detector; a model trained on a GPU loads on a CPU and the other way round.

    Parameters
    ----------
    folder
        A folder written by :meth:`AMADetector.save`.
    device
        "auto", "cpu" or "cuda": where to score.

    Raises
    ------
    ModelFolderError
        If the folder is missing, truncated, altered, foreign, or from a newer version.
    """
    return AMADetector.load(folder, device)


def _plain(value: Any) -> Any:
    """A parameter as JSON: a random state other than a number is not reproducible anyway."""
    if isinstance(value, np.generic):
        value = value.item()
    return value if isinstance(value, str | int | float | bool | None) else None
