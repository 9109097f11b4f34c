"""Images of any size, seen through a frozen backbone: rows of features to the networks and to the terms."""

from __future__ import annotations

from collections.abc import Iterator

from jaxtyping import Shaped
from torch import Generator, Tensor

from ama.errors import InputError
from ama.features.backbone import SMALLEST, Backbone
from ama.features.tiles import Tiles
from ama.networks.networks import Networks
from ama.networks.scaling import Scaling
from ama.scores.kinds.image_kind import Images
from ama.scores.kinds.kind import SampleKind, Seen
from ama.scores.kinds.tabular_kind import Tabular
from ama.scores.photo_anomalies import n_photo_anomalies, photo_anomalies
from ama.scores.place_maps import PlaceMap
from ama.settings import Settings

WORKING_SIDE = 512  # pixels of the longest side of a tile


class FeaturedImages(SampleKind):
    """Images (1 or 3 channels, height, width) of any size, of which a frozen backbone makes rows.

    Parameters
    ----------
    shape
        Of an image.
    features
        The name of the backbone; see :mod:`ama.features.loading`.
    backbone
        None as long as it is not loaded; then settings are checked as for few features.
    tile_size
        Longest side of the tiles in which places are seen; 0 is that of images which are not cut.

    Raises
    ------
    InputError
        If the images have other than 1 or 3 channels.
    """

    name = "images"
    pictured = True
    convolutional = False
    scored_in_float64 = True
    comparable = True
    shows_reconstructions = False
    has_places = True
    tiles: Tiles

    def __init__(
        self, shape: tuple[int, ...], features: str, backbone: Backbone | None = None, tile_size: int = 0
    ):
        super().__init__(shape)
        if shape[0] not in (1, 3):
            raise InputError(
                f"features={features!r} are features of images of 1 or 3 channels, found {Images(shape).describe()}"
            )
        self.images, self.rows = Images(shape), Tabular((1 if backbone is None else backbone.n_columns,))
        self.tiles = Tiles(shape[1], shape[2], tile_size or WORKING_SIDE)
        self.enlarged = max(shape[1:]) < SMALLEST
        self.provenance = None if backbone is None else backbone.provenance
        self.has_covariance, self.best_whitened = self.rows.has_covariance, self.rows.best_whitened

    @property
    def variant(self) -> str:
        return "features of images"

    def describe(self, n: int | None = None) -> str:
        return self.images.describe(n)

    def seen(self, raw: Shaped[Tensor, "b c h w"], backbone: Backbone | None) -> Seen:
        assert backbone is not None
        rows = backbone(raw)
        return Seen(rows, rows)

    def scaling(self) -> Scaling:
        return self.rows.scaling()

    def networks(self, settings: Settings) -> Networks:
        return self.rows.networks(settings)

    def scores_in_bfloat16(self, settings: Settings) -> bool:
        return self.rows.scores_in_bfloat16(settings)

    def anomaly_map(self) -> PlaceMap:
        return PlaceMap(self.tiles)

    def synthetic_anomalies(
        self, raw: Shaped[Tensor, "n c h w"], random: Generator
    ) -> Iterator[Shaped[Tensor, "m c h w"]]:
        return (anomalous for _, anomalous in photo_anomalies(raw, random))

    def n_synthetic(self, raw: Shaped[Tensor, "n c h w"]) -> int:
        return n_photo_anomalies(raw)

    def check(self, settings: Settings) -> None:
        super().check(settings)
        if settings.contamination_share:
            raise InputError(
                f"contamination_share={settings.contamination_share:g} looks for unusual rows of a table, found "
                f"{self.describe()}"
            )
