"""What Prometheus is told of a model: its scores, the share flagged, drift, and its calibration."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from threading import Lock

import numpy as np
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from ama.decision.conformal import Drift
from ama.detectors.base import Detector
from ama.detectors.drift_watch import DriftWatch
from ama.report.verdict import percent, watch_sentence
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
        self._detector, self._watch = detector, DriftWatch(detector)
        self._latest, self._flags = deque[float](maxlen=window), deque[bool](maxlen=window)
        self._lock = Lock()  # scores come in one thread, and are looked at in others
        held_out = detector.model_.calibration.cpu().numpy()
        self._scores = Histogram(
            "ama_score",
            "Scores, higher = more normal; the buckets are quantiles of the scores of held-out normal samples.",
            buckets=np.unique(np.quantile(held_out, QUANTILES)).tolist(),
            registry=self.registry,
        )
        self._flagged = Counter("ama_flagged", "Samples flagged as anomalies.", registry=self.registry)
        for name, (text, value) in self._gauges(len(held_out), calibrated).items():
            Gauge(f"ama_{name}", text, registry=self.registry).set_function(value)

    def _gauges(self, n_held_out: int, calibrated: float) -> dict[str, tuple[str, Callable[[], float]]]:
        """Help text and value of what is computed when it is asked for."""
        found, bound = self._watch.verdict, _bound(self._watch)
        return {
            "flagged_share": ("Share of the latest scores that is flagged.", self._flagged_share),
            "allowed_share": (
                "Share of normal samples that is flagged at most, on average.",
                lambda: self._detector.guaranteed_rate,
            ),
            "drift_distance": (
                "Kolmogorov-Smirnov distance, 0 to 1, of the latest scores from those of held-out normal samples.",
                lambda: self._drift().distance,
            ),
            "drift_p_value": (
                "P-value of that distance; a small one is drift.",
                lambda: self._drift().p_value,
            ),
            "drift_evidence_log10": (
                f"Decimal logarithm of the evidence of drift now, over all requests; {bound}.",
                lambda: found().log_evidence / math.log(10),
            ),
            "drift_evidence_largest_log10": (
                f"Decimal logarithm of the largest evidence of drift so far; {bound}.",
                lambda: found().log_largest / math.log(10),
            ),
            "drift_alarm": (
                f"1 since the evidence of drift was so large that the drift watch alarmed, else 0; {bound}.",
                lambda: float(found().alarm_at is not None),
            ),
            "window_samples": ("Number of latest scores.", lambda: len(self._latest)),
            "calibration_samples": ("Held-out normal samples behind the threshold.", lambda: n_held_out),
            "calibration_age_seconds": (
                "Seconds since the model folder was written, by a fit or by ama calibrate.",
                lambda: max(0.0, time.time() - calibrated),
            ),
        }

    def observe(self, scored: Scored) -> None:
        """Count the samples of a request."""
        scores, flags = scored.columns["score"], scored.columns["anomaly"].tolist()
        with self._lock:
            for score in scores.tolist():
                self._scores.observe(score)
            self._flagged.inc(sum(flags))
            self._latest.extend(scores.tolist())
            self._flags.extend(flags)
            self._watch.update(scores)

    def text(self) -> bytes:
        """The metrics in the text format of Prometheus."""
        with self._lock:
            return generate_latest(self.registry)

    def watched(self) -> str:
        """What the drift watch has found, in a sentence."""
        with self._lock:
            return watch_sentence(self._watch.verdict())

    def _drift(self) -> Drift:
        """The test for drift on the latest scores; NaN before the first."""
        if not self._latest:
            return Drift(float("nan"), float("nan"), False)
        return self._detector.drift_of(np.array(self._latest))

    def _flagged_share(self) -> float:
        return sum(self._flags) / len(self._flags) if self._flags else float("nan")


def _bound(watch: DriftWatch) -> str:
    """When the drift watch alarms, and how often without drift."""
    level = watch.martingale.level
    return (
        f"the alarm comes at {math.log10(1 / level):g} on at most {percent(level)} of streams without drift"
    )
