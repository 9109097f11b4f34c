"""The networks of a fit as they are used for scoring: in evaluation mode, chunk by chunk, on raw samples."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import Any

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from ama.features.backbone import Backbone
from ama.features.tiles import Tiles
from ama.io.storable import Storable
from ama.networks.networks import Networks
from ama.scores.densities import some
from ama.scores.forward_pass import ForwardPass, PlaceDistances
from ama.scores.kinds.factory import kind_of_fit
from ama.scores.place_bank import MAX_IMAGES, PlaceBank
from ama.scores.place_gaussians import PlaceGaussians
from ama.settings import Settings

SETTLING_ITERATIONS = 15
# Samples scored at a time: memory is constant whatever their number. As every pass through the networks has a fixed
# cost, there are more of small samples.
CHUNK = 256
LARGEST_CHUNK = 2048
VALUES = 2**17  # in a chunk of more than CHUNK samples
MOST_VALUES = 2**22  # in any chunk: the feature maps of a large image have many times as many


class ScoringNetworks(Storable):
    """Networks that score raw samples.

    Parameters
    ----------
    shape
        (channels, height, width) of an image, or (columns,) of a row.
    settings
        Of the fit.
    dtype
        Of raw samples.
    backbone
        The frozen network of ``settings.features``, through which samples are seen.

    Attributes
    ----------
    bank
        Places of normal images, if there is a backbone.
    gaussians
        What is normal at each place, if a term asks for it.
    """

    def __init__(
        self, shape: tuple[int, ...], settings: Settings, dtype: torch.dtype, backbone: Backbone | None = None
    ):
        super().__init__()
        self.shape, self.settings, self.dtype = shape, settings, dtype
        self.kind = kind_of_fit(shape, settings, backbone)
        self.networks = self.kind.networks(settings)
        self.backbone = backbone
        self.bank = None if backbone is None else PlaceBank()
        self.gaussians: PlaceGaussians | None = None  # set by the model, which knows the terms
        # A tuple, so that the copy for scoring is no part of the state.
        self._scorer: tuple[Networks, list[Tensor]] | None = None

    def middle(self) -> Shaped[Tensor, "1 ..."]:
        """See :class:`ama.io.storable.Storable`."""
        if self.backbone is not None:
            grey = 128 if self.dtype == torch.uint8 else 0.5
            return torch.full((1, *self.shape), grey, dtype=self.dtype, device=self.networks.device)
        zeros = torch.zeros(1, *self.shape, dtype=torch.float64, device=self.networks.device)
        return self.networks.restore(zeros).to(self.dtype)

    def settle(self) -> None:
        """Prepare networks whose training is over."""
        self._scorer = None
        # The weights may be an average, to which the singular vectors of the last iteration belong only roughly.
        self.networks.discriminator.iterate(SETTLING_ITERATIONS)
        if self.kind.scored_in_float64:
            self.networks.double()

    @torch.no_grad()
    def encode(self, raw: Shaped[Tensor, "b ..."]) -> Float[Tensor, "p d"]:
        """E(x) of raw samples, or of the tiles of each."""
        return torch.cat([self.networks.encoder(x) for x in self.chunks(raw)])

    @torch.no_grad()
    def reconstruct(self, raw: Shaped[Tensor, "b ..."]) -> Float[Tensor, "b ..."]:
        """G(E(x)) in the units of the raw samples."""
        parts = [self.networks.restore(self.networks.reconstruct(x)) for x in self.chunks(raw)]
        return self.kind.joined(torch.cat(parts))

    def forward_passes(self, raw: Shaped[Tensor, "b ..."]) -> Iterator[ForwardPass]:
        """Raw samples through the networks, chunk by chunk; nothing is computed before it is asked for."""
        if self._scorer is None:
            networks = self.networks.folded()
            self._scorer = networks, networks.discriminator.weights()
        in_bfloat16 = self.kind.scores_in_bfloat16(self.settings)
        for part, x, rows in self._parts(raw):
            yield ForwardPass(x, *self._scorer, in_bfloat16, partial(self.seen_places, part), rows)

    def _apply(self, fn: Any, recurse: bool = True) -> ScoringNetworks:
        self._scorer = None  # the original moves to another device or type
        return super()._apply(fn, recurse)

    def chunks(self, raw: Shaped[Tensor, "b ..."]) -> Iterator[Float[Tensor, "c ..."]]:
        """Normalised parts of samples on the model's device, a few at a time; the networks are in evaluation mode."""
        for _, x, _ in self._parts(raw):
            yield x

    def _parts(
        self, raw: Shaped[Tensor, "b ..."]
    ) -> Iterator[tuple[Shaped[Tensor, "s ..."], Float[Tensor, "c ..."], Float[Tensor, "s n"] | None]]:
        """The same with the raw samples that they are of, and their rows where the networks see something else."""
        self.eval()
        size = math.prod(self.networks.shape)
        most = max(1, min(max(CHUNK, min(LARGEST_CHUNK, VALUES // size)), MOST_VALUES // size))
        tiles = self.kind.tiles
        for part in raw.split(most if tiles is None else min(most, max(1, CHUNK // len(tiles)))):
            on_device = part.to(self.networks.device)
            seen, scaling = self.kind.seen(on_device, self.backbone), self.networks.row_scaling
            rows = None
            if scaling is not None and seen.rows is not None:
                rows = scaling.normalise(seen.rows, torch.float64)
            for x in seen.x.split(most):
                yield on_device, self.networks.normalise(x), rows

    def fit_places(self, raw: Shaped[Tensor, "n ..."], seed: int) -> None:
        """Fit what is known of the places of normal images, if there is a backbone that sees them."""
        if self.bank is not None:
            chosen, n_tiles = some(raw, MAX_IMAGES, seed), len(self._tiles)
            places = self._places(chosen)
            if self.gaussians is not None:
                places = self.gaussians.fit_passing(places, n_tiles, seed)
            self.bank.fit(places, len(chosen) * n_tiles, seed)

    def place_distances(self, raw: Shaped[Tensor, "b c h w"]) -> Float[Tensor, "b t i j"]:
        """How far each place of each tile of raw images is from places of normal ones; with a backbone."""
        return self.seen_places(raw).nearest

    @torch.no_grad()
    def seen_places(self, raw: Shaped[Tensor, "b c h w"]) -> PlaceDistances:
        """The same, and how far each place is from what is normal there if a term asks for that."""
        assert self.bank is not None
        nearest, deviations, n_tiles = [], [], len(self._tiles)
        for k, places in enumerate(self._places(raw)):
            nearest.append(self.bank.distances(places))
            if self.gaussians is not None:
                deviations.append(self.gaussians.distances(places, k % n_tiles))
        of_tiles = [torch.cat(found).unflatten(0, (-1, n_tiles)) for found in (nearest, deviations) if found]
        return PlaceDistances(of_tiles[0], of_tiles[1] if deviations else None)

    def _places(self, raw: Shaped[Tensor, "b c h w"]) -> Iterator[Float[Tensor, "1 k i j"]]:
        assert self.backbone is not None
        for image in raw.split(1):
            for tile in self._tiles.cut(image.to(self.networks.device)).split(1):
                yield self.backbone.places(tile)

    @property
    def _tiles(self) -> Tiles:
        assert self.kind.tiles is not None
        return self.kind.tiles
