"""The nearest of a bank of normal points, none of which is its own neighbour."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

K = 5  # neighbours
FLOOR = 0.1  # of the usual distance to the nearest points: in tables of whole numbers it is often 0
SAME = 0.1  # of the floor: so near is a sample to itself, whose features may be rounded otherwise
SPARE = 3  # candidates beyond those needed
LARGEST = 1e15  # its square is finite in float32
CHUNK = 1024


class Nearest(NamedTuple):
    """Distances to the nearest points, ascending, float64; and which points these are."""

    distance: Float[Tensor, "b k"]
    which: Int[Tensor, "b k"]


Search = Callable[[Tensor, Tensor, Tensor], Nearest]  # (b, d), points (m, d) and ``same`` -> their K nearest


def nearest(
    x: Float[Tensor, "b d"], points: Float[Tensor, "m d"], same: Float[Tensor, ""] | float = 0.0, k: int = K
) -> Nearest:
    """The k nearest points of each x; fewer if there are not so many.

    The nearest point is left out if it is x itself, so that a learned sample is not its own neighbour.

    Parameters
    ----------
    x
        Finite.
    points
        Two or more.
    same
        Largest distance of x from itself.
    k
        Number of neighbours.
    """
    used = min(k, len(points) - 1)
    rounded = points.clamp(-LARGEST, LARGEST).float()
    found = []
    for part in x.double().split(CHUNK):
        near, certain = nearest_candidates(
            part, part.clamp(-LARGEST, LARGEST).float(), points, rounded, same, used
        )
        if not certain.all():
            again, _ = nearest_candidates(part[~certain], part[~certain], points, points.double(), same, used)
            for all_of_them, those in zip(near, again, strict=True):
                all_of_them[~certain] = those
        found.append(near)
    return Nearest(*(torch.cat(parts) for parts in zip(*found, strict=True)))


def nearest_candidates(
    x: Float[Tensor, "b d"],
    searched: Float[Tensor, "b d"],
    points: Float[Tensor, "m d"],
    searched_points: Float[Tensor, "m d"],
    same: Float[Tensor, ""] | float,
    k: int,
) -> tuple[Nearest, Tensor]:
    """The nearest of a few candidates, measured exactly, and whether none of the other points can be nearer.

    ``searched`` and ``searched_points`` are the same in the type of the search for candidates. Its squared distances
    are differences of squares, so their rounding errors are a share of these squares, not of themselves. A point is x
    itself if its distance is at most ``same``.
    """
    wanted = min(k + 1 + SPARE, len(points))
    # Squared distances without the square of x, which does not change their order.
    rough = torch.addmm(searched_points.square().sum(1), searched, searched_points.T, alpha=-2)
    lowest, which = rough.topk(wanted, largest=False)
    distance, order = (x[:, None] - points[which]).norm(dim=2).sort(1)
    own = (distance[:, :1] <= same).long()
    kept = own + torch.arange(k, device=x.device)
    near = Nearest(distance.gather(1, kept), which.gather(1, order).gather(1, kept))
    size, farthest = x.norm(dim=1), near.distance[:, -1]
    # A point that is nearer than the farthest of them is at most so far from the origin.
    error = torch.finfo(searched.dtype).eps * (8 + x.shape[1] ** 0.5) * (2 * size + farthest).square()
    certain = lowest[:, -1] + size.square() - error > farthest.square()
    return near, certain | torch.full_like(certain, wanted == len(points))


def distance_floor(distance: Float[Tensor, "m k"]) -> Float[Tensor, ""]:
    """What is added to every distance before its logarithm, from the distances of the points among themselves."""
    positive = distance[distance > 0]
    return FLOOR * positive.median() if len(positive) else torch.ones_like(distance[0, 0])
