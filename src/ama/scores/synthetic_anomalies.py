"""Samples that are surely unusual, made of normal ones: what a score can be judged by where no anomaly is known.

Each is composed of usual parts in an unusual whole, so that it is no simpler and no more colourful than a normal
sample is: a score that only measures how complicated a sample looks will not tell it.
"""

from __future__ import annotations

import torch
from jaxtyping import Shaped
from torch import Generator, Tensor


def synthetic_anomalies(
    raw: Shaped[Tensor, "n ..."], random: Generator
) -> dict[str, Shaped[Tensor, "n ..."]]:
    """Several kinds, each made of all of the normal samples given.

    Parameters
    ----------
    raw
        Two or more raw images (n, c, h, w), or rows (n, d).
    random
        Chooses the partner of each sample.

    Returns
    -------
    dict
        ``blend``: the mean of two samples; ``half``: the left half of one and the right half of another (of the
        columns, for rows). For images also ``patch``: the middle of another; ``upside_down``.
    """
    n = len(raw)
    # A shift of a shuffled circle: nobody is his own partner.
    order = torch.randperm(n, generator=random)
    partner = torch.empty_like(order)
    partner[order] = order.roll(1)
    other = raw[partner]
    width = raw.shape[-1]
    left = torch.arange(width) < width // 2
    blend = (raw.double() + other.double()) / 2
    kinds = {
        "blend": blend.to(raw.dtype) if raw.is_floating_point() else blend.round().to(raw.dtype),
        "half": torch.where(left, raw, other),
    }
    if raw.ndim == 4:
        height = raw.shape[2]
        patch = raw.clone()
        middle = (..., slice(height // 4, height - height // 4), slice(width // 4, width - width // 4))
        patch[middle] = other[middle]
        kinds |= {"patch": patch, "upside_down": raw.flip(2, 3)}
    return kinds
