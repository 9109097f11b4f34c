"""Images of any size, seen through a frozen backbone: rows of features to the networks and to the terms."""

from __future__ import annotations

from jaxtyping import Shaped
from torch import Generator, Tensor

from ama.errors import InputError
from ama.features.backbone import BACKBONES, Backbone
from ama.networks.networks import Networks
from ama.networks.scaling import ColumnScaling
from ama.scores.kinds.image_kind import Images
from ama.scores.kinds.kind import SampleKind
from ama.scores.kinds.tabular_kind import Tabular
from ama.scores.place_maps import PlaceMap
from ama.scores.synthetic_anomalies import image_anomalies
from ama.settings import Settings


class FeaturedImages(SampleKind):
    """Images (1 or 3 channels, height, width) of any size, of which a frozen backbone makes rows.

    Parameters
    ----------
    shape
        Of an image.
    features
        A key of :data:`ama.features.backbone.BACKBONES`.

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

    def __init__(self, shape: tuple[int, ...], features: str):
        super().__init__(shape)
        if shape[0] not in (1, 3):
            raise InputError(
                f"features={features!r} are features of images of 1 or 3 channels, found {Images(shape).describe()}"
            )
        self.features, self.seen_through = features, BACKBONES[features].origin
        self.rows = Tabular((BACKBONES[features].n_columns,))
        self.has_covariance, self.best_whitened = self.rows.has_covariance, self.rows.best_whitened

    @property
    def variant(self) -> str:
        return "features of images"

    def describe(self, n: int | None = None) -> str:
        return Images(self.shape).describe(n)

    def scaling(self) -> ColumnScaling:
        return self.rows.scaling()

    def networks(self, settings: Settings) -> Networks:
        return self.rows.networks(settings)

    def backbone(self) -> Backbone:
        return BACKBONES[self.features]()

    def scores_in_bfloat16(self, settings: Settings) -> bool:
        return False

    def anomaly_map(self) -> PlaceMap:
        return PlaceMap()

    def synthetic_anomalies(
        self, raw: Shaped[Tensor, "n c h w"], random: Generator
    ) -> dict[str, Shaped[Tensor, "n c h w"]]:
        return image_anomalies(raw, random)

    def check(self, settings: Settings) -> None:
        super().check(settings)
        if settings.contamination_share:
            raise InputError(
                f"contamination_share={settings.contamination_share:g} looks for unusual rows of a table, found "
                f"{self.describe()}"
            )
