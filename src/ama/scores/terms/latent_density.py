r"""Latent density: the density of the encoding together with the R-score.

:math:`-\log p(E(x), \log R(x))` under a Gaussian mixture fitted to normal samples. It detects an anomaly that is
reconstructed well but encoded where there are no normal samples. With one component and without the encoding it is
Eq. 6, applied to :math:`\log R`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.distributions import Categorical

from ama.io.storable import empty
from ama.scores.densities import MAX_SAMPLES, fit_mixture
from ama.scores.forward_pass import ForwardPass
from ama.scores.kinds.kind import SampleKind
from ama.scores.running_moments import moments_of
from ama.scores.terms.r_score import r_scores
from ama.scores.terms.term import Term
from ama.settings import Settings

R_FLOOR = 1e-6  # of the mean R-score: the logarithm of a perfect reconstruction's stays finite


def mixture_log_density(
    features: Float[Tensor, "b n"],
    weights: Float[Tensor, " m"],
    means: Float[Tensor, "m n"],
    covariances: Float[Tensor, "m n n"],
) -> Float[Tensor, " b"]:
    r"""Log density under a Gaussian mixture of m components.

    torch's ``MultivariateNormal`` computes the same, and imports sympy first, for a third of a second.
    """
    factors = torch.linalg.cholesky(covariances)
    centred = (features[:, None] - means).permute(1, 2, 0)  # (m, n, b)
    distance = torch.linalg.solve_triangular(factors, centred, upper=False).square().sum(1).T
    half_log_det = factors.diagonal(dim1=1, dim2=2).log().sum(1)
    log_density = -0.5 * (means.shape[1] * math.log(2 * math.pi) + distance) - half_log_det
    log_weights = Categorical(weights, validate_args=False).logits.log_softmax(0)
    return (log_density + log_weights).logsumexp(1)


class LatentDensity(Term):
    """Minus the log density of (E(x), log R(x))."""

    max_samples = MAX_SAMPLES

    floor: Tensor
    weights: Tensor
    means: Tensor
    covariances: Tensor

    def __init__(self, kind: SampleKind, settings: Settings):
        super().__init__(kind, settings)
        n = settings.latent_dim + 1
        for name, buffer in (
            ("floor", empty()),
            ("weights", empty(0)),
            ("means", empty(0, n)),
            ("covariances", empty(0, n, n)),
        ):
            self.register_buffer(name, buffer)

    @classmethod
    def suits(cls, kind: SampleKind, settings: Settings) -> bool:
        return not kind.comparable

    def features(self, forward: ForwardPass) -> Float[Tensor, "b n"]:
        return torch.cat([forward.code.double(), forward.get(r_scores)[:, None]], 1)

    def fit(self, parts: Sequence[Float[Tensor, "_ n"]], seed: int) -> None:
        self.floor.fill_(R_FLOOR * moments_of(part[:, -1:] for part in parts).mean)
        mixture = fit_mixture(self._logarithmic(torch.cat(list(parts))), seed)
        self.weights, self.means, self.covariances = (part.to(self.floor.device) for part in mixture)

    def value(self, features: Float[Tensor, "b n"]) -> Float[Tensor, " b"]:
        return -mixture_log_density(self._logarithmic(features), self.weights, self.means, self.covariances)

    def _logarithmic(self, features: Float[Tensor, "b n"]) -> Float[Tensor, "b n"]:
        code, r = features[:, :-1], features[:, -1:]
        return torch.cat([code, r.clamp_min(self.floor.item()).log()], 1)
