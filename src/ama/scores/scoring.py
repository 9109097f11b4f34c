r"""From features to scores: R-score (Eq. 5), A-score (Eq. 6), and the scores beyond them.

================================================  =========================================================
paper, or below                                  here
================================================  =========================================================
:math:`R(x)`, Eq. 5                              :func:`r_score`
:math:`\log A(x)`, Eq. 6                         :func:`a_score`: the same ranking, and it does not underflow
:math:`\mu, \sigma`                              :class:`RunningMoments`
:math:`v(x)`, the vector of the pair             :func:`pair_statistics`
:math:`M(x) = (v - m)^T S^{-1} (v - m)`          :func:`mahalanobis`
:math:`\min_i \lVert W (v - v_i) \rVert`         :func:`nearest_distance`
:math:`T(x) = -\sum_T \log p(T \mid Tx, Tx)`     :func:`rotation_surprise`
:math:`-\sum_t w_t z_t`, with
:math:`z_t = (t(x) - \mu_t) / \sigma_t`, or
:math:`c \tanh(z_t / c)` of it                  :func:`sum_of_terms`, with ``bound`` c
================================================  =========================================================

Eq. 6 fits a Gaussian to a single number, the norm of the difference of the last layer's features. The *vector score*
fits one to a vector: for every channel of every layer of D, how large the difference is and what f(x, x) itself looks
like. With one layer, the difference alone and the identity for a covariance it ranks as the two-sided R-score does.
Normal samples of several kinds are no single Gaussian, so the *bank* looks for the nearest of the normal vectors
instead, in the coordinates in which their covariance is the identity. The *turned* score does the same with the means
of the features of all turned pairs (T x, T x). The *turn* score asks D's second head which turn each of these was
given: it knows for normal samples (after Golan & El-Yaniv 2018). A sum puts such terms on one scale and adds them,
each by its weight.

Eq. 6 asks how usual the number R(x) is. :func:`mixture_log_density` asks how usual the *encoding together with* the
R-score is: the log density of (E(x), log R(x)) under a Gaussian mixture fitted to normal samples. It sees
an anomaly that is rebuilt well but encoded where no normal sample lies. With one component and without
the encoding it is Eq. 6, applied to log R.

Every score here is higher for more normal samples, except the R-score, which keeps the paper's direction.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.distributions import Categorical, MixtureSameFamily, MultivariateNormal

DIFFERENCE_FLOOR = 1e-4  # beside differences of about 0.1: a channel that never fires has a logarithm, too
DISTANCE_FLOOR = 0.1
TERM_FLOOR = 1e-6


def r_score(same: Float[Tensor, "b k"], reconstruction: Float[Tensor, "b k"]) -> Float[Tensor, " b"]:
    r"""Eq. 5: :math:`\lVert f(x, x) - f(x, G(E(x))) \rVert_1` from the two feature vectors."""
    return (same - reconstruction).abs().sum(1)


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


class RunningMoments:
    """Mean and variance of a stream, in float64, without the cancellation of a sum of squares (Chan et al. 1983)."""

    def __init__(self) -> None:
        self.count, self.mean, self._m2 = 0, 0.0, 0.0

    def update(self, values: Float[Tensor, " b"]) -> RunningMoments:
        """Take in a batch of any size; an empty one changes nothing."""
        n = len(values)
        if n == 0:
            return self
        values = values.double()
        mean = values.mean().item()
        m2 = (values - mean).square().sum().item()
        total, shift = self.count + n, mean - self.mean
        self._m2 += m2 + shift**2 * self.count * n / total
        self.mean += shift * n / total
        self.count = total
        return self

    @property
    def std(self) -> float:
        r"""Standard deviation with divisor n, as the maximum-likelihood Gaussian of Eq. 6 has it."""
        return math.sqrt(self._m2 / self.count) if self.count else math.nan


def pair_statistics(
    same: Sequence[Float[Tensor, "b _ *space"]], reconstruction: Sequence[Float[Tensor, "b _ *space"]]
) -> Float[Tensor, "b n"]:
    r"""v(x): per channel of every layer, three numbers over space, two for rows, which have none.

    With :math:`\Delta = f(x, x) - f(x, G(E(x)))`: the logarithm of the mean of :math:`|\Delta|`, and the mean and
    the standard deviation of f(x, x).

    Parameters
    ----------
    same, reconstruction
        The maps of (x, x) and of (x, G(E(x))), layer by layer.
    """
    parts = []
    for f_same, f_other in zip(same, reconstruction, strict=True):
        f_same, f_other = (f.to(torch.promote_types(f.dtype, torch.float32)) for f in (f_same, f_other))
        if f_same.ndim == 2:
            parts += [((f_same - f_other).abs() + DIFFERENCE_FLOOR).log(), f_same]
            continue
        difference = (f_same - f_other).abs().mean((2, 3))
        spread, mean = torch.std_mean(f_same, (2, 3), correction=0)
        parts += [(difference + DIFFERENCE_FLOOR).log(), mean, spread]
    return torch.cat(parts, 1)


def mahalanobis(
    vectors: Float[Tensor, "b n"], mean: Float[Tensor, " n"], precision: Float[Tensor, "n n"]
) -> Float[Tensor, " b"]:
    """Squared Mahalanobis distance from ``mean``, ``precision`` being the inverse covariance."""
    centred = vectors - mean
    return ((centred @ precision) * centred).sum(1)


def nearest_distance(
    vectors: Float[Tensor, "b n"],
    mean: Float[Tensor, " n"],
    whitening: Float[Tensor, "n n"],
    points: Float[Tensor, "m n"],
) -> Float[Tensor, " b"]:
    """Distance to the nearest of the whitened ``points``, and never less than a tenth of a standard deviation.

    It is measured in the points' own type: in float32 a point's distance from itself is rounding error.
    """
    white = ((vectors.double() - mean) @ whitening).to(points.dtype)
    return torch.cdist(white, points).amin(1).double().clamp_min(DISTANCE_FLOOR)


def rotated_statistics(maps: Sequence[Sequence[Float[Tensor, "b _ h w"]]]) -> Float[Tensor, "b n"]:
    """Mean over space of every channel of every layer, for each turned pair (T x, T x) in turn."""
    return torch.cat([layer.mean((2, 3), dtype=torch.float32) for turn in maps for layer in turn], 1)


def rotation_surprise(logits: Float[Tensor, "b t t"]) -> Float[Tensor, " b"]:
    """Minus the sum over the turns T of log p(T | T x); ``logits[:, T]`` are those for the pair turned by T."""
    return -logits.log_softmax(2).diagonal(dim1=1, dim2=2).sum(1)


def sum_of_terms(
    terms: Float[Tensor, "b t"],
    mean: Float[Tensor, " t"],
    std: Float[Tensor, " t"],
    weight: Float[Tensor, " t"],
    bound: float = 0.0,
) -> Float[Tensor, " b"]:
    """Minus the weighted sum of the standardised terms.

    Parameters
    ----------
    terms
        A column for each term, higher for more anomalous samples: logarithms of distances and surprises, so that all
        are of one kind.
    mean, std
        Of the terms, over normal samples that were not trained on.
    weight
        At least 0.
    bound
        What a standardised term tends to in either direction, small ones staying what they are; 0: it has no bound.
    """
    scaled = (terms - mean) / std
    if bound:
        scaled = bound * (scaled / bound).tanh()
    return -(scaled @ weight)


def term_weights(
    normal: Float[Tensor, "b t"], unusual: Sequence[Float[Tensor, "c t"]]
) -> Float[Tensor, " t"]:
    """Weight of each term: its AUROC on the kind of synthetic anomalies that it tells worst, their sum being 1.

    A term that calls one kind more normal than the normal samples loses most of its weight.
    """
    weight = torch.ones(normal.shape[1], dtype=torch.float64)
    ordered = normal.double().cpu().T.sort().values.contiguous()
    for kind in unusual:
        values = kind.double().cpu().T.contiguous()
        below, up_to = (torch.searchsorted(ordered, values, right=right) for right in (False, True))
        auroc = (below + up_to).double().mean(1) / (2 * ordered.shape[1])  # ties count half
        weight = torch.minimum(weight, auroc)
    total = weight.sum()
    return weight / total if total > 0 else torch.full_like(weight, 1 / len(weight))


def log_term(term: Float[Tensor, " b"]) -> Float[Tensor, " b"]:
    """Logarithm in float64; a term of zero stays finite."""
    return term.double().clamp_min(TERM_FLOOR).log()


def latent_features(
    code: Float[Tensor, "b d"], r: Float[Tensor, " b"], floor: float
) -> Float[Tensor, "b d+1"]:
    """(E(x), log R(x)) in float64; ``floor`` keeps a perfect reconstruction's logarithm finite."""
    return torch.cat([code.double(), r.double().clamp_min(floor).log()[:, None]], dim=1)


def mixture_log_density(
    features: Float[Tensor, "b n"],
    weights: Float[Tensor, " m"],
    means: Float[Tensor, "m n"],
    covariances: Float[Tensor, "m n n"],
) -> Float[Tensor, " b"]:
    """Log density under a Gaussian mixture of m components."""
    components = MultivariateNormal(means, covariances, validate_args=False)
    mixture = MixtureSameFamily(Categorical(weights, validate_args=False), components, validate_args=False)
    return mixture.log_prob(features)
