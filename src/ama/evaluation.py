"""How well scores tell anomalies from normal samples: AUROC, average precision, FPR at 95 % recall, with intervals."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from scipy.stats import bootstrap
from sklearn.metrics import auc

RECALL = 0.95


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
