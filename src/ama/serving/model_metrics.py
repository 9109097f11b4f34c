"""What Prometheus is told of a model: its scores, the share flagged, drift, and its calibration."""

from __future__ import annotations

import time
from collections import deque

import numpy as np
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from ama.decision.conformal import Drift
from ama.detectors.base import Detector
from ama.serving.scoring import Scored

# Of the scores of held-out normal samples: the buckets of the histogram.
QUANTILES = (0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 1)


class ModelMetrics:
    """The metrics of one model; those of its replacement start anew, as its scores have another scale.

    Parameters
    ----------
    detector
        The model.
    calibrated
        When its folder was written, in seconds since 1970.
    window
        Number of latest scores in which drift is looked for.
    """

    def __init__(self, detector: Detector, calibrated: float, window: int):
        self.registry = CollectorRegistry()
        self._detector, self._latest = detector, deque[float](maxlen=window)
        self._flags = deque[bool](maxlen=window)
        held_out = detector.model_.calibration.cpu().numpy()
        buckets = np.unique(np.quantile(held_out, QUANTILES)).tolist()
        self._scores = Histogram(
            "ama_score",
            "Scores, higher = more normal; the buckets are quantiles of the scores of held-out normal samples.",
            buckets=buckets,
            registry=self.registry,
        )
        self._flagged = Counter("ama_flagged", "Samples flagged as anomalies.", registry=self.registry)
        self._gauge("ama_flagged_share", "Share of the latest scores that is flagged.", self._flagged_share)
        self._gauge(
            "ama_allowed_share",
            "Share of normal samples that is flagged at most, on average.",
            lambda: detector.guaranteed_rate,
        )
        self._gauge(
            "ama_drift_distance",
            "Kolmogorov-Smirnov distance, 0 to 1, of the latest scores from those of held-out normal samples.",
            lambda: self.drift().distance,
        )
        self._gauge(
            "ama_drift_p_value",
            "P-value of that distance; a small one is drift.",
            lambda: self.drift().p_value,
        )
        self._gauge("ama_window_samples", "Number of latest scores.", lambda: len(self._latest))
        self._gauge(
            "ama_calibration_samples", "Held-out normal samples behind the threshold.", lambda: len(held_out)
        )
        self._gauge(
            "ama_calibration_age_seconds",
            "Seconds since the model folder was written, by a fit or by ama calibrate.",
            lambda: max(0.0, time.time() - calibrated),
        )

    def _gauge(self, name: str, text: str, value: object) -> None:
        Gauge(name, text, registry=self.registry).set_function(value)  # type: ignore[arg-type]

    def observe(self, scored: Scored) -> None:
        """Count the samples of a request."""
        scores, flags = scored.columns["score"].tolist(), scored.columns["anomaly"].tolist()
        for score in scores:
            self._scores.observe(score)
        self._flagged.inc(sum(flags))
        self._latest.extend(scores)
        self._flags.extend(flags)

    def drift(self) -> Drift:
        """The test for drift on the latest scores; NaN before the first."""
        if not self._latest:
            return Drift(float("nan"), float("nan"), False)
        return self._detector.drift_of(np.array(self._latest))

    def _flagged_share(self) -> float:
        return sum(self._flags) / len(self._flags) if self._flags else float("nan")
