"""What Prometheus is told of the service: requests and their latency, and what is refused."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from ama.serving.model_metrics import ModelMetrics

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class ServiceMetrics:
    """The metrics that do not depend on the model."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._seconds = Histogram(
            "ama_request_seconds",
            "Time from the head of a request to the end of its answer.",
            ["path", "status"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self._rejected = Counter(
            "ama_rejected", "Requests that were refused, and images that cannot be read.", ["reason"],
            registry=self.registry,
        )  # fmt: skip
        self._running = Gauge(
            "ama_requests_running",
            "Requests for scores that are read, wait or are scored.",
            registry=self.registry,
        )

    def answered(self, path: str, status: int, seconds: float) -> None:
        """Count a request that has been answered."""
        self._seconds.labels(path, str(status)).observe(seconds)

    def rejected(self, reason: str, n: int = 1) -> None:
        """Count what was refused, by a word of :mod:`ama.serving.refusals`, or "unreadable"."""
        self._rejected.labels(reason).inc(n)

    def running(self, n: int) -> None:
        """Set how many requests for scores are under way."""
        self._running.set(n)

    def text(self, of_model: ModelMetrics) -> bytes:
        """All metrics in the text format of Prometheus."""
        return generate_latest(self.registry) + of_model.text()
