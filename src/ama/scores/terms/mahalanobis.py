r"""Mahalanobis distance of the statistics of a pair: :math:`\log\,(v - m)^T S^{-1} (v - m)`.

m and S are the mean and the shrunk covariance of :math:`v(x)` over normal samples (:mod:`ama.scores.pair_statistics`).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from ama.io.storable import empty
from ama.scores.densities import MAX_SAMPLES, fit_gaussian
from ama.scores.forward_pass import ForwardPass
from ama.scores.kinds.kind import SampleKind
from ama.scores.logarithm import log_term
from ama.scores.pair_statistics import pair_statistics
from ama.scores.terms.term import Term
from ama.settings import Settings

BLOCK = 96  # columns of the precision that are multiplied at a time


def mahalanobis(
    vectors: Float[Tensor, "b n"], mean: Float[Tensor, " n"], precision: Float[Tensor, "n n"]
) -> Float[Tensor, " b"]:
    """Squared Mahalanobis distance from ``mean``; ``precision`` is the inverse covariance.

    It is symmetric, so the products with what lies below its diagonal blocks are those above, and are not computed.
    """
    centred = vectors - mean
    found = torch.zeros_like(centred[:, 0])
    for start in range(0, len(mean), BLOCK):
        before, own = slice(start), slice(start, start + BLOCK)
        half = centred[:, before] @ precision[before, own] + centred[:, own] @ (precision[own, own] / 2)
        found = found + 2 * (half * centred[:, own]).sum(1)
    return found


class Mahalanobis(Term):
    """Logarithm of the squared Mahalanobis distance of v(x)."""

    max_samples = MAX_SAMPLES

    mean: Tensor
    precision: Tensor

    def __init__(self, kind: SampleKind, settings: Settings):
        super().__init__(kind, settings)
        self.register_buffer("mean", empty(0))
        self.register_buffer("precision", empty(0, 0))

    @classmethod
    def suits(cls, kind: SampleKind, settings: Settings) -> bool:
        return kind.comparable and not kind.best_whitened

    def features(self, forward: ForwardPass) -> Float[Tensor, "b n"]:
        return forward.get(pair_statistics)

    def fit(self, parts: Sequence[Float[Tensor, "_ n"]], seed: int) -> None:
        gaussian = fit_gaussian(torch.cat(list(parts)))
        self.mean, self.precision = (part.to(self.mean.device) for part in gaussian)

    def value(self, features: Float[Tensor, "b n"]) -> Float[Tensor, " b"]:
        return log_term(mahalanobis(features.double(), self.mean, self.precision))
