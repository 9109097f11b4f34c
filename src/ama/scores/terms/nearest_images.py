r"""Nearest images: the local distance of an image itself, reduced to a few pixels, to the nearest learned ones.

The distance is that of :mod:`ama.scores.local_distance`, between square roots of the mean brightness of blocks of
pixels, so that dark details weigh as much as bright ones. No network takes part: an image can be far from all that was
learned although the networks make nothing unusual of it.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from ama.io.storable import empty
from ama.scores.densities import MAX_SAMPLES, some
from ama.scores.forward_pass import ForwardPass
from ama.scores.kinds.kind import SampleKind
from ama.scores.local_distance import log_local_distance, own_distances
from ama.scores.neighbour_search import SAME, Search, nearest
from ama.scores.terms.nearest_rows import MAX_POINTS
from ama.scores.terms.term import Term
from ama.settings import Settings

MAX_SIDE = 8
DARKEST = 1e-3  # below which brightness makes no difference


def reduced(images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b n"]:
    """Square roots of the means of blocks of pixels from -1 to 1, at most eight a side."""
    block = -(-max(images.shape[2:]) // MAX_SIDE)
    brightness = (F.avg_pool2d(images.float(), block, ceil_mode=True) + 1) / 2
    return (brightness.clamp_min(0) + DARKEST).sqrt().flatten(1).double()


class NearestImages(Term):
    """Logarithm of the local distance of a reduced image to the nearest learned ones."""

    max_samples = MAX_SAMPLES

    points: Tensor
    own: Tensor
    floor: Tensor

    def __init__(self, kind: SampleKind, settings: Settings):
        super().__init__(kind, settings)
        self.register_buffer("points", empty(0, 0))
        self.register_buffer("own", empty(0))
        self.register_buffer("floor", empty())

    @classmethod
    def check(cls, kind: SampleKind, settings: Settings) -> None:
        kind.check_reducible(f"scoring={settings.scoring!r} compares images themselves")

    @classmethod
    def suits(cls, kind: SampleKind, settings: Settings) -> bool:
        return kind.reducible and settings.sees_images

    def features(self, forward: ForwardPass) -> Float[Tensor, "b n"]:
        return reduced(forward.x)

    def fit(self, parts: Sequence[Float[Tensor, "_ n"]], seed: int) -> None:
        self.points = some(torch.cat(list(parts)), MAX_POINTS, seed)
        self.own, self.floor = own_distances(self.points)

    def value(self, features: Float[Tensor, "b n"], search: Search = nearest) -> Float[Tensor, " b"]:
        return log_local_distance(search(features, self.points, SAME * self.floor), self.own, self.floor)
