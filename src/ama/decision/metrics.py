"""How well scores separate anomalies from normal samples: AUROC, average precision, FPR at 95 % recall."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
from scipy.stats import bootstrap
from sklearn.metrics import auc

RECALL = 0.95
GRID = np.linspace(0, 1, 201)  # points at which a curve is evaluated


@dataclass(frozen=True)
class Metric:
    """A value with its 95 % bootstrap interval, all in [0, 1]."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.4f}  (95 % interval {self.low:.4f} to {self.high:.4f})"


@dataclass(frozen=True)
class Evaluation:
    """Metrics of one model on labelled samples; anomalies are the positive class."""

    auroc: Metric
    average_precision: Metric
    fpr_at_95_recall: Metric
    n_normal: int
    n_anomalous: int

    def as_dict(self) -> dict[str, object]:
        """The metrics and counts as JSON types, for a results file."""
        return asdict(self)


def evaluate(scores: np.ndarray, anomalous: np.ndarray, resamples: int = 500, seed: int = 0) -> Evaluation:
    """Evaluate scores, higher for more normal samples.

    Parameters
    ----------
    scores
        Shape (n,), finite; only their order matters.
    anomalous
        Shape (n,), True for anomalies.
    resamples
        Bootstrap resamples, stratified by class, for percentile intervals.
    seed
        Seed of the bootstrap.

    Raises
    ------
    ValueError
        If one of the classes is missing, or a score is not finite.
    """
    scores, anomalous = np.asarray(scores, dtype=np.float64), np.asarray(anomalous, dtype=bool)
    if not np.isfinite(scores).all():
        raise ValueError(f"scores must be finite, found {scores[~np.isfinite(scores)][0]}")
    distinct, rank = np.unique(scores, return_inverse=True)  # rank 0 is the most anomalous value
    normal, anomalies = rank[~anomalous], rank[anomalous]
    if not len(normal) or not len(anomalies):
        raise ValueError(
            f"evaluation needs normal samples and anomalies, found {len(normal)} and {len(anomalies)}"
        )

    def metrics(*ranks: np.ndarray) -> np.ndarray:
        return _metrics(*(np.bincount(r, minlength=len(distinct)) for r in ranks))

    values = metrics(normal, anomalies)
    if min(len(normal), len(anomalies)) > 1:
        found = bootstrap(
            (normal, anomalies),
            metrics,
            n_resamples=resamples,
            vectorized=False,
            method="percentile",
            rng=np.random.default_rng(seed),
        ).confidence_interval
        low, high = found.low, found.high
    else:
        low, high = np.zeros(3), np.ones(3)  # a single sample gives no estimate of the variance
    auroc, precision, fpr = (
        Metric(float(v), float(a), float(b)) for v, a, b in zip(values, low, high, strict=True)
    )
    return Evaluation(auroc, precision, fpr, len(normal), len(anomalies))


@dataclass(frozen=True)
class Band:
    """A curve y(x) with its 95 % bootstrap interval at every point."""

    x: np.ndarray
    y: np.ndarray
    low: np.ndarray
    high: np.ndarray


def roc_band(scores: np.ndarray, anomalous: np.ndarray, resamples: int = 200, seed: int = 0) -> Band:
    """ROC curve: share of the anomalies flagged, over the share of normal samples flagged.

    Parameters
    ----------
    scores, anomalous
        As in :func:`evaluate`.
    resamples
        Bootstrap resamples, stratified by class.
    seed
        Seed of the bootstrap.
    """

    def curve(normal: np.ndarray, anomalies: np.ndarray) -> np.ndarray:
        fpr, recall = (np.append(0, np.cumsum(counts)) / counts.sum() for counts in (normal, anomalies))
        return np.interp(GRID, fpr, recall)

    return _band(curve, scores, anomalous, resamples, seed)


def precision_recall_band(
    scores: np.ndarray, anomalous: np.ndarray, resamples: int = 200, seed: int = 0
) -> Band:
    """Precision over recall: share of anomalies among the flagged; parameters as in :func:`roc_band`."""

    def curve(normal: np.ndarray, anomalies: np.ndarray) -> np.ndarray:
        true, false = np.cumsum(anomalies), np.cumsum(normal)
        # The first threshold that reaches each recall.
        at = np.searchsorted(true / true[-1], GRID[1:])
        return np.append(np.nan, true[at] / (true[at] + false[at]))

    return _band(curve, scores, anomalous, resamples, seed)


def _band(
    curve: Callable[[np.ndarray, np.ndarray], np.ndarray],
    scores: np.ndarray,
    anomalous: np.ndarray,
    resamples: int,
    seed: int,
) -> Band:
    distinct, rank = np.unique(np.asarray(scores, dtype=np.float64), return_inverse=True)
    counts = [np.bincount(rank[mask], minlength=len(distinct)) for mask in (~anomalous, anomalous)]
    random = np.random.default_rng(seed)
    drawn = [curve(*(random.multinomial(c.sum(), c / c.sum()) for c in counts)) for _ in range(resamples)]
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    return Band(GRID, curve(*counts), low, high)


def _metrics(normal: np.ndarray, anomalies: np.ndarray) -> np.ndarray:
    """AUROC, average precision and FPR at 95 % recall from the two classes' counts at each distinct score.

    The values are scikit-learn's; this takes linear time, because the scores are sorted once for all resamples.
    """
    false, true = np.cumsum(normal), np.cumsum(anomalies)
    fpr, recall = false / false[-1], true / true[-1]
    precision = true / np.maximum(true + false, 1)
    return np.array(
        [
            auc(np.append(0, fpr), np.append(0, recall)),
            np.diff(recall, prepend=0) @ precision,
            fpr[np.searchsorted(recall, RECALL)],
        ]
    )
