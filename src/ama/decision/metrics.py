"""How well scores tell anomalies from normal samples: AUROC, average precision, FPR at 95 % recall, with intervals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
from scipy.stats import bootstrap
from sklearn.metrics import auc

RECALL = 0.95
GRID = np.linspace(0, 1, 201)  # where a curve is known


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
        """For a results file."""
        return asdict(self)


def evaluate(scores: np.ndarray, anomalous: np.ndarray, resamples: int = 500, seed: int = 0) -> Evaluation:
    """Metrics of scores of which higher is more normal.

    Parameters
    ----------
    scores
        Shape (n,), finite, of any size: only their order counts.
    anomalous
        Shape (n,), True for anomalies.
    resamples
        Bootstrap resamples, stratified by class; the interval is their percentile interval.

    Raises
    ------
    ValueError
        If one of the classes is missing, or a score is not finite.
    """
    scores, anomalous = np.asarray(scores, dtype=np.float64), np.asarray(anomalous, dtype=bool)
    if not np.isfinite(scores).all():
        raise ValueError("an evaluation needs finite scores, found one that is not")
    distinct, rank = np.unique(scores, return_inverse=True)  # rank 0 is the most anomalous value
    normal, anomalies = rank[~anomalous], rank[anomalous]
    if not len(normal) or not len(anomalies):
        raise ValueError(
            f"an evaluation needs normal samples and anomalies, found {len(normal)} and {len(anomalies)}"
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
        low, high = np.zeros(3), np.ones(3)  # a single sample says nothing of the spread
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
    """Share of the anomalies flagged at each share of normal samples flagged.

    Parameters
    ----------
    scores, anomalous
        As in :func:`evaluate`.
    resamples
        Bootstrap resamples, stratified by class.
    """

    def curve(normal: np.ndarray, anomalies: np.ndarray) -> np.ndarray:
        fpr, recall = (np.append(0, np.cumsum(counts)) / counts.sum() for counts in (normal, anomalies))
        return np.interp(GRID, fpr, recall)

    return _band(curve, scores, anomalous, resamples, seed)


def precision_recall_band(
    scores: np.ndarray, anomalous: np.ndarray, resamples: int = 200, seed: int = 0
) -> Band:
    """Share of anomalies among the flagged at each share of them flagged; parameters as in :func:`roc_band`."""

    def curve(normal: np.ndarray, anomalies: np.ndarray) -> np.ndarray:
        true, false = np.cumsum(anomalies), np.cumsum(normal)
        # The first threshold at which that many are flagged.
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

    As scikit-learn's, but linear in time, for the resamples: the scores are sorted only once.
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
