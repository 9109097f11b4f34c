"""The anomaly maps of images as a part of a graph."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from ama.errors import InputError
from ama.export.fixed_resampling import FixedResampling, bilinear
from ama.scores.anomaly_maps import DifferenceMap, difference_maps
from ama.scores.forward_pass import ForwardPass
from ama.scores.kinds.kind import SampleKind
from ama.scores.map_contract import AnomalyMap
from ama.scores.place_maps import PlaceMap


class GraphDifferenceMap(nn.Module):
    """See :mod:`ama.scores.anomaly_maps`."""

    def __init__(self, found: DifferenceMap, kind: SampleKind):
        super().__init__()
        self.weight, self.kind = found.weight.tolist(), kind

    def forward(self, forward: ForwardPass) -> Float[Tensor, "b h w"]:
        """The maps of the samples of a forward pass."""
        first, *others = difference_maps(forward.x, forward.reconstruction, forward.same, forward.others)
        total = self.weight[0] * first.double()
        height, width = first.shape[1:]
        for level, weight in zip(others, self.weight[1:], strict=True):
            found = level.shape[1], level.shape[2]
            resampling = FixedResampling(bilinear, found, (height, width), torch.float64)
            total = total + weight * resampling(level.double())
        return self.kind.joined(total).float()


class GraphPlaceMap(nn.Module):
    """See :mod:`ama.scores.place_maps`."""

    def __init__(self, found: PlaceMap):
        super().__init__()
        self.tiles, self.radius = found.tiles, found.radius

    def forward(self, forward: ForwardPass) -> Float[Tensor, "b h w"]:
        """The maps of the samples of a forward pass."""
        distances = forward.place_distances.flatten(0, 1)[:, None]
        found = distances.shape[2], distances.shape[3]
        joined = self.tiles.joined(FixedResampling(bilinear, found, self.tiles.size)(distances))
        side = 2 * self.radius + 1
        return F.avg_pool2d(joined, side, 1, self.radius, count_include_pad=False)[:, 0]


def check_map(kind: SampleKind) -> None:
    """Refuse maps of rows.

    Raises
    ------
    InputError
        If there would be any.
    """
    if not kind.pictured:
        raise InputError(f"only maps of images can be exported, found {kind.describe()}")


def graph_map(found: AnomalyMap, kind: SampleKind) -> nn.Module:
    """The map of images as a part of a graph."""
    if isinstance(found, PlaceMap):
        return GraphPlaceMap(found)
    assert isinstance(found, DifferenceMap)
    return GraphDifferenceMap(found, kind)
