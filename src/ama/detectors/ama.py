"""AMADetector, the estimator of this package."""

from __future__ import annotations

import dataclasses
import itertools
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted

from ama import settings
from ama.detectors.explaining import ExplainingMixin
from ama.detectors.explanation import LatentSphere, ScoreColumn
from ama.detectors.exporting import ExportingMixin
from ama.detectors.parameters import parameters
from ama.detectors.plotting import ImagePlottingMixin
from ama.detectors.seeing import BackboneMixin
from ama.detectors.trained import TrainedDetector
from ama.detectors.training_inputs import (
    check_held_out_from,
    parted,
    shown_numbers,
    training_samples,
    validation_samples,
)
from ama.errors import InputError
from ama.features.tiles import Tiles
from ama.objective.latent import shell_bounds
from ama.scores.kinds.kind import SampleKind
from ama.scores.model import Model, Scores
from ama.scores.terms.term_registry import chosen_terms
from ama.utils.declarations import FIRST, parameter, plain_number
from ama.utils.extras import needs_extra
from ama.utils.user_warnings import warn_user

if TYPE_CHECKING:
    from ama.data.encoding.table_encoding import TableEncoding
    from ama.training.fit import Fitted, TrainingSet
    from ama.training.run import Run

DELTAS = (0.5, 1.0, 2.0, 4.0)  # what delta="auto" tries
DIRECTIONS = ("inward", "outward")


@parameters
class AMADetector(
    BackboneMixin, ExplainingMixin, ImagePlottingMixin, ExportingMixin, TrainedDetector, settings.Settings
):
    r"""Adversarial Mirrored AutoEncoder: learns from normal samples and scores how normal a sample looks.

    An encoder and a generator reconstruct each sample, and a discriminator sees pairs and learns to distinguish (x, x)
    from (x, reconstruction). Anomalies stand out in the discriminator's features because they are reconstructed poorly
    (Somepalli et al., "Unsupervised Anomaly Detection with Adversarial Mirrored AutoEncoders", UAI 2021).

    Parameters whose default is given per preset are None, and the preset decides.

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
    precision_ : str
        Type of the convolutions during training, "float32" or "bfloat16".
    history_ : list of dict
        Losses every few steps.
    validation_auroc_ : float or None
        AUROC of the selected weights on ``validation``.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> import ama
    >>> X, y = load_digits(return_X_y=True)
    >>> detector = ama.AMADetector(max_steps=50, random_state=0).fit(X[y != 3])
    >>> detector.predict(X[y == 3]).shape
    (183,)
    """

    preset: settings.Preset = parameter(
        'Sets the parameters that are not given. "paper": the networks of the paper, trained as its text says. '
        '"authors": the same networks, trained as in the authors\' code. "compact", which is "auto", too: small '
        "networks that train in minutes on a CPU, with a score that finds more than the paper's.",
        FIRST,
        default="auto",
    )

    _model_class = Model
    score_columns = (
        ScoreColumn("r_score", "anomalous"),
        ScoreColumn("a_score", "normal"),
        ScoreColumn("score", "normal"),
    )
    learns_from_anomalies = True

    def fit(
        self,
        X: Any,
        y: Any = None,
        validation: tuple[Any, Any] | None = None,
        *,
        groups: Any = None,
        logger: Any = None,
    ) -> AMADetector:
        """Learn from normal samples.

        Parameters
        ----------
        X
            Images (n, C, H, W) or (n, H, W), uint8 or float in [0, 1]; rows (n, d); as array, tensor, DataFrame or
            ``datasets.Dataset``; or a source: a folder, a file, a hub id, "digits"; or ``Samples`` read from one.
        y
            Optional: -1 marks a known anomaly, anything else a normal sample. Known anomalies take part in the score
            (:mod:`ama.scores.terms.known_anomalies`), and where there are ``negatives``, in the training (Eq. 4).
        validation
            (X, y) with y +1 for normal samples and -1 for a few anomalies. The weights with the best
            AUROC on them become the model, and they choose ``delta`` and ``direction`` if these are "auto".
        groups
            The group of each sample, such as the part or the day of a photograph: whole groups are held out. Or, for a
            source, a rule: "folder", "name:PATTERN", "column:NAME" or "time:1h" (:mod:`ama.data.grouping`).
        logger
            A logger of Lightning, such as ``TensorBoardLogger``, which gets the losses every 25 steps.

        Raises
        ------
        InputError
            A ValueError that says what is wrong with a parameter or the data.
        DivergenceError
            If the training diverged or the discriminator learned nothing.
        """
        started = time.monotonic()
        self._check_given(validation, groups, logger)
        from ama.training.fit import TrainingSet

        run = dataclasses.replace(self._run(self._device()), logger=logger)
        backbone = self._loaded_backbone()
        samples, anomalous, numbers = training_samples(self, X, y, groups)
        self._check_encoded(samples.encoding)
        parts = *parted(samples.x, anomalous), validation_samples(validation, samples)
        fitted = self._best(TrainingSet(*parts, backbone, numbers, shown_numbers(samples)), run)
        seconds, chosen = time.monotonic() - started, fitted.model.settings
        self._keep(fitted.model, samples, fitted.steps, fitted.history, seconds, chosen.precision)
        self.validation_auroc_, self.held_out_from_ = fitted.validation_auroc, chosen.held_out_from
        return self

    def _best(self, data: TrainingSet, run: Run) -> Fitted:
        """The best training of the choices that the parameters leave."""
        from ama.training.fit import fit_best
        from ama.training.trimming import trimming_notice

        kind = self._kind(tuple(data.normal.shape[1:]), data.backbone)
        choices = self._choices(kind, data.anomalies is not None)
        if choices[0].contamination_share:
            warn_user(trimming_notice(len(data.normal), choices[0].contamination_share))
        return fit_best(data, choices, run)

    def check_parameters(self) -> None:
        """Refuse a parameter that neither images nor rows could have; what one of them refuses is found at ``fit``.

        Raises
        ------
        InputError
            For the first such parameter.
        """
        super().check_parameters()
        try:
            self._choices(self._kind((1, 8, 8)), known=True)
        except InputError as refused:
            try:
                self._choices(self._kind((2,)), known=True)
            except InputError:
                raise refused from None

    def _check_given(self, validation: Any, groups: Any, logger: Any) -> None:
        """Refuse, before any work, parameters that need what ``fit`` is not given, or are at odds with it."""
        from ama.training.isolation import one_at_a_time

        with one_at_a_time(), needs_extra("train"):
            import ama.training.fit  # noqa: F401
            from ama.training.trainer import check_logger

        self.check_parameters()
        check_logger(logger)
        if validation is None and "auto" in (self.delta, self.direction):
            raise InputError("delta or direction is 'auto', which needs validation samples, found none")
        check_held_out_from(self.held_out_from, groups)

    def _check_encoded(self, encoding: TableEncoding | None) -> None:
        """Refuse what is not for rows, in a message that counts the columns of the table and not those encoded."""
        if encoding is not None:
            self._kind((len(encoding),))

    @property
    def left_out(self) -> float:
        """Share of the samples of the fit that was left out as possible anomalies."""
        return self.model_.settings.contamination_share

    @property
    def tiles_(self) -> Tiles | None:
        """Where each image is cut; None if it is seen whole."""
        tiles = self.model_.kind.tiles
        return None if tiles is None or len(tiles) == 1 else tiles

    def a_score(self, X: Any) -> np.ndarray:
        """Logarithm of Eq. 6 for each sample, shape (n,), whatever score decides; higher = more normal."""
        return -self.scores(X).terms["a_score"].numpy()

    def r_score(self, X: Any) -> np.ndarray:
        """Eq. 5 for each sample, shape (n,), at least 0; higher = more anomalous."""
        return self.scores(X).terms["r_score"].numpy()

    def named_scores(self, X: Any) -> dict[str, np.ndarray]:
        """``score``, the log A-score and minus the R-score, by name; all higher = more normal."""
        found = self.scores(X)
        paper = {name: -found.terms[name].numpy() for name in ("a_score", "r_score")}
        return {"score": found.score.numpy(), **paper}

    def scores(self, X: Any) -> Scores:
        """The deciding score (n,) and every term by its name, each (n,), from a single pass."""
        scores, terms = zip(*(self.model_.scores(x) for x in self._fitted_batches(X)), strict=True)
        return Scores(
            torch.cat([score.cpu() for score in scores]),
            {name: torch.cat([values[name].cpu() for values in terms]) for name in terms[0]},
        )

    def reconstruct(self, X: Any) -> np.ndarray:
        """G(E(x)) in the units of X, float, shape (n, *shape_); for a table, the numbers that encode it.

        Images seen through ``features`` are refused: the networks reconstruct features, not images.
        """
        x = self._fitted_samples(X)
        self.model_.kind.check_shown()
        return self.model_.reconstruct(x).cpu().numpy()

    def score_weights(self) -> dict[str, float]:
        """The terms of the score and their weights; none for a single term, which decides as it is."""
        check_is_fitted(self)
        names, weights = self.model_.deciding, self.model_.combination.weight.tolist()
        return dict(zip(names, weights, strict=True)) if len(names) > 1 else {}

    def score_name(self) -> str:
        """The parameter ``scoring`` of the fit."""
        check_is_fitted(self)
        return self.model_.settings.scoring

    def encoding_lengths(self, X: Any) -> np.ndarray:
        """Euclidean norms of E(x), shape (n,); for images that are cut into tiles, the largest norm of a tile."""
        parts = [self.model_.encode(x).norm(dim=1).double() for x in self._fitted_batches(X)]
        return torch.cat([self.model_.kind.per_sample(lengths).cpu() for lengths in parts]).numpy()

    def latent_sphere(self) -> LatentSphere:
        """The sphere of radius sqrt(latent_dim), and the atypical shell if there are such negatives."""
        check_is_fitted(self)
        fitted = self.model_.settings
        shell = None
        if fitted.negatives == "atypical":
            shell = shell_bounds(fitted.latent_dim, fitted.delta, fitted.direction)
        return LatentSphere(fitted.latent_dim, shell)

    def _classes(self) -> list[tuple[str, type]]:
        return super()._classes() + [(name, type(term)) for name, term in self.model_.terms.items()]

    def _record(self) -> dict[str, Any]:
        return {**super()._record(), "validation_auroc": self.validation_auroc_}

    def _restore(self, model: Model, config: dict[str, Any]) -> None:
        missing = {column.name for column in self.score_columns} - {"score", *model.terms}
        if missing:
            raise ValueError(f"its terms lack {' and '.join(sorted(missing))}")
        super()._restore(model, config)
        self.validation_auroc_ = config["validation_auroc"]
        if "held_out_from" not in config and (chosen := model.settings.held_out_from) != "auto":
            self.held_out_from_ = chosen  # an older ama saved the folder

    def _choices(self, kind: SampleKind, known: bool) -> list[settings.Settings]:
        """The settings to fit with, with known anomalies or without: several if delta or direction is "auto"."""
        deltas = DELTAS if self.delta == "auto" else (self.delta,)
        directions = DIRECTIONS if self.direction == "auto" else (self.direction,)
        names = {field.name for field in dataclasses.fields(settings.Settings)}
        given = {name: plain_number(value) for name, value in self.get_params().items() if name in names}
        choices = []
        for delta, direction in itertools.product(deltas, directions):
            chosen = {**given, "delta": delta, "direction": direction}
            choices.append(settings.resolve(self.preset, kind.variant, **chosen))
            kind.check(choices[-1])
            chosen_terms(choices[-1], kind, known)
        return choices
