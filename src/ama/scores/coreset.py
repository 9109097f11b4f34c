"""Greedy coreset: few points of which every other is near one."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor

from ama.utils.progress import progress_bar

PROJECTED = 128  # dimensions in which a coreset is chosen


def greedy_coreset(
    points: Float[Tensor, "n d"], size: int, random: Generator, progress: bool | None = False
) -> Int[Tensor, " m"]:
    """Again and again the point farthest from those chosen (Roth et al., CVPR 2022, Algorithm 1).

    Distances are measured in ``PROJECTED`` dimensions, which keep them about (Johnson and Lindenstrauss 1984).

    Parameters
    ----------
    points
        The points.
    size
        How many to choose; all if there are fewer.
    random
        Draws the projection and the first point.
    progress
        As in :class:`ama.AMADetector`.

    Returns
    -------
    Tensor
        Their indices in the order of the choice.
    """
    points = _projected(points, random)
    size = min(size, len(points))
    squares = points.square().sum(1)
    chosen = torch.randint(len(points), (size,), generator=random).to(points.device)
    nearest = torch.full_like(squares, torch.inf)
    for i in progress_bar(progress, iterable=range(1, size), desc="coreset", unit="place"):
        last = chosen[i - 1]
        distance = squares - 2 * (points @ points[last]) + squares[last]
        nearest = torch.minimum(nearest, distance)
        chosen[i] = nearest.argmax()
    return chosen


def _projected(points: Float[Tensor, "n k"], random: Generator) -> Float[Tensor, "n d"]:
    k = points.shape[1]
    if k <= PROJECTED:
        return points
    directions = torch.randn(k, PROJECTED, generator=random) / math.sqrt(PROJECTED)
    return points @ directions.to(points)
