r"""Columns made more symmetric: each by a power transformation that was fitted to normal rows.

Distances and Gaussians suit what is symmetric better than counts, prices and pooled activations. Yeo and Johnson's
(2000) power :math:`\lambda` of a column is the likeliest for the learned rows, with two limits. It stays between 0, a
logarithm, and 2: a stronger one would bring the anomalies in a long tail close to the rest. And few rows leave it near
1, which changes nothing.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ama.io.storable import Resizable, empty
from ama.scores.densities import some, standard

MAX_ROWS = 2_000  # that the powers are fitted to
FEW_ROWS = 200  # of as many, a power goes half of the way from 1 to the likeliest
LARGEST = 1e60  # a number beyond it counts as this, so that its square is finite


class SymmetricColumns(Resizable):
    """Power transformations of the columns of rows, and the scale of what they make.

    Attributes
    ----------
    powers
        Of each column (d,), 0 to 2.
    mean, std
        Of the transformed columns (d,), float64.
    """

    powers: Tensor
    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        for name in ("powers", "mean", "std"):
            self.register_buffer(name, empty(0))

    def fit(self, rows: Float[Tensor, "n d"], seed: int) -> None:
        """Fit to two or more standardised rows; ``seed`` is that of the subsample, if there are many."""
        points = some(rows, MAX_ROWS, seed)
        powers = torch.from_numpy(likeliest_powers(points.cpu().numpy()))
        self.powers = (1 + (powers - 1) * len(points) / (len(points) + FEW_ROWS)).to(rows.device)
        mean, std = standard(powered(rows, self.powers).cpu().numpy())
        self.mean, self.std = (torch.from_numpy(part).to(rows.device) for part in (mean, std))

    def forward(self, rows: Float[Tensor, "b d"]) -> Float[Tensor, "b d"]:
        """The rows, each column transformed and in its standard deviations."""
        return (powered(rows, self.powers) - self.mean) / self.std


def likeliest_powers(rows: Float[np.ndarray, "n d"]) -> Float[np.ndarray, " d"]:
    """Yeo and Johnson's power of the greatest likelihood for each column, held between 0 and 2."""
    from sklearn.preprocessing import PowerTransformer

    return PowerTransformer(standardize=False).fit(rows).lambdas_.clip(0, 2)


def powered(x: Float[Tensor, "b d"], powers: Float[Tensor, " d"]) -> Float[Tensor, "b d"]:
    r"""Yeo and Johnson's transformation.

    :math:`((1 + x)^\lambda - 1) / \lambda` of :math:`x \ge 0`, and :math:`-((1 - x)^{2 - \lambda} - 1) / (2 - \lambda)`
    below; a logarithm where the exponent is 0.
    """
    size = x.abs().clamp_max(LARGEST).log1p()
    exponent = torch.where(x < 0, 2 - powers, powers)
    # expm1(e s) / e, which tends to s where the exponent e tends to 0.
    grown = torch.where(exponent < 1e-9, size, (exponent * size).expm1() / exponent.clamp_min(1e-9))
    return torch.where(x < 0, -grown, grown)
