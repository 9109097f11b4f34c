r"""Nearest places: how far the most unusual places of an image are from the places of normal images.

:math:`\log \max_t \frac 1 m \sum_{p \in T_t} d(p)`, where :math:`T_t` are the m places of tile t with the largest
distances d (:mod:`ama.scores.place_bank`), one in 200 of its places. An image that is not cut is a single tile. No
network but the frozen backbone takes part. The means of a whole image hardly change where a small part of
it does; this term looks at that part alone. ``scoring="auto"`` leaves it out for images so small that the backbone
sees them enlarged: a place of them is a few pixels.
"""

from __future__ import annotations

import math

from jaxtyping import Float
from torch import Tensor

from ama.errors import InputError
from ama.scores.forward_pass import ForwardPass
from ama.scores.kinds.kind import SampleKind
from ama.scores.logarithm import log_term
from ama.scores.terms.term import Term
from ama.settings import Settings

SHARE = 0.005  # of the places of a tile


class NearestPlaces(Term):
    """Logarithm of the mean distance of the most unusual places. It has no statistics."""

    sees_places = True

    @classmethod
    def check(cls, kind: SampleKind, settings: Settings) -> None:
        check_places(kind, settings)

    @classmethod
    def suits(cls, kind: SampleKind, settings: Settings) -> bool:
        return kind.has_places and not kind.enlarged

    def features(self, forward: ForwardPass) -> Float[Tensor, "b 1"]:
        return most_unusual(forward.place_distances)

    def value(self, features: Float[Tensor, "b 1"]) -> Float[Tensor, " b"]:
        return log_term(features[:, 0])


def check_places(kind: SampleKind, settings: Settings) -> None:
    """Refuse to compare the places of samples that have none.

    Raises
    ------
    InputError
        If there are no features.
    """
    if not kind.has_places:
        raise InputError(
            f"scoring={settings.scoring!r} compares places of images seen through a backbone: it needs features"
        )


def most_unusual(distances: Float[Tensor, "b t i j"]) -> Float[Tensor, "b 1"]:
    """The mean distance of the most unusual places of a tile, of the tile where it is largest."""
    places = distances.flatten(2)
    most = places.topk(math.ceil(SHARE * places.shape[2]), dim=2).values
    return most.mean(2).amax(1, keepdim=True)
