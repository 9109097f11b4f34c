"""The building blocks that several baselines share: DCGAN's convolutions (Radford et al. 2016) for images, and fully
connected layers for rows.

As in :mod:`ama.networks.image_networks`, an image's shorter side is halved until it is about 4 pixels.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from ama.networks.image_networks import innermost_size, n_halvings

SLOPE = 0.2  # of every LeakyReLU here


class Down(nn.Module):
    """Features of a sample: stride-2 4 x 4 convolutions with LeakyReLU, channels doubled; two hidden layers for rows.

    Parameters
    ----------
    shape
        (channels, height, width) of an image, or (columns,) of a row.
    width
        Channels after the first convolution, or units of a hidden layer.
    batch_norm
        After every layer but the first, as DCGAN's discriminator has it.
    spectral
        Spectral normalisation of every layer.
    dropout
        Share of the features that a training step leaves out after each layer.

    Attributes
    ----------
    n_features : int
        Length of the flattened features.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        width: int,
        batch_norm: bool = True,
        spectral: bool = False,
        dropout: float = 0.0,
    ):
        super().__init__()
        constrained: Callable[[nn.Module], nn.Module] = spectral_norm if spectral else _same
        layers: list[nn.Module] = []
        if len(shape) == 1:
            c_in = shape[0]
            for i in range(2):
                layers.append(constrained(nn.Linear(c_in, width)))
                layers += [nn.BatchNorm1d(width)] if batch_norm and i else []
                layers += [nn.LeakyReLU(SLOPE), *([nn.Dropout(dropout)] if dropout else [])]
                c_in = width
            self.n_features = width
        else:
            c_in, height, width_px = shape
            for i in range(n_halvings(height, width_px)):
                c_out = width * 2 ** min(i, 3)
                layers.append(constrained(nn.Conv2d(c_in, c_out, 4, stride=2, padding=1)))
                layers += [nn.BatchNorm2d(c_out)] if batch_norm and i else []
                layers += [nn.LeakyReLU(SLOPE), *([nn.Dropout(dropout)] if dropout else [])]
                c_in, height, width_px = c_out, height // 2, width_px // 2
            self.n_features = c_in * height * width_px
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Float[Tensor, "b ..."]) -> Float[Tensor, "b k"]:
        return self.layers(x).flatten(1)


class Up(nn.Module):
    """A sample from a latent vector: linear, then 4 x 4 transposed convolutions with BatchNorm and ReLU, then tanh.

    Rows, which have no bounds, end without it.

    Parameters
    ----------
    shape
        (channels, height, width) of an image, or (columns,) of a row.
    latent_dim
        Length of the latent vector.
    width
        Channels before the last layer; twice as many before each layer before, up to eight times.
    """

    def __init__(self, shape: tuple[int, ...], latent_dim: int, width: int):
        super().__init__()
        self.shape = shape
        if len(shape) == 1:
            self.inner: tuple[int, ...] = (width,)
            self.layers = nn.Sequential(
                nn.BatchNorm1d(width),
                nn.ReLU(),
                nn.Linear(width, width, bias=False),
                nn.BatchNorm1d(width),
                nn.ReLU(),
                nn.Linear(width, shape[0]),
            )
        else:
            halvings = n_halvings(*shape[1:])
            channels = [width * 2 ** min(i, 3) for i in reversed(range(halvings))]
            self.inner = (channels[0], *innermost_size(*shape[1:]))
            layers: list[nn.Module] = []
            for c_in, c_out in pairwise(channels):
                layers += [
                    nn.BatchNorm2d(c_in),
                    nn.ReLU(),
                    nn.ConvTranspose2d(c_in, c_out, 4, stride=2, padding=1, bias=False),
                ]
            layers += [
                nn.BatchNorm2d(width),
                nn.ReLU(),
                nn.ConvTranspose2d(width, shape[0], 4, stride=2, padding=1),
                nn.Tanh(),
            ]
            self.layers = nn.Sequential(*layers)
        self.from_latent = nn.Linear(latent_dim, math.prod(self.inner), bias=False)

    def forward(self, z: Float[Tensor, "b d"]) -> Float[Tensor, "b ..."]:
        h = self.from_latent(z).unflatten(1, self.inner)
        if len(self.shape) == 1:
            return self.layers(h)
        h = self.layers(h.contiguous(memory_format=torch.channels_last))
        return h[:, :, : self.shape[1], : self.shape[2]]


class Discriminator(nn.Module):
    """:class:`Down` with one output: how real a sample looks, as a logit."""

    def __init__(self, shape: tuple[int, ...], width: int, batch_norm: bool = True, spectral: bool = False):
        super().__init__()
        self.body = Down(shape, width, batch_norm, spectral)
        self.output = nn.Linear(self.body.n_features, 1)

    def features(self, x: Float[Tensor, "b ..."]) -> Float[Tensor, "b k"]:
        """The last hidden layer."""
        return self.body(x)

    def forward(self, x: Float[Tensor, "b ..."]) -> Float[Tensor, " b"]:
        return self.output(self.features(x)).squeeze(1)


class Encoder(nn.Module):
    """:class:`Down` with an output of ``latent_dim`` numbers."""

    def __init__(self, shape: tuple[int, ...], latent_dim: int, width: int, spectral: bool = False):
        super().__init__()
        self.body = Down(shape, width, spectral=spectral)
        self.output = nn.Linear(self.body.n_features, latent_dim)

    def forward(self, x: Float[Tensor, "b ..."]) -> Float[Tensor, "b d"]:
        return self.output(self.body(x))


def initialise(module: nn.Module) -> None:
    """DCGAN's initial weights: normal with standard deviation 0.02; use with ``apply``."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def _same(module: nn.Module) -> nn.Module:
    return module
