r"""Where a score comes from: what D makes of (x, x) and of (x, G(E(x))) differs more at some places than at others.

===========================================================================  ==========================
what                                                                         here
===========================================================================  ==========================
:math:`d_l(p) = \frac{1}{K_l} \sum_k |f_{lk}(x, x) - f_{lk}(x, \hat x)|(p)`   :func:`difference_maps`
at place p of layer l; :math:`d_0 = |x - \hat x|`, smoothed
:math:`w_l = s_l E[R] / E[\sum_p d_l(p)]` over normal samples;                :func:`level_weights`
:math:`s_0 = 1/2`, and the L layers share the rest
:math:`M(p) = \sum_l w_l d_l(p)`                                              :func:`anomaly_map`
===========================================================================  ==========================

Of a normal sample's map, one half comes from the pixels, which know the place best, and one from the layers, which
know what is unusual. Over the places it adds up, on average, to the R-score (Eq. 5), which is the last layer's
differences added up; a map of twice that sum is of a sample that is rebuilt twice as badly.

For rows it is another question: which column is it? A column's share is by how much the score would rise if it had the
value that the others lead one to expect, :math:`x_j - (P (x - m))_j / P_{jj}`: the conditional mean of a Gaussian of
mean m and precision P fitted to normal rows (:func:`expected_values`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

INPUT_SHARE = 0.5  # of a normal sample's map


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


def level_weights(normal: Iterable[Sequence[Float[Tensor, "_ _ _"]]], r_mean: float) -> Float[Tensor, " l"]:
    """Weights of the levels, with which maps of normal samples add up to the mean R-score on average.

    Parameters
    ----------
    normal
        Batches of normal samples' :func:`difference_maps`; at least one.
    r_mean
        Mean R-score of normal samples.
    """
    sums = [torch.stack([level.sum((1, 2)) for level in _resized(levels)], 1) for levels in normal]
    mean = torch.cat(sums).mean(0)
    share = torch.full_like(mean, (1 - INPUT_SHARE) / max(1, len(mean) - 1))
    share[0] = INPUT_SHARE
    weights = share * r_mean / mean.clamp_min(torch.finfo(mean.dtype).tiny)
    return torch.where(mean > 0, weights, torch.zeros_like(weights))


def anomaly_map(
    levels: Sequence[Float[Tensor, "b _ _"]], weights: Float[Tensor, " l"]
) -> Float[Tensor, "b h w"]:
    """Weighted sum of the levels at the size of the first; at least 0."""
    total = torch.zeros_like(levels[0], dtype=torch.float64)
    for level, weight in zip(_resized(levels), weights, strict=True):
        total += weight * level
    return total


def _resized(levels: Sequence[Float[Tensor, "b _ _"]]) -> Iterator[Float[Tensor, "b h w"]]:
    """The levels at the size of the first."""
    size = levels[0].shape[1:]
    for level in levels:
        yield F.interpolate(level.double()[:, None], size, mode="bilinear")[:, 0]


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
