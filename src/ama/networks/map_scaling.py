"""Scaling of feature maps: few principal components of the channels, squashed to the range of images."""

from __future__ import annotations

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from ama.io.storable import Resizable, empty
from ama.networks.scaling import Scaling

MAX_MAPS = 500  # to which the components are fitted
NEGLIGIBLE = 1e-6  # of the largest variance: a component with less is noise that would be scaled up
LARGEST = 1 - 1e-12  # of what is restored: G may end with 1 itself
SPREAD = 2.0  # standard deviations of a component where the squashing begins


class MapScaling(Resizable, Scaling):
    r"""Each place of a map becomes :math:`\tanh(W (f - m) / (2 s)) \in (-1, 1)`, as G ends with tanh.

    W holds the first principal components of the channels, every channel in its standard deviation; m (``shift``) is
    the mean of f, and s (``scale``) the standard deviation of each component. Fewer channels than components, or
    channels that depend on one another, leave the last components 0.

    Parameters
    ----------
    n_components
        Channels of the maps that networks see.
    """

    components: Tensor

    def __init__(self, n_components: int):
        super().__init__(n_components)
        self.register_buffer("shift", empty(0))
        self.register_buffer("components", empty(n_components, 0))

    @torch.no_grad()
    def fit(self, raw: Shaped[Tensor, "n k h w"]) -> None:
        chosen = raw[:MAX_MAPS].cpu()
        mean = chosen.double().mean((0, 2, 3))
        products = [_products(part, mean) for part in chosen.split(32)]
        covariance = torch.stack(products).sum(0) / (chosen.numel() / len(mean))
        spread = covariance.diagonal().sqrt()
        spread = torch.where(spread > 0, spread, torch.ones_like(spread))
        variance, directions = torch.linalg.eigh(covariance / spread / spread[:, None])
        variance, directions = variance.flip(0)[: len(self.scale)], directions.flip(1)[:, : len(self.scale)]
        kept = int((variance > NEGLIGIBLE * variance[0]).sum())
        components = empty(len(self.scale), len(mean))
        components[:kept] = (directions / spread[:, None]).T[:kept]
        scale = torch.ones(len(self.scale), dtype=torch.float64)
        scale[:kept] = variance[:kept].sqrt()
        device = self.shift.device
        self.shift, self.components, self.scale = (t.to(device) for t in (mean, components, scale))

    def normalise(self, raw: Shaped[Tensor, "b k h w"], dtype: torch.dtype) -> Float[Tensor, "b c h w"]:
        centred = raw.to(dtype) - self.shift.to(dtype)[:, None, None]
        z = torch.einsum("ck,bkhw->bchw", self.components.to(dtype), centred)
        x = torch.tanh(z / (SPREAD * self.scale.to(dtype)[:, None, None]))
        return x.contiguous(memory_format=torch.channels_last)

    def restore(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k h w"]:
        inside = x.to(self.scale.dtype).clamp(-LARGEST, LARGEST)
        z = torch.atanh(inside) * (SPREAD * self.scale[:, None, None])
        return torch.einsum("kc,bchw->bkhw", self.components.pinverse(), z) + self.shift[:, None, None]


def _products(maps: Shaped[Tensor, "n k h w"], mean: Float[Tensor, " k"]) -> Float[Tensor, "k k"]:
    """Sum over all places of the products of centred channels."""
    centred = maps.double().transpose(0, 1).flatten(1) - mean[:, None]
    return centred @ centred.T
