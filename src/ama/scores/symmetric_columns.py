r"""Columns made more symmetric: each by a power transformation that was fitted to normal rows.

Distances and Gaussians suit what is symmetric better than counts, prices and pooled activations. Yeo and Johnson's
(2000) power :math:`\lambda` of a column is the likeliest for the learned rows, with two limits. It stays between 0, a
logarithm, and 2: a stronger one would bring the anomalies in a long tail close to the rest. And few rows leave it near
1, which changes nothing.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from ama.io.storable import Resizable, empty
from ama.scores.densities import some, standard

MAX_ROWS = 2_000  # that the powers are fitted to
FEW_ROWS = 200  # of as many, a power goes half of the way from 1 to the likeliest
LARGEST = 1e60  # a number beyond it counts as this, so that its square is finite
COLUMNS_AT_ONCE = 256  # whose powers are searched for
GOLDEN = (5**0.5 - 1) / 2
SEARCH_STEPS = 30  # to one part in a million


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
        self.powers = 1 + (likeliest_powers(points) - 1) * len(points) / (len(points) + FEW_ROWS)
        mean, std = standard(powered(rows, self.powers).cpu().numpy())
        self.mean, self.std = (torch.from_numpy(part).to(rows.device) for part in (mean, std))

    def forward(self, rows: Float[Tensor, "b d"]) -> Float[Tensor, "b d"]:
        """The rows, each column transformed and in its standard deviations."""
        return (powered(rows, self.powers) - self.mean) / self.std


def likeliest_powers(rows: Float[Tensor, "n d"]) -> Float[Tensor, " d"]:
    r"""Yeo and Johnson's power of the greatest likelihood for each column, between 0 and 2.

    The likelihood falls on either side of its only maximum (Marchand et al., 2022), so a golden-section search finds
    it, for many columns at once: scikit-learn's ``PowerTransformer`` takes some hundredths of a second for each.

    A column of one value has the power 1.
    """
    return torch.cat([_searched(columns) for columns in rows.split(COLUMNS_AT_ONCE, dim=1)])


def _searched(x: Float[Tensor, "n d"]) -> Float[Tensor, " d"]:
    logarithms = (x.sign() * x.abs().clamp_max(LARGEST).log1p()).mean(0)  # of the derivative, up to the power

    def likelihood(powers: Float[Tensor, " d"]) -> Float[Tensor, " d"]:
        return (powers - 1) * logarithms - powered(x, powers).var(0, correction=0).log() / 2

    low = x.new_zeros(x.shape[1])
    width = torch.full_like(low, 2.0)
    left, right = low + (1 - GOLDEN) * width, low + GOLDEN * width
    at_left, at_right = likelihood(left), likelihood(right)
    for _ in range(SEARCH_STEPS):
        falls = at_left >= at_right  # the maximum is below the right point
        low, width = torch.where(falls, low, left), width * GOLDEN
        new = torch.where(falls, low + (1 - GOLDEN) * width, low + GOLDEN * width)
        at_new = likelihood(new)
        left, right = torch.where(falls, new, right), torch.where(falls, left, new)
        at_left, at_right = torch.where(falls, at_new, at_right), torch.where(falls, at_left, at_new)
    return torch.where(x.amax(0) > x.amin(0), low + width / 2, 1.0)


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
