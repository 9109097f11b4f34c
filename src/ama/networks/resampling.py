"""Convolutions fused with the halving after them, the doubling before them, or the averaging before them.

Each pair of linear operations is a single strided convolution: the same function, without the map in between. A 3 x 3
convolution with a halving or a doubling becomes one with a 4 x 4 kernel, at 16 products per place instead of 36.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F


def convolve_and_halve(
    x: Float[Tensor, "b c h w"], kernel: Float[Tensor, "k c 3 3"], bias: Float[Tensor, " k"] | None
) -> Float[Tensor, "b k h2 w2"]:
    """``avg_pool2d(conv2d(x, kernel, bias, padding=1), 2)``."""
    return F.conv2d(x, _spread(kernel), bias, stride=2, padding=1)


def double_and_convolve(
    x: Float[Tensor, "b c h w"], kernel: Float[Tensor, "k c 3 3"], bias: Float[Tensor, " k"] | None
) -> Float[Tensor, "b k 2*h 2*w"]:
    """``conv2d(interpolate(x, scale_factor=2), kernel, bias, padding=1)``, of the nearest neighbours."""
    transposed = kernel.flip(2, 3).transpose(0, 1)
    return F.conv_transpose2d(x, 4 * _spread(transposed), bias, stride=2, padding=1)


def average_and_convolve(
    x: Float[Tensor, "b c h w"], kernel: Float[Tensor, "k c 1 1"], bias: Float[Tensor, " k"] | None, size: int
) -> Float[Tensor, "b k h2 w2"]:
    """``conv2d(avg_pool2d(x, size), kernel, bias)``."""
    return F.conv2d(x, (kernel / size**2).expand(-1, -1, size, size), bias, stride=size)


def _spread(kernel: Float[Tensor, "k c 3 3"]) -> Float[Tensor, "k c 4 4"]:
    """The kernel averaged over the four places of a 2 x 2 block."""
    # Without divisor_override, which torch's ONNX exporter ignores in silence.
    return F.avg_pool2d(kernel, 2, stride=1, padding=1)
