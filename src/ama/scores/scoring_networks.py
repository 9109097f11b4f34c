"""The networks of a fit as they are used for scoring: in evaluation mode, chunk by chunk, on raw samples."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from ama.features.backbone import Backbone
from ama.features.image_memory import ImageMemory
from ama.features.side_by_side import side_by_side
from ama.features.tile_places import tile_places
from ama.features.tiles import Tiles
from ama.io.storable import Storable
from ama.networks.networks import Networks
from ama.scores.densities import some
from ama.scores.forward_pass import ForwardPass, PlaceDistances
from ama.scores.kinds.factory import kind_of_fit
from ama.scores.kinds.featured_kind import WORKING_SIDE
from ama.scores.kinds.kind import Seen
from ama.scores.place_bank import MAX_IMAGES, PlaceBank
from ama.scores.place_gaussians import PlaceGaussians
from ama.settings import Settings
from ama.utils.progress import DELAY, advance, progress_bar

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
        self._distances = ImageMemory()
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

    def forward_passes(self, raw: Shaped[Tensor, "b ..."], places: bool = False) -> Iterator[ForwardPass]:
        """Raw samples through the networks, chunk by chunk; ``places`` is whether the distances of places are needed.

        What the networks make of them is not computed before it is asked for.
        """
        if self._scorer is None:
            networks = self.networks.folded()
            self._scorer = networks, networks.discriminator.weights()
        in_bfloat16 = self.kind.scores_in_bfloat16(self.settings)
        for x, rows, distances in self._parts(raw, places):
            yield ForwardPass(x, *self._scorer, in_bfloat16, distances, rows)

    def looked_at(
        self,
        raw: Shaped[Tensor, "n ..."],
        looks: Sequence[Callable[[ForwardPass], Any]],
        places: bool = False,
    ) -> list[list[Any]]:
        """What several look at in samples, from one pass, chunk by chunk."""
        parts: list[list[Any]] = [[] for _ in looks]
        for forward in self.forward_passes(raw, places):
            for found, look in zip(parts, looks, strict=True):
                found.append(look(forward))
        return parts

    def _apply(self, fn: Any, recurse: bool = True) -> ScoringNetworks:
        self._scorer = None  # the original moves to another device or type
        return super()._apply(fn, recurse)

    def chunks(self, raw: Shaped[Tensor, "b ..."]) -> Iterator[Float[Tensor, "c ..."]]:
        """Normalised parts of samples on the model's device, a few at a time; the networks are in evaluation mode."""
        for x, _, _ in self._parts(raw, places=False):
            yield x

    def _parts(
        self, raw: Shaped[Tensor, "b ..."], places: bool
    ) -> Iterator[tuple[Float[Tensor, "c ..."], Float[Tensor, "c n"] | None, PlaceDistances | None]]:
        """The same with their rows, where the networks see something else, and the distances of their ``places``."""
        self.eval()
        size = math.prod(self.networks.shape)
        most = max(1, min(max(CHUNK, min(LARGEST_CHUNK, VALUES // size)), MOST_VALUES // size))
        tiles = self.kind.tiles
        for part in raw.split(most if tiles is None else min(most, max(1, CHUNK // len(tiles)))):
            seen, distances = self._seen(part.to(self.networks.device), places)
            rows, scaling = None, self.networks.row_scaling
            if scaling is not None and seen.rows is not None:
                rows = scaling.normalise(seen.rows, torch.float64)
            for x in seen.x.split(most):
                yield self.networks.normalise(x), rows, distances
            if self.backbone is None:
                advance(len(part))

    def _seen(self, part: Shaped[Tensor, "s ..."], places: bool) -> tuple[Seen, PlaceDistances | None]:
        """What is seen of raw samples; through a backbone image by image, as each takes its time."""
        if self.backbone is None:
            return self.kind.seen(part, None), None

        def see(image: Shaped[Tensor, "1 c h w"]) -> tuple[Seen, tuple[Tensor, ...]]:
            distances = self._distances.of(image, self._image_distances) if places else ()
            return self.kind.seen(image, self.backbone), distances

        found = []
        for one in self._each(part, see):
            found.append(one)
            advance()
        seen, distances = zip(*found, strict=True)
        x, rows = (torch.cat(parts) for parts in zip(*seen, strict=True))
        of_places = PlaceDistances(*map(torch.cat, zip(*distances, strict=True))) if places else None
        return Seen(x, rows), of_places

    def _each(
        self, raw: Shaped[Tensor, "b c h w"], see: Callable[[Shaped[Tensor, "1 c h w"]], Any]
    ) -> Iterator[Any]:
        """What a function makes of each image, side by side if all are small: one of many tiles has all threads."""
        assert self.backbone is not None
        small = len(self._tiles) == 1 and math.prod(self._tiles.size) <= WORKING_SIDE**2
        if small and self.backbone.in_threads and self.networks.device.type == "cpu":
            return side_by_side(raw, see)
        return map(see, raw.split(1))

    def fit_places(self, raw: Shaped[Tensor, "n ..."], seed: int, progress: bool | None = False) -> None:
        """Fit what is known of the places of normal images, if there is a backbone that sees them."""
        if self.bank is not None:
            chosen, n_tiles = some(raw, MAX_IMAGES, seed), len(self._tiles)
            n, unit = len(chosen) * n_tiles, "image" if n_tiles == 1 else "tile"
            of_images = self._each(chosen, lambda image: list(self._places(image)))
            places: Iterator[Float[Tensor, "1 k i j"]] = iter(
                progress_bar(
                    progress,
                    iterable=chain.from_iterable(of_images),
                    total=n,
                    desc="bank of places",
                    unit=unit,
                    delay=DELAY,
                )
            )
            if self.gaussians is not None:
                places = self.gaussians.fit_passing(places, n_tiles, seed)
            self.bank.fit(places, n, seed, progress)

    @contextmanager
    def seen_once(self) -> Iterator[None]:
        """Meanwhile, what is seen of an image through the backbone is computed once, for the score and for the map."""
        if self.backbone is None:
            yield
            return
        with self.backbone.memory.kept(), self._distances.kept():
            yield

    @torch.no_grad()
    def place_distances(self, raw: Shaped[Tensor, "b c h w"]) -> Float[Tensor, "b t i j"]:
        """How far each place of each tile of raw images is from places of normal ones; with a backbone."""
        return torch.cat(list(self._each(raw, lambda x: self._distances.of(x, self._image_distances)[0])))

    @torch.no_grad()
    def _image_distances(self, image: Shaped[Tensor, "1 c h w"]) -> tuple[Tensor, ...]:
        """The fields of ``PlaceDistances``: those from the Gaussians if a term asks for them."""
        assert self.bank is not None
        nearest, deviations = [], []
        for k, places in enumerate(self._places(image)):
            nearest.append(self.bank.distances(places))
            if self.gaussians is not None:
                deviations.append(self.gaussians.distances(places, k))
        return tuple(torch.cat(found)[None] for found in (nearest, deviations) if found)

    def _places(self, image: Shaped[Tensor, "1 c h w"]) -> Iterator[Float[Tensor, "1 k i j"]]:
        assert self.backbone is not None
        return tile_places(self.backbone, image.to(self.networks.device), self._tiles)

    @property
    def _tiles(self) -> Tiles:
        assert self.kind.tiles is not None
        return self.kind.tiles
