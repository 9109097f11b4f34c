r"""A-score, Eq. 6: the likelihood of the R-score under a Gaussian fitted to the R-scores of normal samples.

================================  =============================================================
paper                             here
================================  =============================================================
:math:`\log A(x)`                 :func:`a_score`; it ranks as A(x) does, and does not underflow
:math:`\mu, \sigma`               ``mean``, ``std``
================================  =============================================================
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from ama.io.storable import empty
from ama.scores.forward_pass import ForwardPass
from ama.scores.kinds.kind import SampleKind
from ama.scores.running_moments import moments_of
from ama.scores.terms.r_score import r_scores
from ama.scores.terms.term import Term
from ama.settings import Settings


def a_score(r: Float[Tensor, " b"], mean: float, std: float) -> Float[Tensor, " b"]:
    r"""Logarithm of Eq. 6: :math:`-\log(\sigma \sqrt{2 \pi}) - (R - \mu)^2 / 2 \sigma^2`.

    Raises
    ------
    ValueError
        If ``std`` is not positive.
    """
    if not std > 0:
        raise ValueError(f"the R-scores' standard deviation must be positive, found {std}")
    return -math.log(std * math.sqrt(2 * math.pi)) - ((r - mean) / std).square() / 2


class AScore(Term):
    """Minus the logarithm of the A-score."""

    mean: Tensor
    std: Tensor

    def __init__(self, kind: SampleKind, settings: Settings):
        super().__init__(kind, settings)
        self.register_buffer("mean", empty())
        self.register_buffer("std", torch.ones((), dtype=torch.float64))

    def features(self, forward: ForwardPass) -> Float[Tensor, "b 1"]:
        return forward.get(r_scores)[:, None]

    def fit(self, parts: Sequence[Float[Tensor, "_ 1"]], seed: int) -> None:
        moments = moments_of(parts)
        self.mean.fill_(moments.mean)
        self.std.fill_(moments.std)

    def value(self, features: Float[Tensor, "b 1"]) -> Float[Tensor, " b"]:
        return -a_score(features[:, 0], self.mean.item(), self.std.item())
