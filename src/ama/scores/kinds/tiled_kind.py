"""Images that the networks see tile by tile."""

from __future__ import annotations

from collections.abc import Iterator

from jaxtyping import Float, Shaped
from torch import Generator, Tensor

from ama.errors import InputError
from ama.features.tiles import Tiles
from ama.networks.image_networks import MAX_SIDE, MIN_SIDE
from ama.networks.networks import Networks
from ama.networks.scaling import ImageScaling
from ama.scores.anomaly_maps import DifferenceMap
from ama.scores.kinds.image_kind import Images
from ama.scores.kinds.kind import SampleKind
from ama.scores.photo_anomalies import n_photo_anomalies, photo_anomalies
from ama.settings import Settings


class TiledImages(SampleKind):
    """Images (channels, height, width) of any size: to the networks each tile is an image by itself.

    The most anomalous tile decides about an image.

    Parameters
    ----------
    shape
        Of an image.
    tile_size
        Longest side of a tile.
    """

    name = "images"
    pictured = True
    convolutional = True
    scored_in_float64 = False
    comparable = False
    reducible = True
    tiles: Tiles

    def __init__(self, shape: tuple[int, ...], tile_size: int):
        super().__init__(shape)
        self.tile_size, self.whole = tile_size, Images(shape)
        self.tiles = Tiles(shape[1], shape[2], tile_size)
        self.tile = Images((shape[0], *self.tiles.size))
        self.n_rotations = self.tile.n_rotations

    @property
    def variant(self) -> str:
        return self.tile.variant

    def describe(self, n: int | None = None) -> str:
        return self.whole.describe(n)

    def scaling(self) -> ImageScaling:
        return self.tile.scaling()

    def networks(self, settings: Settings) -> Networks:
        return self.tile.networks(settings)

    def cut(self, raw: Shaped[Tensor, "b c h w"]) -> Shaped[Tensor, "p c i j"]:
        return self.tiles.cut(raw)

    def joined(self, parts: Shaped[Tensor, "p *c i j"]) -> Shaped[Tensor, "b *c h w"]:
        """Whole images from tiles, and whole maps (b, h, w) from those of tiles."""
        return self.tiles.joined(parts) if parts.ndim == 4 else self.tiles.joined(parts[:, None])[:, 0]

    def per_sample(self, values: Float[Tensor, " p"]) -> Float[Tensor, " b"]:
        return values.view(-1, len(self.tiles)).amax(1)

    def check_size(self) -> None:
        if self.tile_size > MAX_SIDE:
            raise InputError(
                f"tile_size must be at most {MAX_SIDE} pixels without features, found {self.tile_size}"
            )
        if min(self.tiles.size) < MIN_SIDE:
            raise InputError(f"tiles must be at least {MIN_SIDE} pixels a side, found {self.describe()}")

    def check_known(self) -> None:
        raise InputError(
            "most tiles of a known anomaly are normal, so networks that see tiles cannot learn from it: leave out "
            "tile_size or the known anomalies, or choose features"
        )

    def scores_in_bfloat16(self, settings: Settings) -> bool:
        return self.tile.scores_in_bfloat16(settings)

    def anomaly_map(self) -> DifferenceMap:
        return self.tile.anomaly_map()

    def synthetic_anomalies(
        self, raw: Shaped[Tensor, "n c h w"], random: Generator
    ) -> Iterator[Shaped[Tensor, "m c h w"]]:
        return (anomalous for _, anomalous in photo_anomalies(raw, random))

    def n_synthetic(self, raw: Shaped[Tensor, "n c h w"]) -> int:
        return n_photo_anomalies(raw)
