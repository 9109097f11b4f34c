"""Principal components: a simple baseline from scikit-learn.

The anomaly score is the squared error of a sample's reconstruction from the first components of the normal samples.
"""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from sklearn.decomposition import PCA
from torch import Tensor

from ama.baselines.baseline import Baseline, Log
from ama.baselines.baseline_model import BaselineModel
from ama.detectors.parameters import parameters
from ama.scores.kinds.kind import SampleKind
from ama.training.run import Run
from ama.utils.declarations import METHOD, parameter

TINY = 1e-9  # share of the variance below which there is none


class PCAReconstructionModel(BaselineModel):
    """Mean and components."""

    mean: Tensor
    components: Tensor

    def build(self) -> None:
        n = torch.Size(self.shape).numel()
        self.register_buffer("mean", torch.zeros(n))
        self.register_buffer("components", torch.zeros(0, n))

    def anomalies(self, x: Float[Tensor, "b ..."]) -> dict[str, Float[Tensor, " b"]]:
        centred = x.flatten(1) - self.mean
        return {"score": (centred - centred @ self.components.T @ self.components).square().sum(1)}


@parameters
class PCAReconstruction(Baseline):
    """Principal components: the error of a reconstruction from the first ones of the normal samples."""

    n_components: int = parameter(
        "Number of components; at most one less than there are samples, or numbers in a sample.",
        METHOD,
        1,
        default=40,
    )

    _model_class = PCAReconstructionModel

    def _options(self, kind: SampleKind) -> dict[str, Any]:
        return {}

    def _learn(self, model: PCAReconstructionModel, train: Tensor, run: Run, log: Log) -> None:
        points = torch.cat([x.flatten(1) for x in model.chunks(train)]).cpu().numpy()
        # All components together would reconstruct every sample.
        n_components = min(self.n_components, len(points) - 1, points.shape[1] - 1)
        fitted = PCA(max(1, n_components), random_state=run.seed % 2**31).fit(points)
        variance, total = fitted.explained_variance_, points.var(0, ddof=1).sum()
        n_found = int((variance > TINY * total).sum())
        # Columns that depend on each other leave no error either, such as indicators, which add up to 1.
        n_kept = n_found - (total - variance.sum() <= TINY * total)
        model.mean = torch.from_numpy(fitted.mean_).to(model.mean)
        model.components = torch.from_numpy(fitted.components_[: max(n_kept, 0)]).to(model.components)
