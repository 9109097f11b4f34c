"""Images seen through a backbone: the networks see a map of their features, the terms on rows see a row."""

from __future__ import annotations

from jaxtyping import Shaped
from torch import Tensor

from ama.features.backbone import LARGEST_OF_ROWS, Backbone
from ama.networks.map_scaling import MapScaling
from ama.networks.networks import Networks
from ama.scores.kinds.featured_kind import FeaturedImages
from ama.scores.kinds.image_kind import Images
from ama.scores.kinds.kind import Seen
from ama.settings import Settings

CHANNELS = 32
SIDE, SMALL_SIDE = 16, 8  # places; the smaller for images that have no more at a stride of 16 pixels


class MappedImages(FeaturedImages):
    """Images of which E, G and D see a small map (channels, side, side) of features of places.

    Parameters are those of :class:`ama.scores.kinds.featured_kind.FeaturedImages`.
    """

    convolutional = True

    def __init__(
        self, shape: tuple[int, ...], features: str, backbone: Backbone | None = None, tile_size: int = 0
    ):
        super().__init__(shape, features, backbone, tile_size)
        side = SIDE if max(shape[1:]) >= LARGEST_OF_ROWS else SMALL_SIDE
        self.map = Images((CHANNELS, side, side))
        self.n_rotations = self.map.n_rotations

    @property
    def variant(self) -> str:
        return "feature maps"

    def seen(self, raw: Shaped[Tensor, "b c h w"], backbone: Backbone | None) -> Seen:
        assert backbone is not None
        rows, maps = backbone.rows_and_maps(raw, self.map.height)
        return Seen(maps, rows)

    def scaling(self) -> MapScaling:
        return MapScaling(CHANNELS)

    def networks(self, settings: Settings) -> Networks:
        networks = self.map.networks(settings)
        networks.scaling, networks.row_scaling = self.scaling(), self.rows.scaling()
        return networks

    def scores_in_bfloat16(self, settings: Settings) -> bool:
        return False
