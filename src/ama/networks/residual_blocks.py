"""Blocks of the generator and of the discriminator for images."""

from __future__ import annotations

from collections.abc import Iterator

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from ama.networks.resampling import average_and_convolve, convolve_and_halve, double_and_convolve


class UpBlock(nn.Module):
    """Residual block of G that doubles the size (Miyato et al. 2018, Table 3)."""

    def __init__(self, c_in: int, c_out: int):
        super().__init__()
        self.norm1, self.norm2 = nn.BatchNorm2d(c_in), nn.BatchNorm2d(c_out)
        self.conv1 = nn.Conv2d(c_in, c_out, 3, padding=1)
        self.conv2 = nn.Conv2d(c_out, c_out, 3, padding=1)
        self.shortcut = nn.Conv2d(c_in, c_out, 1)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k 2*h 2*w"]:
        h = F.relu(self.norm1(x), inplace=True)
        h = double_and_convolve(h, self.conv1.weight, self.conv1.bias)
        h = self.conv2(F.relu(self.norm2(h), inplace=True))
        # A 1 x 1 convolution and nearest up-sampling commute: this order costs a quarter.
        return h.add_(F.interpolate(self.shortcut(x), scale_factor=2.0))


class DownBlock(nn.Module):
    """Residual block of D, halving the size or keeping it (Miyato et al. 2018, Table 3).

    Its convolutions take the rectified map before it, its shortcut that map itself. For the first block both are the
    image, which keeps its negative values.
    """

    def __init__(self, c_in: int, c_out: int, halve: bool):
        super().__init__()
        self.conv1 = nn.Conv2d(c_in, c_out, 3, padding=1)
        self.conv2 = nn.Conv2d(c_out, c_out, 3, padding=1)
        self.shortcut = nn.Conv2d(c_in, c_out, 1) if halve or c_in != c_out else None
        self.halve = halve

    def forward(
        self, x: Float[Tensor, "b c h w"], rectified: Float[Tensor, "b c h w"], weights: Iterator[Tensor]
    ) -> Float[Tensor, "b k h2 w2"]:
        h = F.relu(F.conv2d(rectified, next(weights), self.conv1.bias, padding=1), inplace=True)
        if self.halve:
            h, x = convolve_and_halve(h, next(weights), self.conv2.bias), F.avg_pool2d(x, 2)
        else:
            h = F.conv2d(h, next(weights), self.conv2.bias, padding=1)
        if self.shortcut is not None:
            x = F.conv2d(x, next(weights), self.shortcut.bias)
        return h.add_(x)


class Stem(nn.Module):
    """First block of D without maps of the image's full size: a convolution of stride 2, or two with a shortcut.

    Parameters
    ----------
    c_in, c_out
        Channels of the pair, and of every map.
    n_halved
        How often the size is halved, 1 or 2.
    """

    def __init__(self, c_in: int, c_out: int, n_halved: int):
        super().__init__()
        self.conv1 = nn.Conv2d(c_in, c_out, 4, stride=2, padding=1)
        self.conv2 = nn.Conv2d(c_out, c_out, 4, stride=2, padding=1) if n_halved == 2 else None
        self.shortcut = nn.Conv2d(c_in, c_out, 1) if n_halved == 2 else None

    def forward(
        self, x: Float[Tensor, "b c h w"], rectified: Float[Tensor, "b c h w"], weights: Iterator[Tensor]
    ) -> Float[Tensor, "b k h2 w2"]:
        h = F.conv2d(rectified, next(weights), self.conv1.bias, stride=2, padding=1)
        if self.conv2 is None or self.shortcut is None:
            return h
        h = F.conv2d(F.relu(h, inplace=True), next(weights), self.conv2.bias, stride=2, padding=1)
        return h.add_(average_and_convolve(x, next(weights), self.shortcut.bias, 4))
