r"""Anomaly maps of images: where the discriminator's view of (x, x) and of (x, G(E(x))) differs.

===========================================================================  ==========================
what                                                                         here
===========================================================================  ==========================
:math:`d_l(p) = \frac{1}{K_l} \sum_k |f_{lk}(x, x) - f_{lk}(x, \hat x)|(p)`   :func:`difference_maps`
at place p of layer l; :math:`d_0 = |x - \hat x|`, smoothed
:math:`w_l = s_l E[R] / E[\sum_p d_l(p)]` over normal samples;                :func:`level_weights`
:math:`s_0 = 1/2`, and the L layers share the rest
:math:`M(p) = \sum_l w_l d_l(p)`                                              :func:`anomaly_map`
===========================================================================  ==========================

In the map of a normal sample, one half comes from the pixels, which know the place best, and the other from the layers,
which know best what is anomalous. On average the map of a normal sample sums to its R-score (Eq. 5), so that twice that
sum means a reconstruction that is twice as bad.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import torch
from jaxtyping import Float, Shaped
from torch import Tensor
from torch.nn import functional as F

from ama.io.storable import empty
from ama.networks.networks import Networks
from ama.scores.forward_pass import ForwardPass
from ama.scores.map_contract import AnomalyMap, Groups, Scorer
from ama.scores.running_moments import moments_of
from ama.scores.terms.r_score import r_scores

INPUT_SHARE = 0.5  # of a normal sample's map
MAP_SAMPLES = 1000  # normal samples behind the weights of the levels


class DifferenceMap(AnomalyMap):
    """Maps of images (b, h, w), at least 0; see above."""

    weight: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("weight", empty(0))

    def features(self, forward: ForwardPass) -> Float[Tensor, "b 1"]:
        return forward.get(r_scores)[:, None]

    def fit(
        self, parts: Sequence[Float[Tensor, "_ 1"]], normal: Shaped[Tensor, "n c h w"], scorer: Scorer
    ) -> None:
        levels = (_levels(x, scorer.networks) for x in _first(scorer.chunks(normal), MAP_SAMPLES))
        self.weight = level_weights(levels, moments_of(parts).mean).to(self.weight)

    def explain(
        self, raw: Shaped[Tensor, "b c h w"], scorer: Scorer, groups: Groups | None = None
    ) -> Float[Tensor, "p i j"]:
        parts = [anomaly_map(_levels(x, scorer.networks), self.weight) for x in scorer.chunks(raw)]
        return torch.cat(parts)

    def trial(self, raw: Shaped[Tensor, "b c h w"], scorer: Scorer) -> None:
        n_levels = 1 + len(scorer.networks.discriminator.blocks)
        if self.weight.shape != (n_levels,):
            raise ValueError(f"the map has {tuple(self.weight.shape)} weights for {n_levels} levels")


def _first(chunks: Iterable[Float[Tensor, "_ ..."]], n: int) -> Iterator[Float[Tensor, "_ ..."]]:
    """As many of the chunks as hold the first n."""
    for chunk in chunks:
        yield chunk[:n]
        n -= len(chunk)
        if n <= 0:
            return


def _levels(x: Float[Tensor, "b c h w"], networks: Networks) -> list[Float[Tensor, "b _ _"]]:
    """Differences between a normalised image and its reconstruction on every level."""
    critic = networks.discriminator
    weights = critic.weights()
    reconstruction = networks.reconstruct(x)
    same, others = (critic.maps(x, y, weights) for y in (x, reconstruction))
    return difference_maps(x, reconstruction, same, others)


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
    """Weights of the levels for which the maps of normal samples sum to the mean R-score on average.

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
