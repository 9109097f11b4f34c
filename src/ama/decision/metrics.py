"""How well scores separate anomalies from normal samples: AUROC, average precision, FPR at 95 % recall."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
from scipy.integrate import trapezoid
from scipy.stats import bootstrap

RECALL = 0.95
# Points at which a curve is evaluated: quotients, as recalls are, which linspace rounds otherwise.
GRID = np.arange(201) / 200


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


def evaluate(
    scores: np.ndarray,
    anomalous: np.ndarray,
    resamples: int = 500,
    seed: int = 0,
    groups: np.ndarray | None = None,
) -> Evaluation:
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
    groups
        Shape (n,), any labels: samples of one group are drawn together, such as those that share a score. By default
        every sample is drawn alone.

    Raises
    ------
    ValueError
        If one of the classes is missing, or a score is not finite.
    """
    scores, anomalous = np.asarray(scores, dtype=np.float64), np.asarray(anomalous, dtype=bool)
    if not np.isfinite(scores).all():
        raise ValueError(f"scores must be finite, found {scores[~np.isfinite(scores)][0]}")
    classes = _classes(scores, anomalous, groups)
    if not all(len(one.rank) for one in classes):
        found = " and ".join(str(len(one.rank)) for one in classes)
        raise ValueError(f"evaluation needs normal samples and anomalies, found {found}")

    values, low, high = _with_interval(classes, resamples, seed)
    auroc, precision, fpr = (
        Metric(float(v), float(a), float(b)) for v, a, b in zip(values, low, high, strict=True)
    )
    return Evaluation(auroc, precision, fpr, *(len(one.rank) for one in classes))


@dataclass(frozen=True)
class Band:
    """A curve y(x) with its 95 % bootstrap interval at every point."""

    x: np.ndarray
    y: np.ndarray
    low: np.ndarray
    high: np.ndarray


def roc_band(
    scores: np.ndarray,
    anomalous: np.ndarray,
    resamples: int = 200,
    seed: int = 0,
    groups: np.ndarray | None = None,
) -> Band:
    """ROC curve: share of the anomalies flagged, over the share of normal samples flagged.

    Parameters
    ----------
    scores, anomalous, groups
        As in :func:`evaluate`.
    resamples
        Bootstrap resamples, stratified by class.
    seed
        Seed of the bootstrap.
    """

    def curve(normal: np.ndarray, anomalies: np.ndarray) -> np.ndarray:
        fpr, recall = (np.append(0, np.cumsum(counts)) / counts.sum() for counts in (normal, anomalies))
        return np.interp(GRID, fpr, recall)

    return _band(curve, _classes(scores, anomalous, groups), resamples, seed)


def precision_recall_band(
    scores: np.ndarray,
    anomalous: np.ndarray,
    resamples: int = 200,
    seed: int = 0,
    groups: np.ndarray | None = None,
) -> Band:
    """Precision over recall: share of anomalies among the flagged; parameters as in :func:`roc_band`."""

    def curve(normal: np.ndarray, anomalies: np.ndarray) -> np.ndarray:
        true, false = np.cumsum(anomalies), np.cumsum(normal)
        # The first threshold that reaches each recall.
        at = np.searchsorted(true / true[-1], GRID[1:])
        return np.append(np.nan, true[at] / (true[at] + false[at]))

    return _band(curve, _classes(scores, anomalous, groups), resamples, seed)


@dataclass(frozen=True)
class _Class:
    """The n samples of a class: their scores' ranks among all distinct scores, and the groups that are drawn."""

    rank: np.ndarray
    group: np.ndarray  # of each sample, 0 to n_groups - 1
    n_groups: int
    n_ranks: int

    def counts(self, drawn: np.ndarray) -> np.ndarray:
        """How many samples have each rank, if these groups are drawn, each as often as it occurs."""
        times = np.bincount(drawn, minlength=self.n_groups)
        return np.bincount(self.rank, weights=times[self.group], minlength=self.n_ranks)


def _classes(scores: np.ndarray, anomalous: np.ndarray, groups: np.ndarray | None) -> tuple[_Class, _Class]:
    """Normal samples and anomalies; rank 0 is the most anomalous score."""
    distinct, rank = np.unique(np.asarray(scores, dtype=np.float64), return_inverse=True)
    labels = np.arange(len(rank)) if groups is None else np.asarray(groups)

    def of_class(mask: np.ndarray) -> _Class:
        own, group = np.unique(labels[mask], return_inverse=True)
        return _Class(rank[mask], group, len(own), len(distinct))

    return of_class(~anomalous), of_class(anomalous)


def _with_interval(
    classes: tuple[_Class, _Class], resamples: int, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The three metrics, and the ends of their intervals."""

    def metrics(*drawn: np.ndarray) -> np.ndarray:
        return _metrics(*(one.counts(own) for one, own in zip(classes, drawn, strict=True)))

    everything = [np.arange(one.n_groups) for one in classes]
    values = metrics(*everything)
    if min(one.n_groups for one in classes) == 1:
        return values, np.zeros(3), np.ones(3)  # a single sample or group gives no estimate of the variance
    found = bootstrap(
        everything,
        metrics,
        n_resamples=resamples,
        vectorized=False,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return values, found.low, found.high


def _band(
    curve: Callable[[np.ndarray, np.ndarray], np.ndarray],
    classes: tuple[_Class, _Class],
    resamples: int,
    seed: int,
) -> Band:
    random = np.random.default_rng(seed)
    drawn = [
        curve(*(one.counts(random.integers(one.n_groups, size=one.n_groups)) for one in classes))
        for _ in range(resamples)
    ]
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    return Band(GRID, curve(*(one.counts(np.arange(one.n_groups)) for one in classes)), low, high)


def _metrics(normal: np.ndarray, anomalies: np.ndarray) -> np.ndarray:
    """AUROC, average precision and FPR at 95 % recall from the two classes' counts at each distinct score.

    The values are scikit-learn's; this takes linear time, because the scores are sorted once for all resamples.
    """
    false, true = np.cumsum(normal), np.cumsum(anomalies)
    fpr, recall = false / false[-1], true / true[-1]
    precision = true / np.maximum(true + false, 1)
    return np.array(
        [
            trapezoid(np.append(0, recall), np.append(0, fpr)),
            np.diff(recall, prepend=0) @ precision,
            fpr[np.searchsorted(recall, RECALL)],
        ]
    )
