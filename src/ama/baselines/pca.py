"""Principal components: what a user would do in five minutes, through scikit-learn.

The anomaly score is the squared error of a sample rebuilt from the normal samples' first components.
"""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from sklearn.decomposition import PCA
from torch import Tensor

from ama.baselines.baseline import Baseline, Log, check_count
from ama.baselines.baseline_model import BaselineModel
from ama.baselines.parameters import parameters
from ama.training.run import Run


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
    """Principal components: the error of a reconstruction from the normal samples' first ones.

    The parameters of :class:`ama.baselines.baseline.Baseline`, and this.

    Parameters
    ----------
    n_components
        How many; at most as many as the samples allow.
    """

    n_components: int = 40

    _model_class = PCAReconstructionModel

    def _check(self) -> None:
        super()._check()
        check_count("n_components", self.n_components, 1)

    def _options(self, shape: tuple[int, ...]) -> dict[str, Any]:
        return {}

    def _learn(self, model: PCAReconstructionModel, train: Tensor, run: Run, log: Log) -> None:
        points = torch.cat([x.flatten(1) for x in model.chunks(train)]).cpu().numpy()
        # All components of all columns would rebuild every row.
        most = min(self.n_components, len(points) - 1, points.shape[1] - 1)
        fitted = PCA(max(1, most), random_state=run.seed % 2**31).fit(points)
        model.mean = torch.from_numpy(fitted.mean_).to(model.mean)
        model.components = torch.from_numpy(fitted.components_).to(model.components)
