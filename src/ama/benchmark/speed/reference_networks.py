"""E, G and D in plain PyTorch: the networks of :mod:`ama.benchmark.speed.reference_step`, float32 and NCHW.

Each has the layers and the state dict of its namesake in :mod:`ama.networks.image_networks`, without its optimisations.
"""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from ama.networks.image_networks import Discriminator, Encoder, Generator
from ama.networks.residual_blocks import Stem


class ReferenceEncoder(nn.Module):
    """The layers of an encoder E."""

    def __init__(self, like: Encoder):
        super().__init__()
        self.padding = like.padding
        layers: list[nn.Module] = []
        for layer in like.layers:
            if isinstance(layer, nn.Conv2d):
                layers.append(nn.Conv2d(layer.in_channels, layer.out_channels, 4, 2, 1, bias=False))
            elif isinstance(layer, nn.BatchNorm2d):
                layers.append(nn.BatchNorm2d(layer.num_features))
            else:
                layers.append(nn.LeakyReLU(0.2))
        self.layers = nn.Sequential(*layers)
        last = like.to_latent
        self.to_latent = nn.Conv2d(last.in_channels, last.out_channels, like.innermost, bias=False)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d"]:
        return self.to_latent(self.layers(F.pad(x, self.padding, mode="replicate"))).flatten(1)


class ReferenceUpBlock(nn.Module):
    """Residual block that doubles the size, then convolves."""

    def __init__(self, c_in: int, c_out: int):
        super().__init__()
        self.norm1, self.norm2 = nn.BatchNorm2d(c_in), nn.BatchNorm2d(c_out)
        self.conv1, self.conv2 = nn.Conv2d(c_in, c_out, 3, padding=1), nn.Conv2d(c_out, c_out, 3, padding=1)
        self.shortcut = nn.Conv2d(c_in, c_out, 1)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k h2 w2"]:
        h = F.interpolate(F.relu(self.norm1(x)), scale_factor=2.0)
        h = self.conv2(F.relu(self.norm2(self.conv1(h))))
        return h + self.shortcut(F.interpolate(x, scale_factor=2.0))


class ReferenceGenerator(nn.Module):
    """The layers of a generator G."""

    def __init__(self, like: Generator):
        super().__init__()
        self.inner, self.size = like.inner, (like.height, like.width)
        self.from_latent = nn.Linear(like.from_latent.in_features, like.from_latent.out_features)
        blocks: Any = like.blocks
        self.blocks = nn.Sequential(
            *(ReferenceUpBlock(block.conv1.in_channels, block.conv1.out_channels) for block in blocks)
        )
        self.norm = nn.BatchNorm2d(like.norm.num_features)
        self.to_image = nn.Conv2d(like.to_image.in_channels, like.to_image.out_channels, 3, padding=1)
        self.pixels = like.pixels

    def forward(self, z: Float[Tensor, "b d"]) -> Float[Tensor, "b c h w"]:
        h = self.blocks(self.from_latent(z).unflatten(1, (-1, *self.inner)))
        image = F.pixel_shuffle(self.to_image(F.relu(self.norm(h))), self.pixels)
        return torch.tanh(image)[:, :, : self.size[0], : self.size[1]]


class ReferenceDownBlock(nn.Module):
    """Residual block that convolves, then halves the size or keeps it."""

    def __init__(self, c_in: int, c_out: int, halve: bool, first: bool):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(c_in, c_out, 3, padding=1), nn.Conv2d(c_out, c_out, 3, padding=1)
        self.shortcut = nn.Conv2d(c_in, c_out, 1) if halve or c_in != c_out else None
        self.halve, self.first = halve, first

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k h2 w2"]:
        h = self.conv2(F.relu(self.conv1(x if self.first else F.relu(x))))
        x = x if self.shortcut is None else self.shortcut(x)
        return F.avg_pool2d(h, 2) + F.avg_pool2d(x, 2) if self.halve else h + x


class ReferenceStem(nn.Module):
    """First block without maps of full size: a convolution of stride 2, or two with a shortcut."""

    def __init__(self, c_in: int, c_out: int, twice: bool):
        super().__init__()
        self.conv1 = nn.Conv2d(c_in, c_out, 4, 2, 1)
        self.conv2 = nn.Conv2d(c_out, c_out, 4, 2, 1) if twice else None
        self.shortcut = nn.Conv2d(c_in, c_out, 1) if twice else None

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k h2 w2"]:
        h = self.conv1(x)
        if self.conv2 is None or self.shortcut is None:
            return h
        return self.conv2(F.relu(h)) + self.shortcut(F.avg_pool2d(x, 4))


def _reference_block(block: Any, first: bool) -> nn.Module:
    c_in, c_out = block.conv1.in_channels, block.conv1.out_channels
    if isinstance(block, Stem):
        return ReferenceStem(c_in, c_out, block.conv2 is not None)
    return ReferenceDownBlock(c_in, c_out, block.halve, first)


class ReferenceDiscriminator(nn.Module):
    """The layers of a discriminator D."""

    def __init__(self, like: Discriminator):
        super().__init__()
        self.mirrored = like.mirrored
        self.blocks = nn.Sequential(*(_reference_block(block, i == 0) for i, block in enumerate(like.blocks)))
        self.output = nn.Linear(like.n_features, 1, bias=False)

    def features(self, x: Float[Tensor, "b c h w"], y: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k"]:
        """The features f of Eq. 5."""
        return F.relu(self.blocks(torch.cat([x, y], 1) if self.mirrored else y)).sum((2, 3))

    def forward(self, x: Float[Tensor, "b c h w"], y: Float[Tensor, "b c h w"]) -> Float[Tensor, " b"]:
        return self.output(self.features(x, y)).squeeze(1)
