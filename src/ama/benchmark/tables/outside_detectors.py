"""Detectors of other libraries, with the defaults of their libraries, for a comparison on rows."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

Scoring = Callable[[Any, np.ndarray], np.ndarray]


def _of_scikit_learn(detector: Any, rows: np.ndarray) -> np.ndarray:
    return detector.score_samples(rows)


def _of_pyod(detector: Any, rows: np.ndarray) -> np.ndarray:
    return -detector.decision_function(rows)  # PyOD's is higher for anomalies


def _farthest_neighbour(detector: Any, rows: np.ndarray) -> np.ndarray:
    return -detector.kneighbors(rows)[0][:, -1]


class Outside(NamedTuple):
    """A detector of another library.

    Parameters
    ----------
    path
        Its class, with the module.
    scoring
        Maps a fitted detector and rows (m, d) to scores (m,), higher = more normal.
    parameters
        Those that differ from the library's defaults.
    most_rows
        Most rows that it learns from, for a method whose time grows with their square or faster.
    """

    path: str
    scoring: Scoring = _of_scikit_learn
    parameters: dict[str, Any] = {}  # noqa: RUF012
    most_rows: int | None = None

    @property
    def library(self) -> str:
        """The package that holds the class."""
        return self.path.split(".")[0]

    @property
    def installed(self) -> bool:
        """Whether the library can be imported."""
        return find_spec(self.library) is not None

    def new(self, seed: int) -> Any:
        """The detector, not yet fitted; the seed counts where the method draws at random."""
        module, name = self.path.rsplit(".", 1)
        detector = getattr(importlib.import_module(module), name)(**self.parameters)
        return detector.set_params(random_state=seed) if "random_state" in detector.get_params() else detector

    def scores(self, detector: Any, rows: Float[np.ndarray, "m d"]) -> Float[np.ndarray, " m"]:
        """The scores of rows by the fitted detector."""
        return np.asarray(self.scoring(detector, rows), dtype=np.float64)

    def library_version(self) -> str:
        """The name and the version of the library as installed."""
        package = {"sklearn": "scikit-learn"}.get(self.library, self.library)
        return f"{package} {version(package)}"


FIFTH, FIRST = "5th neighbour", "1st neighbour"
ELLIPTIC = "elliptic envelope"
# Name in a table -> the detector. PyOD's KNN and IForest give new rows the scores of scikit-learn's fifth neighbour and
# isolation forest, so they have no lines of their own.
OUTSIDE = {
    FIFTH: Outside("sklearn.neighbors.NearestNeighbors", _farthest_neighbour, {"n_neighbors": 5}),
    FIRST: Outside("sklearn.neighbors.NearestNeighbors", _farthest_neighbour, {"n_neighbors": 1}),
    "LOF": Outside("sklearn.neighbors.LocalOutlierFactor", parameters={"novelty": True}),
    "one Gaussian": Outside("sklearn.mixture.GaussianMixture"),
    "five Gaussians": Outside("sklearn.mixture.GaussianMixture", parameters={"n_components": 5}),
    "isolation forest": Outside("sklearn.ensemble.IsolationForest"),
    "one-class SVM": Outside("sklearn.svm.OneClassSVM", most_rows=5000),
    ELLIPTIC: Outside("sklearn.covariance.EllipticEnvelope"),
    "ECOD": Outside("pyod.models.ecod.ECOD", _of_pyod),
    "COPOD": Outside("pyod.models.copod.COPOD", _of_pyod),
    "HBOS": Outside("pyod.models.hbos.HBOS", _of_pyod),
    "INNE": Outside("pyod.models.inne.INNE", _of_pyod),
}
