r"""R-score, Eq. 5: :math:`\lVert f(x, x) - f(x, G(E(x))) \rVert_1`."""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from ama.scores.forward_pass import ForwardPass
from ama.scores.running_moments import moments_of
from ama.scores.terms.term import Term


def r_score(same: Float[Tensor, "b k"], reconstruction: Float[Tensor, "b k"]) -> Float[Tensor, " b"]:
    r"""Eq. 5 from the two feature vectors f(x, x) and f(x, G(E(x)))."""
    return (same - reconstruction).abs().sum(1)


def r_scores(forward: ForwardPass) -> Float[Tensor, " b"]:
    """Eq. 5 for the samples of a forward pass, float64."""
    pool = forward.networks.discriminator.pool
    return r_score(pool(forward.same[-1]), pool(forward.others[-1])).double()


class RScore(Term):
    """The R-score itself. It has no statistics."""

    def features(self, forward: ForwardPass) -> Float[Tensor, "b 1"]:
        return forward.get(r_scores)[:, None]

    def fit(self, parts: Sequence[Float[Tensor, "_ 1"]], seed: int) -> None:
        moments_of(parts)  # refuses R-scores that say nothing

    def value(self, features: Float[Tensor, "b 1"]) -> Float[Tensor, " b"]:
        return features[:, 0]
