"""Shared by the likelihood methods: networks with an exact likelihood of images, and their training."""

from __future__ import annotations

import math
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from ama.baselines.baseline_model import BaselineModel
from ama.baselines.baseline_training import BaselineTraining
from ama.baselines.glow import Glow
from ama.baselines.pixelcnn import PixelCNNPlusPlus
from ama.errors import InputError

Likelihood = Literal["pixelcnn++", "glow"]

# (blocks or steps, scales or levels) of each preset; the width is a parameter.
DEPTH = {
    ("pixelcnn++", "compact"): (1, 3),
    ("pixelcnn++", "paper"): (5, 3),
    ("glow", "compact"): (8, 3),
    ("glow", "paper"): (32, 3),
}
MAX_NORM = 100.0  # of a gradient: those of a flow's first steps may be very large


def likelihood_network(
    kind: Likelihood, shape: tuple[int, ...], width: int, depth: int, scales: int
) -> nn.Module:
    """A network with a ``log_likelihood`` of images.

    Raises
    ------
    InputError
        If it cannot take images of that shape.
    """
    try:
        if kind == "glow":
            return Glow(shape, width, depth, scales)
        return PixelCNNPlusPlus(shape, width, depth, scales)
    except ValueError as error:
        raise InputError(str(error)) from error


def network_options(kind: Likelihood, preset: str, width: int) -> dict[str, Any]:
    """Arguments of :func:`likelihood_network` besides the shape."""
    depth, scales = DEPTH[kind, preset]
    return {"kind": kind, "width": width, "depth": depth, "scales": scales}


def check_levels(dtype: torch.dtype, method: str) -> None:
    """Refuse images other than 8-bit ones.

    Raises
    ------
    InputError
        If the images are deeper.
    """
    if dtype != torch.uint8:
        raise InputError(f"{method} needs the 256 levels of 8-bit images, found values of type {dtype}")


class LikelihoodTraining(BaselineTraining):
    """Maximum likelihood of one or several networks, each on its own version of a batch.

    Parameters
    ----------
    *given
        As in :class:`ama.baselines.baseline_training.BaselineTraining`.
    networks
        Those to train, which are part of the model.
    weight_decay
        Of each network; by default 0.
    """

    def __init__(self, *given: Any, networks: list[nn.Module], weight_decay: list[float] | None = None):
        super().__init__(*given)
        # A tuple, which torch does not search for modules: these are already part of the model.
        self._trained = tuple(networks)
        self.weight_decay = weight_decay or [0.0] * len(networks)

    def configure_optimizers(self) -> Any:
        return [
            torch.optim.Adam(network.parameters(), self.rate, weight_decay=decay)
            for network, decay in zip(self._trained, self.weight_decay, strict=True)
        ]

    def step(self, x: Float[Tensor, "b c h w"], random: Generator) -> dict[str, Float[Tensor, ""]]:
        losses = {}
        for number, network in enumerate(self._trained):
            loss = self.bits(network, self.version(x, number, random), random)
            self.descend(loss, number, MAX_NORM)
            losses["bits" if number == 0 else f"bits {number}"] = loss
        return losses

    def version(self, x: Tensor, number: int, random: Generator) -> Tensor:
        """The batch as the network of that number sees it."""
        return x

    def bits(self, network: nn.Module, x: Tensor, random: Generator) -> Float[Tensor, ""]:
        """Bits per dimension."""
        if isinstance(network, Glow):
            # Not in bfloat16, which is too coarse for determinants: they are sums of many small numbers.
            noise = torch.rand(x.shape, generator=random).to(x)
            log_p = network.log_likelihood(x, noise)
        else:
            with self.autocast():
                log_p = network.log_likelihood(x)  # type: ignore[operator]
        return -log_p.mean() / (x[0].numel() * math.log(2))


class LikelihoodModel(BaselineModel):
    """One network and its likelihood."""

    chunk = 64  # PixelCNN++ has many feature maps, which then fit into the caches of a CPU: half the time
    network: nn.Module

    def build(self, kind: Likelihood, width: int, depth: int, scales: int) -> None:
        self.network = likelihood_network(kind, self.shape, width, depth, scales)

    @torch.no_grad()
    def log_likelihood(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, " b"]:
        """log p in nats."""
        return self.network.log_likelihood(x)  # type: ignore[operator]
