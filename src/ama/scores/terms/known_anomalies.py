r"""Known anomalies: how far a sample lies in their direction.

:math:`\log(1 + e^{z})`, where z is :math:`(v(x) - m)^T S^{-1} (\bar a - m)`, standardised on normal samples: Fisher's
linear discriminant (1936) between normal samples and known anomalies. m and S are the mean and the shrunk covariance of
the statistics of normal samples, :math:`\bar a` is the mean of those of the anomalies, too few for a covariance.

The softplus is the negative logarithm of the probability of "normal" in a logistic model. A sample on the other side of
the normal ones gains nothing by it: it may be an anomaly of another kind.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from ama.io.storable import empty
from ama.scores.densities import MAX_SAMPLES, fit_gaussian
from ama.scores.forward_pass import ForwardPass
from ama.scores.kinds.kind import SampleKind
from ama.scores.pair_statistics import pair_statistics
from ama.scores.terms.term import Term
from ama.settings import Settings

# Known anomalies whose term counts half as much as all others together; chosen on the digit 3 and on airplanes.
HALF = 10


def known_weight(n: int) -> float:
    """Weight of the term of n known anomalies, relative to all the others together: n / (n + 10)."""
    return n / (n + HALF)


class KnownAnomalies(Term):
    """Softplus of the standardised projection of v(x) on Fisher's discriminant."""

    max_samples = MAX_SAMPLES
    needs_known = True

    direction: Tensor
    origin: Tensor

    def __init__(self, kind: SampleKind, settings: Settings):
        super().__init__(kind, settings)
        self.register_buffer("direction", empty(0))
        self.register_buffer("origin", empty())

    @classmethod
    def suits(cls, kind: SampleKind, settings: Settings) -> bool:
        return True

    def features(self, forward: ForwardPass) -> Float[Tensor, "b n"]:
        return forward.get(pair_statistics)

    def fit_known(
        self, parts: Sequence[Float[Tensor, "_ n"]], known: Sequence[Float[Tensor, "_ n"]], seed: int
    ) -> None:
        normal, anomalous = (torch.cat(list(p)).double().cpu() for p in (parts, known))
        mean, precision = fit_gaussian(normal)
        direction = precision @ (anomalous.mean(0) - mean)
        projected = normal @ direction
        spread = projected.std(correction=0)
        unit = spread if spread > 0 else torch.ones_like(spread)
        device = self.direction.device
        self.direction, self.origin = (direction / unit).to(device), (projected.mean() / unit).to(device)

    def value(self, features: Float[Tensor, "b n"]) -> Float[Tensor, " b"]:
        return F.softplus(features.double() @ self.direction - self.origin)
