r"""The distance to normal points, half relative to how close these are to each other.

:math:`\log d(x) - \frac 1 2 \log \frac 1 k \sum_{i=1}^k d(x_{(i)})`, where d is the mean distance to the k nearest
normal points, plus a small :math:`\epsilon`. The plain distance misses what lies close beside a dense cluster, and the
full ratio, the local outlier factor (Breunig et al. 2000), rates distant points as normal where normal ones are sparse;
the square root lies between the two.
"""

from __future__ import annotations

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from ama.scores.neighbour_search import Nearest, distance_floor, nearest

# Exponent of the neighbours' own distance: 0 is the plain distance, 1 the local outlier factor.
LOCALITY = 0.5


class OwnDistances(NamedTuple):
    """How close normal points are to each other.

    Parameters
    ----------
    own
        Mean distance of each of m points to its nearest others, (m,), float64.
    floor
        The small number that is added to a distance, ().
    """

    own: Tensor
    floor: Tensor


def own_distances(points: Float[Tensor, "m n"]) -> OwnDistances:
    """How close two or more normal points are to each other."""
    distance = nearest(points, points).distance
    return OwnDistances(distance.mean(1), distance_floor(distance))


def log_local_distance(
    near: Nearest, own: Float[Tensor, " m"], floor: Float[Tensor, ""]
) -> Float[Tensor, " b"]:
    """The logarithm in the formula above, for samples whose nearest normal points are known."""
    around = (own[near.which].mean(1) + floor).log()
    return (near.distance.mean(1) + floor).log() - LOCALITY * around
