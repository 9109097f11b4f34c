"""Networks that several baselines share: DCGAN's convolutions (Radford et al. 2016) for images, fully connected layers
for rows.

As in :mod:`ama.networks.image_networks`, an image is halved until its shorter side is about 4 pixels.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from ama.networks.image_networks import innermost_size, n_halvings
from ama.scores.kinds.factory import kind_of

SLOPE = 0.2  # of every LeakyReLU here


class Down(nn.Module):
    """Base of the networks that extract the features of a sample.

    Parameters
    ----------
    layers
        The network.
    n_features
        Length of the flattened features.
    """

    def __init__(self, layers: list[nn.Module], n_features: int):
        super().__init__()
        self.layers, self.n_features = nn.Sequential(*layers), n_features

    def forward(self, x: Float[Tensor, "b ..."]) -> Float[Tensor, "b k"]:
        return self.layers(x).flatten(1)


class ImageDown(Down):
    """Stride-2 4 x 4 convolutions with LeakyReLU, the channels doubled at each, up to eight times; see :func:`down`."""

    def __init__(self, shape: tuple[int, ...], width: int, batch_norm: bool, spectral: bool, dropout: float):
        c_in, height, width_px = shape
        layers = []
        for i in range(n_halvings(height, width_px)):
            c_out = width * 2 ** min(i, 3)
            norm = nn.BatchNorm2d(c_out) if batch_norm and i else None
            layers += _hidden(nn.Conv2d(c_in, c_out, 4, stride=2, padding=1), norm, spectral, dropout)
            c_in, height, width_px = c_out, height // 2, width_px // 2
        super().__init__(layers, c_in * height * width_px)


class RowDown(Down):
    """Two hidden layers with LeakyReLU; see :func:`down`."""

    def __init__(self, shape: tuple[int, ...], width: int, batch_norm: bool, spectral: bool, dropout: float):
        layers = []
        for i, n_in in enumerate((*shape, width)):
            norm = nn.BatchNorm1d(width) if batch_norm and i else None
            layers += _hidden(nn.Linear(n_in, width), norm, spectral, dropout)
        super().__init__(layers, width)


def down(
    shape: tuple[int, ...],
    width: int,
    batch_norm: bool = True,
    spectral: bool = False,
    dropout: float = 0.0,
) -> Down:
    """A network that extracts the features of a sample.

    Parameters
    ----------
    shape
        (channels, height, width) of an image, or (columns,) of a row.
    width
        Channels after the first convolution, or units of a hidden layer.
    batch_norm
        BatchNorm after every layer but the first, as in DCGAN's discriminator.
    spectral
        Spectral normalisation of every layer.
    dropout
        Share of the features that are dropped after each layer.
    """
    kinds: dict[str, type[ImageDown | RowDown]] = {"images": ImageDown, "rows": RowDown}
    return kinds[kind_of(shape).name](shape, width, batch_norm, spectral, dropout)


def _hidden(layer: nn.Module, norm: nn.Module | None, spectral: bool, dropout: float) -> list[nn.Module]:
    """A layer, its normalisation if there is one, LeakyReLU and dropout."""
    parts = [spectral_norm(layer) if spectral else layer, norm, nn.LeakyReLU(SLOPE)]
    parts += [nn.Dropout(dropout)] if dropout else []
    return [part for part in parts if part is not None]


class Up(nn.Module):
    """Base of the networks that make a sample from a latent vector.

    Parameters
    ----------
    shape
        Of a sample.
    latent_dim
        Length of the latent vector.
    inner
        Shape of the output of the first layer, which is linear.
    layers
        The other layers.
    """

    def __init__(
        self, shape: tuple[int, ...], latent_dim: int, inner: tuple[int, ...], layers: list[nn.Module]
    ):
        super().__init__()
        self.shape, self.inner = shape, inner
        self.layers = nn.Sequential(*layers)
        self.from_latent = nn.Linear(latent_dim, math.prod(inner), bias=False)

    def forward(self, z: Float[Tensor, "b d"]) -> Float[Tensor, "b ..."]:
        return self.layers(self.from_latent(z).unflatten(1, self.inner))


class ImageUp(Up):
    """4 x 4 transposed convolutions with BatchNorm and ReLU, then tanh; see :func:`up`."""

    def __init__(self, shape: tuple[int, ...], latent_dim: int, width: int):
        channels, height, width_px = shape
        widths = [width * 2 ** min(i, 3) for i in reversed(range(n_halvings(height, width_px)))]
        layers: list[nn.Module] = []
        for c_in, c_out in pairwise(widths):
            layers += [
                nn.BatchNorm2d(c_in),
                nn.ReLU(),
                nn.ConvTranspose2d(c_in, c_out, 4, stride=2, padding=1, bias=False),
            ]
        layers += [
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.ConvTranspose2d(width, channels, 4, stride=2, padding=1),
            nn.Tanh(),
        ]
        super().__init__(shape, latent_dim, (widths[0], *innermost_size(height, width_px)), layers)

    def forward(self, z: Float[Tensor, "b d"]) -> Float[Tensor, "b c h w"]:
        h = self.from_latent(z).unflatten(1, self.inner)
        h = self.layers(h.contiguous(memory_format=torch.channels_last))
        return h[:, :, : self.shape[1], : self.shape[2]]


class RowUp(Up):
    """A hidden layer with BatchNorm and ReLU, then linear, since rows have no bounds; see :func:`up`."""

    def __init__(self, shape: tuple[int, ...], latent_dim: int, width: int):
        layers = [
            nn.BatchNorm1d(width),
            nn.ReLU(),
            nn.Linear(width, width, bias=False),
            nn.BatchNorm1d(width),
            nn.ReLU(),
            nn.Linear(width, shape[0]),
        ]
        super().__init__(shape, latent_dim, (width,), layers)


def up(shape: tuple[int, ...], latent_dim: int, width: int) -> Up:
    """A network that makes a sample from a latent vector.

    Parameters
    ----------
    shape
        (channels, height, width) of an image, or (columns,) of a row.
    latent_dim
        Length of the latent vector.
    width
        Channels before the last layer, doubled at each layer before it, up to eight times; or units of a hidden layer.
    """
    kinds: dict[str, type[ImageUp | RowUp]] = {"images": ImageUp, "rows": RowUp}
    return kinds[kind_of(shape).name](shape, latent_dim, width)


class Discriminator(nn.Module):
    """:func:`down` with one output: how real a sample looks, as a logit."""

    def __init__(self, shape: tuple[int, ...], width: int, batch_norm: bool = True):
        super().__init__()
        self.body = down(shape, width, batch_norm)
        self.output = nn.Linear(self.body.n_features, 1)

    def features(self, x: Float[Tensor, "b ..."]) -> Float[Tensor, "b k"]:
        """The last hidden layer."""
        return self.body(x)

    def forward(self, x: Float[Tensor, "b ..."]) -> Float[Tensor, " b"]:
        return self.output(self.features(x)).squeeze(1)


class Encoder(nn.Module):
    """:func:`down` with an output of ``latent_dim`` numbers."""

    def __init__(self, shape: tuple[int, ...], latent_dim: int, width: int, spectral: bool = False):
        super().__init__()
        self.body = down(shape, width, spectral=spectral)
        self.output = nn.Linear(self.body.n_features, latent_dim)

    def forward(self, x: Float[Tensor, "b ..."]) -> Float[Tensor, "b d"]:
        return self.output(self.body(x))


def initialise(module: nn.Module) -> None:
    """DCGAN's initial weights: normal with standard deviation 0.02; for ``Module.apply``."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def exact_halvings(side: int, least: int) -> int:
    """How often a side can be halved without a remainder, down to ``least``."""
    return 0 if side % 2 or side // 2 < least else 1 + exact_halvings(side // 2, least)
