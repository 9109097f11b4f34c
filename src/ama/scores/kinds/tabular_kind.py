"""Rows of a table."""

from __future__ import annotations

from collections.abc import Iterator

from jaxtyping import Shaped
from torch import Generator, Tensor

from ama.features.backbone import Backbone
from ama.networks.networks import Networks
from ama.networks.scaling import ColumnScaling
from ama.networks.tabular_networks import Discriminator, Encoder
from ama.networks.tabular_networks import Generator as RowGenerator
from ama.scores.column_maps import ColumnMap
from ama.scores.kinds.kind import SampleKind, Seen
from ama.scores.synthetic_anomalies import ROW_KINDS, row_anomalies
from ama.settings import Settings

MAX_COLUMNS = 2_000  # a covariance of more takes minutes, and memory
# Of 100 columns, the widest table of ADBench, every term is worth its place. Of the 1,280 of an embedding, plain
# distances and the networks' features lower the AUROC by 0.01 (docs/results/tables.md).
WIDE = 256


class Tabular(SampleKind):
    """Rows (columns,) of numbers. They cost little, so they are scored in float64."""

    name = "rows"
    pictured = False
    convolutional = False
    scored_in_float64 = True
    comparable = True

    def __init__(self, shape: tuple[int, ...]):
        super().__init__(shape)
        (self.n_columns,) = shape
        self.has_covariance = self.symmetric_distances = self.n_columns <= MAX_COLUMNS
        # The mixture of a few columns follows a skewed one with several components.
        self.best_whitened = self.symmetric_density = WIDE < self.n_columns <= MAX_COLUMNS

    @property
    def variant(self) -> str:
        return "rows of many columns" if self.best_whitened else "tabular data"

    def describe(self, n: int | None = None) -> str:
        size = f"{self.n_columns} column{'s'[: self.n_columns != 1]}"
        return f"rows of {size}" if n is None else f"{n} row{'s'[: n != 1]} of {size}"

    def seen(self, raw: Shaped[Tensor, "b d"], backbone: Backbone | None) -> Seen:
        return Seen(raw, raw)

    def scaling(self) -> ColumnScaling:
        return ColumnScaling(self.n_columns)

    def networks(self, settings: Settings) -> Networks:
        shape = (self.n_columns,)
        return Networks(
            shape,
            self.scaling(),
            Encoder(shape, settings.latent_dim, settings.encoder_width),
            RowGenerator(shape, settings.latent_dim, settings.generator_width),
            Discriminator(shape, settings.discriminator_width, settings.mirrored, settings.spectral),
        )

    def scores_in_bfloat16(self, settings: Settings) -> bool:
        return False

    def anomaly_map(self) -> ColumnMap:
        return ColumnMap(self.n_columns)

    def synthetic_anomalies(
        self, raw: Shaped[Tensor, "n d"], random: Generator
    ) -> Iterator[Shaped[Tensor, "n d"]]:
        return iter(row_anomalies(raw, random).values())

    def n_synthetic(self, raw: Shaped[Tensor, "n ..."]) -> int:
        return ROW_KINDS * len(raw)
