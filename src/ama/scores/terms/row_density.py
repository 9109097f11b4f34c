r"""Row density: how much less likely a row itself is than the likeliest of the learned ones.

:math:`\log(1 + \max_m \log p(\mu_m) - \log p(x))` under a Gaussian mixture of the rows, with as many components m of
means :math:`\mu_m` as cross-validation chooses; a single one has Ledoit and Wolf's (2004) shrunk covariance. No network
takes part. Unlike the distance to the nearest rows it knows how the columns vary together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from ama.io.storable import empty
from ama.scores.densities import MAX_SAMPLES, fit_density
from ama.scores.kinds.kind import SampleKind
from ama.scores.terms.row_term import RowTerm
from ama.settings import Settings


def whitened_log_density(
    x: Float[Tensor, "b n"],
    log_weights: Float[Tensor, " m"],
    means: Float[Tensor, "m n"],
    whitenings: Float[Tensor, "m n n"],
) -> Float[Tensor, " b"]:
    """Log density under a Gaussian mixture whose components have the precisions W W^T, W triangular."""
    log_densities = []
    for log_weight, mean, whitening in zip(log_weights, means, whitenings, strict=True):
        distance = ((x - mean) @ whitening).square().sum(1)
        log_densities.append(log_weight - 0.5 * distance + whitening.diagonal().log().sum())
    return torch.stack(log_densities).logsumexp(0) - 0.5 * x.shape[1] * math.log(2 * math.pi)


class RowDensity(RowTerm):
    """Logarithm of one plus how far the log density lies below the highest at a component's mean."""

    does = "fits a density to rows"
    whitens = True
    max_samples = MAX_SAMPLES

    log_weights: Tensor
    means: Tensor
    whitenings: Tensor
    peak: Tensor

    def __init__(self, kind: SampleKind, settings: Settings):
        super().__init__(kind, settings)
        for name, buffer in (
            ("log_weights", empty(0)),
            ("means", empty(0, 0)),
            ("whitenings", empty(0, 0, 0)),
            ("peak", empty()),
        ):
            self.register_buffer(name, buffer)

    @classmethod
    def suits(cls, kind: SampleKind, settings: Settings) -> bool:
        return kind.has_covariance and not kind.symmetric_density

    def fit(self, parts: Sequence[Float[Tensor, "_ d"]], seed: int) -> None:
        mixture = fit_density(torch.cat(list(parts)), seed)
        self.log_weights, self.means, self.whitenings = (part.to(self.peak.device) for part in mixture)
        self.peak = self._log_density(self.means).max()

    def value(self, features: Float[Tensor, "b d"]) -> Float[Tensor, " b"]:
        return (self.peak - self._log_density(features)).clamp_min(0).log1p()

    def _log_density(self, x: Float[Tensor, "b d"]) -> Float[Tensor, " b"]:
        return whitened_log_density(x, self.log_weights, self.means, self.whitenings)
