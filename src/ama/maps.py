r"""Where a score comes from: what D makes of (x, x) and of (x, G(E(x))) differs more at some places than at others.

===========================================================================  ==========================
what                                                                         here
===========================================================================  ==========================
:math:`d_l(p) = \frac{1}{K_l} \sum_k |f_{lk}(x, x) - f_{lk}(x, \hat x)|(p)`   :func:`difference_maps`
at place p of layer l; :math:`d_0 = |x - \hat x|`, smoothed
:math:`w_l = c_l / E[d_l]` over normal samples, :math:`c_0 = 2`, else 1       :func:`level_weights`
:math:`M(p) \propto \sum_l w_l d_l(p)`, with :math:`\sum_p M(p) = R(x)`        :func:`anomaly_map`
===========================================================================  ==========================

On a normal sample every layer so has the same share in the map, and the input twice that: early layers know the place
best, late ones what is unusual. The sum over places is the R-score (Eq. 5), which adds up the last layer's differences.

For rows it is another question: which column is it? A column's share is by how much the score would rise if it had the
value that the others lead one to expect, :math:`x_j - (P (x - m))_j / P_{jj}`: the conditional mean of a Gaussian of
mean m and precision P fitted to normal rows (:func:`expected_values`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

INPUT_SHARE = 2.0  # of the input, beside 1 of every layer


def difference_maps(
    x: Float[Tensor, "b c h w"],
    reconstruction: Float[Tensor, "b c h w"],
    same: Sequence[Float[Tensor, "b _ _ _"]],
    others: Sequence[Float[Tensor, "b _ _ _"]],
) -> list[Float[Tensor, "b _ _"]]:
    """Mean absolute difference over the channels at every place: of the input, then of each layer.

    Parameters
    ----------
    x, reconstruction
        Normalised images.
    same, others
        D's maps of (x, x) and of (x, reconstruction), layer by layer.
    """
    pixels = (x - reconstruction).abs().mean(1, keepdim=True)
    smooth = F.avg_pool2d(pixels, 3, 1, 1, count_include_pad=False).squeeze(1)
    return [smooth, *((a - b).abs().mean(1) for a, b in zip(same, others, strict=True))]


def level_weights(normal: Iterable[Sequence[Float[Tensor, "_ _ _"]]]) -> Float[Tensor, " l"]:
    """Weights of the levels from batches of normal samples' :func:`difference_maps`; at least one batch."""
    means = [torch.stack([level.double().mean((1, 2)) for level in levels], 1) for levels in normal]
    mean = torch.cat(means).mean(0)
    weights = torch.where(mean > 0, 1 / mean.clamp_min(torch.finfo(mean.dtype).tiny), torch.zeros_like(mean))
    weights[0] *= INPUT_SHARE
    return weights


def anomaly_map(
    levels: Sequence[Float[Tensor, "b _ _"]], weights: Float[Tensor, " l"], r: Float[Tensor, " b"]
) -> Float[Tensor, "b h w"]:
    """Weighted sum of the levels at the size of the first, scaled so that it adds up to the R-score; at least 0."""
    size = levels[0].shape[1:]
    parts = [
        weight * F.interpolate(level.double()[:, None], size, mode="bilinear")[:, 0]
        for level, weight in zip(levels, weights, strict=True)
    ]
    total = torch.stack(parts).sum(0)
    share = total / total.sum((1, 2), keepdim=True).clamp_min(torch.finfo(total.dtype).tiny)
    return share * r[:, None, None]


def expected_values(
    x: Float[Tensor, "b d"], mean: Float[Tensor, " d"], precision: Float[Tensor, "d d"] | None
) -> Float[Tensor, "b d"]:
    """The value of each column that the others of its row lead one to expect; the mean without a precision.

    Parameters
    ----------
    x
        Rows, on the scale of the Gaussian.
    mean, precision
        Of a Gaussian fitted to normal rows.
    """
    if precision is None:
        return mean.expand_as(x)
    return x - ((x - mean) @ precision) / precision.diagonal()
