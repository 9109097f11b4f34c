"""Images."""

from __future__ import annotations

from collections.abc import Iterator

from jaxtyping import Shaped
from torch import Generator, Tensor

from ama.networks.image_networks import Discriminator, Encoder, check_sides
from ama.networks.image_networks import Generator as ImageGenerator
from ama.networks.networks import Networks
from ama.networks.rotations import n_rotations
from ama.networks.scaling import ImageScaling
from ama.scores.anomaly_maps import DifferenceMap
from ama.scores.kinds.kind import SampleKind
from ama.scores.synthetic_anomalies import IMAGE_KINDS, image_anomalies
from ama.settings import Settings


class Images(SampleKind):
    """Images (channels, height, width)."""

    name = "images"
    pictured = True
    convolutional = True
    scored_in_float64 = False
    comparable = False
    reducible = True

    def __init__(self, shape: tuple[int, ...]):
        super().__init__(shape)
        self.channels, self.height, self.width = shape
        self.n_rotations = n_rotations(self.height, self.width)

    @property
    def variant(self) -> str:
        return "grey images" if self.channels == 1 else "colour images"

    def describe(self, n: int | None = None) -> str:
        size = f"{self.height} x {self.width} pixels, {self.channels} channel{'s'[: self.channels > 1]}"
        return f"images of {size}" if n is None else f"{n} image{'s'[: n != 1]} of {size}"

    def scaling(self) -> ImageScaling:
        return ImageScaling()

    def networks(self, settings: Settings) -> Networks:
        shape = self.channels, self.height, self.width
        return Networks(
            shape,
            self.scaling(),
            Encoder(shape, settings.latent_dim, settings.encoder_width),
            ImageGenerator(shape, settings.latent_dim, settings.generator_width, settings.full_resolution),
            Discriminator(
                shape,
                settings.discriminator_width,
                settings.mirrored,
                settings.spectral,
                rotation_head=settings.lambda_rotation > 0,
                full_resolution=settings.full_resolution,
            ),
        )

    def check_size(self) -> None:
        check_sides(self.height, self.width)

    def scores_in_bfloat16(self, settings: Settings) -> bool:
        return settings.scoring_precision == "bfloat16"

    def anomaly_map(self) -> DifferenceMap:
        return DifferenceMap()

    def synthetic_anomalies(
        self, raw: Shaped[Tensor, "n c h w"], random: Generator
    ) -> Iterator[Shaped[Tensor, "n c h w"]]:
        return iter(image_anomalies(raw, random).values())

    def n_synthetic(self, raw: Shaped[Tensor, "n ..."]) -> int:
        return IMAGE_KINDS * len(raw)
