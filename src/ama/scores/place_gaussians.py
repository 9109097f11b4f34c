r"""How unusual the features of each place of an image are at that place, as in PaDiM (Defard et al., ICPR 2020).

Every place of every tile has a Gaussian of its own (:mod:`ama.scores.place_moments`). Full precisions of 232 channels
would take 220 MB for 32 x 32 places. So there are at most ``SIDE`` places a side of a tile, to which features are
averaged, and the channels are reduced to ``DIMENSIONS`` by one random semi-orthogonal projection (Kim et al.,
"Semi-orthogonal Embedding for Efficient Unsupervised Anomaly Segmentation", 2021): 4.2 MB a tile. Channels are taken in
their standard deviations over all places, :math:`f' = Q^T (f / s)`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from jaxtyping import Float
from torch import Tensor

from ama.io.storable import Resizable
from ama.scores.place_bank import feature_scale
from ama.scores.place_moments import TOGETHER, PlaceMoments, mahalanobis_distances, pooled, vectors_of
from ama.utils.random_generators import generator_for

SIDE = 16  # places
DIMENSIONS = 64  # fewer if there are fewer channels
SHRINKAGE = 0.1  # epsilon, in variances of a channel: some hundred images tell less of 64 dimensions


class PlaceGaussians(Resizable):
    """Gaussians of p places of d numbers in each of t tiles, for features of k channels."""

    projection: Tensor
    mean: Tensor
    whitening: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("projection", torch.zeros(0, 0))  # (k, d)
        self.register_buffer("mean", torch.zeros(0, 0))  # (t * p, d), tile after tile
        self.register_buffer("whitening", torch.zeros(0, 0, 0))  # (t * p, d, d)

    def fit_passing(
        self, tiles: Iterable[Float[Tensor, "1 k i j"]], n_tiles: int, seed: int
    ) -> Iterator[Float[Tensor, "1 k i j"]]:
        """Fit to tiles, and pass them on: another statistic is fitted in the same pass of the backbone.

        The Gaussians are there when the last tile was taken.

        Parameters
        ----------
        tiles
            Features of the places of each, image after image.
        n_tiles
            Number of tiles of an image.
        seed
            Of the projection.
        """
        moments, held = PlaceMoments(), []
        self.projection = self.projection[:0]
        for k, tile in enumerate(tiles, 1):
            held.append(pooled(tile, SIDE))
            if k % (TOGETHER * n_tiles) == 0:
                moments.add(self._vectors(held, n_tiles, seed))
                held = []
            yield tile
        if held:
            moments.add(self._vectors(held, n_tiles, seed))
        # Contiguous, as they are loaded: another layout rounds otherwise.
        self.mean, self.whitening = (part.contiguous() for part in moments.gaussians(SHRINKAGE))

    def _vectors(
        self, held: list[Float[Tensor, "1 k i j"]], n_tiles: int, seed: int
    ) -> Float[Tensor, "b p d"]:
        """Those of all tiles of some images, of which the first determine the projection."""
        maps = torch.cat(held)
        if not len(self.projection):
            self.projection = _projection(maps, seed)
        return vectors_of(self._projected(maps)).unflatten(0, (-1, n_tiles)).flatten(1, 2)

    def _projected(self, maps: Float[Tensor, "b k i j"]) -> Float[Tensor, "b d i j"]:
        return torch.einsum("kd,bkij->bdij", self.projection, maps)

    def distances(self, tile: Float[Tensor, "1 k h w"], index: int) -> Float[Tensor, "1 i j"]:
        """The Mahalanobis distance of each place of the tile of that index, at most ``SIDE`` a side."""
        grid = self._projected(pooled(tile, SIDE))
        n = grid.shape[2] * grid.shape[3]
        own = slice(index * n, (index + 1) * n)
        return mahalanobis_distances(grid, self.mean[own], self.whitening[own])


def _projection(maps: Float[Tensor, "b k i j"], seed: int) -> Float[Tensor, "k d"]:
    """Q, whose rows are divided by the standard deviations of the channels."""
    k = maps.shape[1]
    drawn = torch.randn(k, min(k, DIMENSIONS), generator=generator_for(seed, 23), dtype=torch.float64)
    semi_orthogonal = torch.linalg.qr(drawn).Q.to(maps)
    return (semi_orthogonal / feature_scale(maps.transpose(0, 1).flatten(1).T)[:, None]).contiguous()
