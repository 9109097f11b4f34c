"""Nearest neighbours in pixels or columns: a simple baseline from scikit-learn.

The anomaly score is the mean distance to the ``n_neighbours`` nearest normal samples.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from sklearn.neighbors import NearestNeighbors
from torch import Tensor

from ama.baselines.baseline import Baseline, Log
from ama.baselines.baseline_model import BaselineModel
from ama.detectors.parameters import parameters
from ama.errors import InputError
from ama.scores.kinds.kind import SampleKind
from ama.training.run import Run
from ama.utils.declarations import METHOD, parameter

MOST_OF_TREE = 6  # columns: of more, comparing with every point is faster


class NearestNeighboursModel(BaselineModel):
    """The normal samples."""

    points: Tensor

    def build(self, n_neighbours: int) -> None:
        self.n_neighbours = n_neighbours
        self.register_buffer("points", torch.zeros(0, torch.Size(self.shape).numel()))
        self._search: NearestNeighbors | None = None

    def anomalies(self, x: Float[Tensor, "b ..."]) -> dict[str, Float[Tensor, " b"]]:
        if self._search is None:
            algorithm = "kd_tree" if self.points.shape[1] <= MOST_OF_TREE else "brute"
            self._search = NearestNeighbors(n_neighbors=self.n_neighbours, algorithm=algorithm)
            self._search.fit(self.points.cpu().numpy())
        # Of another type than the points, they would be searched an order of magnitude more slowly.
        x = x.flatten(1).to(self.points.dtype)
        # A distance that overflows is the largest there is.
        with np.errstate(over="ignore", invalid="ignore"):
            distances, _ = self._search.kneighbors(x.cpu().numpy())
        return {"score": torch.from_numpy(distances).mean(1)}


@parameters
class NearestNeighbours(Baseline):
    """Nearest neighbours: the mean distance to the nearest normal samples."""

    n_neighbours: int = parameter("Number of neighbours.", METHOD, 1, default=5)

    _model_class = NearestNeighboursModel

    def _options(self, kind: SampleKind) -> dict[str, Any]:
        return {"n_neighbours": self.n_neighbours}

    def _learn(self, model: NearestNeighboursModel, train: Tensor, run: Run, log: Log) -> None:
        if len(train) < self.n_neighbours:
            raise InputError(
                f"n_neighbours is {self.n_neighbours}, but there are {len(train)} normal samples"
            )
        model.points = torch.cat([x.flatten(1) for x in model.chunks(train)])
