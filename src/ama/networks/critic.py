"""What the discriminators of images and of rows have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from ama.networks.spectral import SpectralNorm

DIFFERENCE_FLOOR = 1e-4  # next to differences of about 0.1: a channel that never fires has a logarithm, too


class Critic(nn.Module, ABC):
    """D: feature maps of a pair, f of Eq. 5 from the last of them, and a linear output without bias.

    :meth:`weights` are the normalised weights. A caller that makes several passes with the same weights computes them
    once and passes them to each, so that the gradient of all passes goes through one normalisation.

    Attributes
    ----------
    n_features
        Length k of f.
    rotation_head
        The second head, which recognises the rotation T of a pair (T x, T x); None without this task.
    """

    n_features: int
    rotation_head: nn.Linear | None
    output: nn.Linear
    spectral: SpectralNorm | None

    @abstractmethod
    def maps(self, x: Any, y: Any, weights: Sequence[Tensor] | None = None) -> list[Any]:
        """The rectified feature maps of the pair (x, y), first to last."""

    @abstractmethod
    def pool(self, last: Any) -> Float[Tensor, "b k"]:
        """f of Eq. 5 from the last feature map."""

    @abstractmethod
    def statistics(self, same: Any, other: Any) -> Float[Tensor, "b n"]:
        """Statistics over space of a layer's maps of (x, x) and of (x, y), see :mod:`ama.scores.pair_statistics`."""

    def weights(self) -> list[Tensor]:
        """Weights of all layers in the order of their use, spectrally normalised where that is on."""
        weights = self._plain_weights()
        if self.spectral is None:
            return weights
        with torch.autocast(weights[0].device.type, enabled=False):
            return self.spectral(weights)

    def iterate(self, times: int = 1) -> None:
        """Power iterations: one is due for every update of the weights."""
        if self.spectral is not None:
            self.spectral.iterate(self._plain_weights(), times)

    def rotation_logits(self, last: Any) -> Float[Tensor, "b t"]:
        """Logits of the rotations from the last feature map's mean and maximum over space."""
        assert self.rotation_head is not None
        places = places_of(precise(last))
        with torch.autocast(places.device.type, enabled=False):
            return self.rotation_head(torch.cat([places.mean(1), places.amax(1)], 1))

    def _normalise(self, spectral: bool) -> None:
        """The last act of a constructor, when all layers are there."""
        # A tuple, as a list of modules would be registered twice.
        self._layers = tuple(m for m in self.modules() if isinstance(m, nn.Conv2d | nn.Linear))
        self.spectral = SpectralNorm(self._plain_weights()) if spectral else None

    def _plain_weights(self) -> list[Tensor]:
        return [layer.weight for layer in self._layers]

    def features(self, x: Any, y: Any, weights: Sequence[Tensor] | None = None) -> Float[Tensor, "b k"]:
        """f(x, y) of Eq. 5."""
        return self.pool(self.maps(x, y, weights)[-1])

    def forward(self, x: Any, y: Any, weights: Sequence[Tensor] | None = None) -> Float[Tensor, " b"]:
        weights = self.weights() if weights is None else weights
        return self.value(self.maps(x, y, weights)[-1], weights)

    def value(self, last: Any, weights: Sequence[Tensor]) -> Float[Tensor, " b"]:
        """D's value from the last feature map."""
        features = self.pool(last)
        # The game is about small differences of these values, which bfloat16 would round away.
        with torch.autocast(features.device.type, enabled=False):
            return F.linear(features, weights[-1]).squeeze(1)


def precise(features: Tensor) -> Tensor:
    """Features in float32 or better."""
    return features.to(torch.promote_types(features.dtype, torch.float32))


def places_of(maps: Float[Tensor, "b k h w"]) -> Float[Tensor, "b h*w k"]:
    """The features at every place, in the order in which maps with channels last lie in memory.

    A reduction over places has a gradient in the same order; that of one over (h, w) is in the order of channels first,
    and everything before it in the backward pass is slow.
    """
    return maps.movedim(1, -1).flatten(1, 2)


def split_batch(maps: Float[Tensor, "b ..."], sizes: Sequence[int]) -> list[Float[Tensor, "_ ..."]]:
    """Parts of a batch of maps, whose gradient keeps channels last, too."""
    return [part.movedim(-1, 1) for part in maps.movedim(1, -1).split(list(sizes))]
