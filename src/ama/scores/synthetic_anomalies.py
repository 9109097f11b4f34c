"""Synthetic anomalies composed from normal samples, by which a score is judged when no anomaly is known.

Most combine normal parts into an anomalous whole, so that it is about as complex and as colourful as a normal sample: a
score that only measures how complex a sample looks does not detect it.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Shaped
from torch import Generator, Tensor

ROW_KINDS, IMAGE_KINDS = 5, 4


def row_anomalies(raw: Float[Tensor, "n d"], random: Generator) -> dict[str, Float[Tensor, "n d"]]:
    """Five kinds of anomalies, each made of all of the normal rows given.

    Parameters
    ----------
    raw
        Two or more raw rows.
    random
        Chooses the partner of each row, and the columns.

    Returns
    -------
    dict
        ``blend``: the mean of two rows; ``half``: the left half of one's columns and the right half of another's;
        ``swapped``: a row with one column of another; ``permuted``: every column of another row; ``beyond``: a row with
        a fifth of its columns moved by one to three times the column's usual range.
    """
    n, d = raw.shape
    other = partners(raw, random)
    # A random order of the columns of each row.
    places = torch.rand(n, d, generator=random).argsort(1).to(raw.device)
    permuted = raw.gather(0, torch.rand(n, d, generator=random).argsort(0).to(raw.device))
    ordered = raw.sort(0).values
    low, high = ordered[n // 10] / 2, ordered[n - 1 - n // 10] / 2  # halves, as a difference may be infinite
    steps = (1 + 2 * torch.rand(n, d, generator=random, dtype=raw.dtype)).to(raw.device)
    signs = 2 * torch.randint(2, (n, d), generator=random).to(raw) - 1
    limit = torch.finfo(raw.dtype).max
    moved = (raw + 2 * signs * steps * (high - low)).clamp(-limit, limit)
    return {
        **_composed(raw, other),
        "swapped": torch.where(places < 1, other, raw),
        "permuted": permuted,
        "beyond": torch.where(places < max(1, d // 5), moved, raw),
    }


def image_anomalies(
    raw: Shaped[Tensor, "n c h w"], random: Generator
) -> dict[str, Shaped[Tensor, "n c h w"]]:
    """Four kinds of anomalies, each composed from all of the normal images given.

    Parameters
    ----------
    raw
        Two or more raw images.
    random
        Chooses the partner of each image.

    Returns
    -------
    dict
        ``blend``: the mean of two images; ``half``: the left half of one and the right half of another; ``patch``: an
        image with the middle of another; ``upside_down``: an image rotated by half a turn.
    """
    other = partners(raw, random)
    height, width = raw.shape[2:]
    patch = raw.clone()
    middle = (..., slice(height // 4, height - height // 4), slice(width // 4, width - width // 4))
    patch[middle] = other[middle]
    return {**_composed(raw, other), "patch": patch, "upside_down": raw.flip(2, 3)}


def partners(raw: Shaped[Tensor, "n ..."], random: Generator) -> Shaped[Tensor, "n ..."]:
    """Another sample for each: a shift of a shuffled circle, so that no sample is paired with itself."""
    order = torch.randperm(len(raw), generator=random)
    partner = torch.empty_like(order)
    partner[order] = order.roll(1)
    return raw[partner]


def _composed(
    raw: Shaped[Tensor, "n ..."], other: Shaped[Tensor, "n ..."]
) -> dict[str, Shaped[Tensor, "n ..."]]:
    width = raw.shape[-1]
    left = torch.arange(width) < width // 2
    blend = (raw.double() + other.double()) / 2
    return {
        "blend": blend.to(raw.dtype) if raw.is_floating_point() else blend.round().to(raw.dtype),
        "half": torch.where(left, raw, other),
    }
