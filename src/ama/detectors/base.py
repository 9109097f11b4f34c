"""The contract of every detector: scikit-learn's, around one score, a calibrated threshold and a model folder."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar, Literal, TypeVar

import numpy as np
import torch
from sklearn.base import OutlierMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

import ama.utils.forked_processes  # noqa: F401  # from now on, forked processes can score
from ama.data.samples import Samples, Source
from ama.data.sources import open_source
from ama.decision import conformal
from ama.detectors.calibrating import REMEDY_AT_FIT, CalibratingMixin
from ama.detectors.explanation import Explanation, LatentSphere, ScoreColumn
from ama.detectors.given_scores import as_scores
from ama.detectors.inputs import TakesSamples, as_samples, keep_columns, sample_batches
from ama.detectors.localising import LocalisingMixin
from ama.detectors.parameters import parameters
from ama.detectors.plotting import PlottingMixin
from ama.detectors.saving import SavedEstimator
from ama.errors import InputError, as_written
from ama.io.versions import versions
from ama.scores.kinds.kind import SampleKind
from ama.training.run import Run
from ama.utils.declarations import FIRST, check, parameter

Self = TypeVar("Self", bound="Detector")


@parameters
class Detector(
    PlottingMixin, LocalisingMixin, CalibratingMixin, TakesSamples, OutlierMixin, SavedEstimator, ABC
):
    """Base of every detector; a subclass declares its parameters and has a ``fit`` that ends with :meth:`_keep`.

    Attributes
    ----------
    model_ : ama.io.storable.Storable
        What scores.
    offset_ : float
        Threshold on ``score_samples``: below it a sample is an anomaly.
    false_alarm_rate_ : float
        The rate that it is the threshold of; ``set_params`` leaves both as they are.
    shape_ : tuple of int
        Shape of one sample; a row is as long as its encoding.
    encoding_ : ama.data.encoding.table_encoding.TableEncoding or None
        How the columns of a table become numbers.
    n_steps_ : int
        Steps of the training.
    history_ : list of dict
        Losses every few steps.
    precision_ : str or None
        Type of the convolutions during training, "float32" or "bfloat16"; None without a training.
    learned_from_ : str
        How many samples of which size it was fitted on, and their source if it has a name.
    held_out_from_ : str or None
        Which normal samples were held out: from "anywhere", the "end" of their order, or whole "groups". None after
        ``calibrate``, as others are behind the threshold then, and where the folder of an older ama does not tell.
    """

    # fmt: off
    false_alarm_rate: float = parameter((
        "Share of normal samples that may be flagged, on average: held-out normal samples set the threshold at "
        "fit. set_threshold changes it later, set_params does not."), FIRST, 0, 1, exclusive=True, default=0.05)
    device: Literal["auto", "cpu", "cuda"] = parameter("\"auto\" is a GPU if there is one.", FIRST, default="auto")
    random_state: int | None = parameter((
        "Seed. Two fits with the same seed on the same CPU and number of threads are equal bit for bit."), FIRST,
        default=None)
    progress: bool | None = parameter((
        "Whether to show a progress bar; None shows one in a terminal and in a notebook."), FIRST,
        default=None)
    # fmt: on

    # What differs between detectors besides their parameters; commands and reports ask for nothing else.
    score_columns: ClassVar[tuple[ScoreColumn, ...]] = (ScoreColumn("score", "normal"),)
    learns_from_anomalies: ClassVar[bool] = False  # whether fit takes known anomalies and validation samples
    trains_networks: ClassVar[bool] = False  # whether fit needs the extra "train"
    exports: ClassVar[bool] = False  # whether export writes an ONNX file of it

    @abstractmethod
    def fit(self: Self, X: Any, y: Any = None, *, groups: Any = None) -> Self:
        """Learn from normal samples."""

    def score_samples(self, X: Any) -> np.ndarray:
        """The deciding score of each sample, shape (n,), float64 and finite; higher = more normal."""
        return torch.cat([self.model_.score(x).cpu() for x in self._fitted_batches(X)]).numpy()

    def named_scores(self, X: Any) -> dict[str, np.ndarray]:
        """``score`` and every other score of the method by name, each (n,); all higher = more normal."""
        parts = [self.model_.named_scores(x) for x in self._fitted_batches(X)]
        return {name: torch.cat([part[name].cpu() for part in parts]).numpy() for name in parts[0]}

    def score_table(self, X: Any) -> dict[str, np.ndarray]:
        """The columns of a score table: those of ``score_columns``, ``p_value`` and ``anomaly``, each (n,)."""
        scores = self.named_scores(X)
        columns = {
            c.name: scores[c.name] if c.higher == "normal" else -scores[c.name] for c in self.score_columns
        }
        deciding = torch.from_numpy(scores["score"])
        return {
            **columns,
            "p_value": conformal.p_value(deciding, self.model_.calibration.cpu()).numpy(),
            "anomaly": conformal.is_anomaly(deciding, self.offset_).numpy(),
        }

    def explain(self, X: Any) -> Explanation:
        """Why samples have their scores, as far as the method can tell."""
        return Explanation()

    def score_weights(self) -> dict[str, float]:
        """The terms of the score and their weights, if it has several."""
        return {}

    def score_name(self) -> str:
        """What decides, in a word."""
        return type(self).__name__

    def encoding_lengths(self, X: Any) -> np.ndarray | None:
        """Euclidean norms of the encodings (n,), if the method has encodings."""
        return None

    def latent_sphere(self) -> LatentSphere | None:
        """The sphere to which encodings are drawn, if there is one."""
        return None

    @property
    def scored_together(self) -> int:
        """Consecutive samples that share a score."""
        return 1

    def groups(self, n: int) -> np.ndarray:
        """The number of the group of each of n samples that are scored in one call; those of a group share a score."""
        return np.arange(n) // self.scored_together

    def independent(self, scores: np.ndarray) -> np.ndarray:
        """One score of each group of samples that were scored in one call."""
        return scores[np.unique(self.groups(len(scores)), return_index=True)[1]]

    def decision_function(self, X: Any) -> np.ndarray:
        """``score_samples(X) - offset_``, shape (n,): negative for an anomaly."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: Any) -> np.ndarray:
        """+1 for a normal sample, -1 for an anomaly, shape (n,)."""
        return np.where(self.decision_function(X) < 0, -1, 1)

    def p_value(self, X: Any) -> np.ndarray:
        """Conformal p-values (n,) in (0, 1]: p <= alpha flags, on average, at most a share alpha of normal samples."""
        scores = torch.from_numpy(self.score_samples(X))
        return conformal.p_value(scores, self.model_.calibration.cpu()).numpy()

    def set_threshold(self: Self, false_alarm_rate: float) -> Self:
        """Set the threshold for another share of normal samples that may be flagged; no score changes.

        Raises
        ------
        InputError
            If the rate is not between 0 and 1.
        """
        check_is_fitted(self)
        check({"false_alarm_rate": false_alarm_rate}, type(self))
        self.offset_ = self._offset(self.model_, false_alarm_rate)
        self.false_alarm_rate = self.false_alarm_rate_ = false_alarm_rate
        return self

    @property
    def kind_(self) -> SampleKind:
        """What the samples are."""
        check_is_fitted(self)
        return self.model_.kind

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

    def drift_of(self, scores: Any) -> conformal.Drift:
        """The test of :meth:`drift` on scores (n,) that are known already."""
        found, arithmetic = self.independent(as_scores(scores, 1)), self.model_.arithmetic
        held_out = conformal.scores_behind(self.model_.calibration.cpu(), arithmetic).numpy()
        return conformal.drift(*(conformal.coarse(part, arithmetic) for part in (found, held_out)))

    def open(
        self,
        source: Any,
        *,
        label_column: str | None = None,
        strict: bool = False,
        complete: bool = False,
        channels: Literal["first", "last"] | None = None,
        surveying: Callable[[Any], Any] | None = None,
        normal_labels: Sequence[str] | None = None,
    ) -> Source:
        """Open a source of samples like those of the fit, in size, depth and columns.

        Parameters
        ----------
        source, label_column, strict, complete, channels, surveying, normal_labels
            As in :func:`ama.data.sources.open_source`.
        """
        check_is_fitted(self)
        return open_source(
            source,
            shape=self.shape_,
            columns=self.columns_,
            encoding=self.encoding_,
            dtype=self.model_.dtype,
            label_column=label_column,
            strict=strict,
            complete=complete,
            channels=channels,
            surveying=surveying,
            normal_labels=normal_labels,
        )

    def _keep(
        self,
        model: Any,
        samples: Samples,
        steps: int,
        history: list[dict[str, Any]],
        seconds: float,
        precision: str | None,
    ) -> None:
        """Keep the results of a fit; the model has its calibration scores."""
        # First, as its warning may be an error.
        self.offset_ = self._offset(model, self.false_alarm_rate, REMEDY_AT_FIT)
        self.model_, self.n_steps_, self.history_, self.fit_seconds_ = model, steps, history, seconds
        self.precision_, self.shape_ = precision, tuple(samples.x.shape[1:])
        keep_columns(self, samples)
        self.learned_from_ = samples.summary()
        self.versions_, self.false_alarm_rate_ = versions(), self.false_alarm_rate

    def _fitted_samples(self, X: Any) -> Tensor:
        check_is_fitted(self)
        return as_samples(self, X, reset=False).x

    def _fitted_batches(self, X: Any) -> Iterator[Tensor]:
        check_is_fitted(self)
        return (samples.x for samples in sample_batches(self, X))

    def check_parameters(self) -> None:
        """Refuse a parameter that is not as declared; ``fit`` does so before it reads data.

        Raises
        ------
        InputError
            For the first such parameter.
        """
        check(self.get_params(), type(self))

    def _run(self, device: str) -> Run:
        try:
            if isinstance(self.random_state, bool):  # NumPy takes True for the seed 1
                raise ValueError
            seed = int(check_random_state(self.random_state).randint(2**31))
        except ValueError:
            raise InputError(
                f"random_state must be a whole number from 0 to {2**32 - 1}, found {as_written(self.random_state)}"
            ) from None
        return Run(seed=seed, device=device, progress=self.progress)

    def _device(self) -> str:
        if self.device == "auto":
            return "cuda" if torch.cuda.is_available() else "cpu"
        check({"device": self.device}, type(self))
        if self.device == "cuda" and not torch.cuda.is_available():
            raise InputError("device is cuda, but torch finds no usable GPU here")
        return self.device
