r"""The score of several terms: :math:`-\sum_t w_t z_t`, where :math:`z_t = (t(x) - \mu_t) / \sigma_t`.

The smooth maximum is :math:`-\log \sum_t w_t e^{z_t}`: a sample that one term finds unusual is an anomaly, whatever the
others find, where a sum would dilute it.

With a bound c, :math:`c \tanh(z_t / c)` takes the place of :math:`z_t`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from ama.io.storable import empty


class Combination(nn.Module):
    """Scale and weight of each term.

    Parameters
    ----------
    n_terms
        A single term decides as it is.
    bound
        See :func:`sum_of_terms`.
    maximum
        Whether the score is the smooth maximum.

    Attributes
    ----------
    mean, std, weight
        Of each term (t,), float64.
    """

    mean: Tensor
    std: Tensor
    weight: Tensor

    def __init__(self, n_terms: int, bound: float, maximum: bool = False):
        super().__init__()
        # A single term has no other that it could outvote.
        self.bound = bound if n_terms > 1 else 0.0
        self.maximum = maximum and n_terms > 1
        self.register_buffer("mean", empty(n_terms))
        self.register_buffer("std", torch.ones(n_terms, dtype=torch.float64))
        self.register_buffer("weight", torch.ones(n_terms, dtype=torch.float64))

    def fit_scale(self, normal: Float[Tensor, "k t"]) -> None:
        """Standardise by the terms of normal samples that were not trained on."""
        self.mean.copy_(normal.mean(0))
        spread = normal.std(0, correction=0)
        self.std.copy_(torch.where(spread > 0, spread, torch.ones_like(spread)))

    def fit_weights(
        self,
        normal: Float[Tensor, "k t"],
        anomalous: Sequence[Float[Tensor, "_ t"]],
        judged: Bool[Tensor, " t"],
        exponent: float = 1.0,
    ) -> None:
        """Weight the ``judged`` terms by :func:`term_weights`."""
        found = term_weights(normal[:, judged], [kind[:, judged] for kind in anomalous], exponent)
        self.weight[judged] = found.to(self.weight.device)

    def weigh_against_others(self, of_known: Bool[Tensor, " t"], share: float) -> None:
        """Weight the terms of known anomalies by a share of the weight of all others together."""
        self.weight[of_known] = share * self.weight[~of_known].sum()

    def standardised(self, terms: Float[Tensor, "b t"]) -> Float[Tensor, "b t"]:
        """Terms in standard deviations of normal samples, before any bound."""
        return (terms - self.mean) / self.std

    def forward(self, terms: Float[Tensor, "b t"]) -> Float[Tensor, " b"]:
        if self.maximum:
            scaled = limited(self.standardised(terms), self.bound)
            return -(scaled + self.weight.log()).logsumexp(1)
        return sum_of_terms(terms, self.mean, self.std, self.weight, self.bound)


def sum_of_terms(
    terms: Float[Tensor, "b t"],
    mean: Float[Tensor, " t"],
    std: Float[Tensor, " t"],
    weight: Float[Tensor, " t"],
    bound: float = 0.0,
) -> Float[Tensor, " b"]:
    """Minus the weighted sum of the standardised terms: higher for more normal samples.

    Parameters
    ----------
    terms
        A column per term, higher for more anomalous samples.
    mean, std
        Of the terms, over normal samples that were not trained on.
    weight
        At least 0.
    bound
        Limit of a standardised term in either direction; small ones hardly change. 0 is no bound.
    """
    return -(limited((terms - mean) / std, bound) @ weight)


def limited(scaled: Float[Tensor, "b t"], bound: float) -> Float[Tensor, "b t"]:
    """Standardised terms within a bound, if there is one."""
    return bound * (scaled / bound).tanh() if bound else scaled


def term_weights(
    normal: Float[Tensor, "b t"], anomalous: Sequence[Float[Tensor, "_ t"]], exponent: float = 1.0
) -> Float[Tensor, " t"]:
    """Weight of each term: a power of its AUROC on the kind of synthetic anomalies that it detects worst.

    A term that finds one kind more normal than the normal samples loses most of its weight. The weights sum to 1; they
    are equal if the exponent is 0.
    """
    weight = torch.ones(normal.shape[1], dtype=torch.float64)
    ordered = normal.double().cpu().T.sort().values.contiguous()
    for kind in anomalous:
        values = kind.double().cpu().T.contiguous()
        below, up_to = (torch.searchsorted(ordered, values, right=right) for right in (False, True))
        auroc = (below + up_to).double().mean(1) / (2 * ordered.shape[1])  # ties count half
        weight = torch.minimum(weight, auroc)
    weight = weight.pow(exponent)
    total = weight.sum()
    return weight / total if total > 0 else torch.full_like(weight, 1 / len(weight))
