r"""Place densities: how unusual the most unusual places of an image are at the place where they are.

:math:`\log \max_t \frac 1 m \sum_{p \in T_t} M(p)`, where :math:`T_t` are the m places of tile t with the largest
Mahalanobis distances M from the Gaussians of these places (:mod:`ama.scores.place_gaussians`), one in 200 of its
places. It suits images in which every part has its place. No network but the frozen backbone takes part.

As each tile of an image has Gaussians of its own, an image may have few of them. ``scoring="auto"`` leaves the term
out: on the sets that were measured, the default score finds no more with it.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from ama.errors import InputError
from ama.scores.forward_pass import ForwardPass
from ama.scores.kinds.kind import SampleKind
from ama.scores.logarithm import log_term
from ama.scores.terms.nearest_places import check_places, most_unusual
from ama.scores.terms.term import Term
from ama.settings import Settings

MOST_TILES = 4  # 17 MB of Gaussians


class PlaceDensities(Term):
    """Logarithm of the mean Mahalanobis distance of the most unusual places. The model holds its Gaussians."""

    sees_places = True
    needs_gaussians = True

    @classmethod
    def check(cls, kind: SampleKind, settings: Settings) -> None:
        check_places(kind, settings)
        if kind.tiles is not None and len(kind.tiles) > MOST_TILES:
            raise InputError(
                f"scoring={settings.scoring!r} keeps Gaussians for each tile of an image, of at most {MOST_TILES} "
                f"tiles; found {kind.tiles.describe()}: choose a larger tile_size or other terms"
            )

    def features(self, forward: ForwardPass) -> Float[Tensor, "b 1"]:
        return most_unusual(forward.place_deviations)

    def value(self, features: Float[Tensor, "b 1"]) -> Float[Tensor, " b"]:
        return log_term(features[:, 0])
