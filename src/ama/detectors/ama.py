"""AMADetector: the estimator that users touch."""

from __future__ import annotations

import dataclasses
import itertools
import time
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from sklearn.utils.validation import column_or_1d
from torch import Tensor

from ama import settings
from ama.data.sources import Samples, open_source
from ama.detectors.base import Detector
from ama.errors import InputError
from ama.scores.model import Model

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DELTAS = (0.5, 1.0, 2.0, 4.0)  # what delta="auto" tries
DIRECTIONS = ("inward", "outward")


class AMADetector(Detector):
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
        joined by "+". "latent_density": how usual the encoding together with the R-score is, under a Gaussian mixture.
        "mahalanobis": how usual the statistics of all of the discriminator's features of a pair are, under a Gaussian.
        "memory_bank": how far they are from the nearest of the training samples. "rotated_memory_bank": the same for the features of the
        turned image. "rotation": how surely the discriminator tells which quarter turn the image was given. "auto": all
        but "mahalanobis", each by how well it tells unseen normal samples from synthetic anomalies made of them. By
        default "a_score" in the paper's preset; in the compact one "auto" for images and "latent_density+mahalanobis" for rows.
    term_bound
        How much one of several terms may say, in standard deviations of unseen normal samples; 0 lets it say anything.
        A bound of 3 helps where normal samples are of many kinds, some of them rare: one term alone then flags none.
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
    milestones
        Shares of the training, such as [0.3, 0.6, 0.9], after each of which the rate falls to a tenth; [] keeps it.
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
    lambda_rotation
        Weight of the discriminator's second task, to tell turned images apart; for images only.
    rotation_share, rotation_shift
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
        Whether to show a progress bar; None shows it in a terminal and in a notebook.
    random_state
        Seed; with it two fits on the same CPU are equal bit for bit.

    Attributes
    ----------
    model_ : ama.scores.model.Model
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

    _model_class = Model

    def __init__(
        self,
        *,
        preset: settings.Preset = "auto",
        scoring: settings.Score | None = None,
        term_bound: float | None = None,
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
        milestones: list[float] | None = None,
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
        lambda_rotation: float | None = None,
        rotation_share: float | None = None,
        rotation_shift: float | None = None,
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
        self.term_bound = term_bound
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
        self.milestones = milestones
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
        self.lambda_rotation = lambda_rotation
        self.rotation_share = rotation_share
        self.rotation_shift = rotation_shift
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
        from ama.training.fit import TrainingSet, fit_model  # brings Lightning, which scoring can do without

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
        self.validation_auroc_ = fitted.validation_auroc
        self._keep(fitted.model, samples, fitted.steps, fitted.history, time.monotonic() - started)
        return self

    def a_score(self, X: Any) -> np.ndarray:
        """Logarithm of Eq. 6 for each sample, whatever score decides; higher = more normal."""
        return self.scores(X).a_score.numpy()

    def r_score(self, X: Any) -> np.ndarray:
        """Eq. 5 for each sample, at least 0: how far apart D finds the sample and its reconstruction."""
        return self.scores(X).r_score.numpy()

    def reconstruct(self, X: Any) -> np.ndarray:
        """G(E(x)) in the units of X, float, in the shape of ``shape_``."""
        samples = self._fitted_samples(X)
        return self.model_.reconstruct(samples).cpu().numpy()

    def anomaly_map(self, X: Any) -> np.ndarray:
        """Where a score comes from; see :mod:`ama.scores.anomaly_maps`.

        Parameters
        ----------
        X
            Samples, as in :meth:`score_samples`.

        Returns
        -------
        ndarray
            Of images (n, H, W), at least 0; maps of normal ones add up to their R-score on average. Of rows (n, d): by
            how much the score would rise if the column had the value that the others lead one to expect.
        """
        samples = self._fitted_samples(X)
        return self.model_.anomaly_map(samples).double().cpu().numpy()

    def scores(self, X: Any) -> Any:
        """R-score, log A-score, deciding score (n,) and its terms (n, t), by a single pass: named tensors."""
        samples = self._fitted_samples(X)
        values = self.model_.scores(samples)
        return type(values)(*(value.cpu() for value in values))

    def plot_reconstructions(self, X: Any, y: Any = None, n: int = 10) -> Figure:
        """Images above their reconstructions; see :class:`ama.report.displays.ReconstructionsDisplay`.

        Parameters
        ----------
        X
            Images, as in :meth:`score_samples`.
        y
            The group of each, such as +1 and -1.
        n
            Images of each group that are shown.

        Raises
        ------
        InputError
            If the samples are rows.
        """
        from ama.report.displays import (
            ReconstructionsDisplay,  # brings matplotlib, which scoring can do without
        )

        return ReconstructionsDisplay.from_estimator(self, X, y, n).figure_

    def plot_map(self, X: Any, n: int = 10) -> Figure:
        """Where the critic finds the first images of X unlike their reconstructions; see :meth:`anomaly_map`.

        Raises
        ------
        InputError
            If the samples are rows.
        """
        from ama.report.displays import MapDisplay

        return MapDisplay.from_estimator(self, X, n).figure_

    def _record(self) -> dict[str, Any]:
        return {**super()._record(), "validation_auroc": self.validation_auroc_}

    def _restore(self, model: Model, config: dict[str, Any]) -> None:
        super()._restore(model, config)
        self.validation_auroc_ = config["validation_auroc"]

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
