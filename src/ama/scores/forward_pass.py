"""What the networks make of a chunk of samples, computed as far as the terms of a score ask for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor

from ama.networks.networks import Networks
from ama.networks.rotations import rotated

T = TypeVar("T")


class PlaceDistances(NamedTuple):
    """How unusual the places of each tile of images are, from one pass of the backbone."""

    nearest: Float[Tensor, "b t i j"]  # distances from places of normal images
    deviations: Float[Tensor, "b t p q"] | None = None  # from the Gaussian of each place, if there are any


class ForwardPass:
    """Lazy results of the networks for normalised samples; each is computed once, when it is first asked for.

    Parameters
    ----------
    x
        Normalised samples (b, ...).
    networks
        In evaluation mode.
    weights
        The weights of D in use, ``networks.discriminator.weights()``.
    bfloat16
        Whether convolutions run in bfloat16.
    distances
        Those of the places of the same samples, if they are images seen through a backbone and a term looks at places.
    rows
        The same samples as rows of features, normalised; None if ``x`` is all that is seen of them.
    """

    def __init__(
        self,
        x: Float[Tensor, "b ..."],
        networks: Networks,
        weights: Sequence[Tensor],
        bfloat16: bool = False,
        distances: PlaceDistances | None = None,
        rows: Float[Tensor, "b n"] | None = None,
    ):
        self.x, self.networks, self.weights, self.bfloat16 = x, networks, weights, bfloat16
        self._distances, self._rows = distances, rows
        self._known: dict[Callable[[ForwardPass], Any], Any] = {}

    def get(self, quantity: Callable[[ForwardPass], T]) -> T:
        """A function of this forward pass, computed once however many terms ask for it."""
        if quantity not in self._known:
            with self.autocast():
                self._known[quantity] = quantity(self)
        return self._known[quantity]

    def autocast(self) -> torch.autocast:
        """Where convolutions may run in bfloat16."""
        return torch.autocast(self.x.device.type, torch.bfloat16, enabled=self.bfloat16)

    def maps(self, x: Float[Tensor, "b ..."], y: Float[Tensor, "b ..."]) -> list[Any]:
        """D's feature maps of the pairs (x, y), layer by layer."""
        with self.autocast():
            return self.networks.discriminator.maps(x, y, self.weights)

    @property
    def rows(self) -> Float[Tensor, "b n"]:
        """The samples as rows, which can be compared number by number."""
        return self.x.flatten(1) if self._rows is None else self._rows

    @cached_property
    def code(self) -> Float[Tensor, "b d"]:
        """E(x)."""
        with self.autocast():
            return self.networks.encoder(self.x)

    @cached_property
    def reconstruction(self) -> Float[Tensor, "b ..."]:
        """G(E(x))."""
        with self.autocast():
            return self.networks.generator(self.code)

    @cached_property
    def same(self) -> list[Any]:
        """D's feature maps of (x, x), layer by layer."""
        return self.maps(self.x, self.x)

    @cached_property
    def others(self) -> list[Any]:
        """D's feature maps of (x, G(E(x))), layer by layer."""
        return self.maps(self.x, self.reconstruction)

    @property
    def place_distances(self) -> Float[Tensor, "b t i j"]:
        """The distance of each place of each tile from places of normal images."""
        assert self._distances is not None
        return self._distances.nearest

    @property
    def place_deviations(self) -> Float[Tensor, "b t p q"]:
        """The Mahalanobis distance of each place of each tile from what is normal at that place."""
        assert self._distances is not None
        assert self._distances.deviations is not None
        return self._distances.deviations

    @cached_property
    def rotations(self) -> list[list[Any]]:
        """D's feature maps of (T x, T x) for every rotation T of an image; the first is :attr:`same`."""
        return [self.same, *(self.maps(y, y) for y in rotated(self.x)[1:])]
