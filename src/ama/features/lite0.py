"""EfficientNet-Lite0: a small network pre-trained on ImageNet, frozen.

Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML 2019; the Lite variants
leave out squeeze-and-excitation and replace the swish by ReLU6. Names of timm's ``tf_efficientnet_lite0``:

========================  ==========================================================
paper, TensorFlow's code  here
========================  ==========================================================
stem                      ``Lite0.stem``: 3 x 3, stride 2, 32 channels
MBConv                    :class:`InvertedBottleneck`: expand, depthwise, project
stages                    ``Lite0.stages``: the rows of ``STAGES``
head, pooling             ``Lite0.head``: 1 x 1, 1,280 channels, and the mean over the map
padding "same"            :class:`SameConv`
========================  ==========================================================
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn
from torch.nn import functional as F

SIZE = 224  # pixels of the images that it was trained on
MEAN, DEVIATION = 127 / 255, 128 / 255  # of pixels in [0, 1], in all channels
STEM, HEAD = 32, 1280  # channels


class Stage(NamedTuple):
    """A stage of equal blocks, of which the first may reduce the resolution."""

    channels: int
    kernel: int
    stride: int
    expansion: int
    blocks: int


STAGES = (
    Stage(16, 3, 1, 1, 1),
    Stage(24, 3, 2, 6, 2),
    Stage(40, 5, 2, 6, 2),
    Stage(80, 3, 2, 6, 3),
    Stage(112, 5, 1, 6, 3),
    Stage(192, 5, 2, 6, 4),
    Stage(320, 3, 1, 6, 1),
)


class Features(NamedTuple):
    """What the network makes of images."""

    maps: tuple[Float[Tensor, "b _ _ _"], ...]  # of each stage, at strides 2, 4, 8, 16, 16, 32, 32
    pooled: Float[Tensor, "b 1280"]


class SameConv(nn.Conv2d):
    """Convolution without bias and with TensorFlow's padding "same".

    The result has ceil(size / stride) pixels a side. An odd padding has its additional pixel at the right and below.
    """

    def __init__(self, n_in: int, n_out: int, kernel: int = 1, stride: int = 1, groups: int = 1):
        super().__init__(n_in, n_out, kernel, stride, groups=groups, bias=False)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b o i j"]:
        below, right = (self._padding(size) for size in x.shape[2:])
        x = F.pad(x, (right // 2, right - right // 2, below // 2, below - below // 2))
        return super().forward(x)

    def _padding(self, size: int) -> int:
        kernel, stride = self.kernel_size[0], self.stride[0]
        return max((-(-size // stride) - 1) * stride + kernel - size, 0)


def _normalised(convolution: SameConv, activation: bool = True) -> nn.Sequential:
    layers = [convolution, nn.BatchNorm2d(convolution.out_channels, eps=1e-3)]
    return nn.Sequential(*layers, *([nn.ReLU6()] if activation else []))


class InvertedBottleneck(nn.Module):
    """Expand the channels, filter each one, project to fewer; added to its input where the shapes are equal."""

    def __init__(self, n_in: int, n_out: int, kernel: int, stride: int, expansion: int):
        super().__init__()
        wide = n_in * expansion
        expand = [_normalised(SameConv(n_in, wide))] if expansion > 1 else []
        depthwise = _normalised(SameConv(wide, wide, kernel, stride, groups=wide))
        self.layers = nn.Sequential(*expand, depthwise, _normalised(SameConv(wide, n_out), activation=False))
        self.residual = stride == 1 and n_in == n_out

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b o i j"]:
        return x + self.layers(x) if self.residual else self.layers(x)


class Lite0(nn.Module):
    """The network without its classifier, always in evaluation mode and without gradients of its weights."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = _normalised(SameConv(3, STEM, 3, 2))
        stages, width = [], STEM
        for channels, kernel, stride, expansion, blocks in STAGES:
            first = InvertedBottleneck(width, channels, kernel, stride, expansion)
            others = [InvertedBottleneck(channels, channels, kernel, 1, expansion) for _ in range(blocks - 1)]
            stages.append(nn.Sequential(first, *others))
            width = channels
        self.stages = nn.ModuleList(stages)
        self.head = _normalised(SameConv(width, HEAD))
        self.requires_grad_(False).eval()

    def train(self, mode: bool = True) -> Lite0:
        """Stay in evaluation mode, whatever the network around it does."""
        return super().train(False)

    def forward(self, images: Shaped[Tensor, "b 3 h w"]) -> Features:
        """Feature maps and pooled features.

        Parameters
        ----------
        images
            Colour images (b, 3, h, w), 8-bit or float in [0, 1], of any size; trained on 224 x 224 pixels.
        """
        pixels = images / 255 if images.dtype == torch.uint8 else images
        maps = self.stage_maps(pixels)
        return Features(maps, self.head(maps[-1]).mean((2, 3)))

    def stage_maps(self, pixels: Float[Tensor, "b 3 h w"]) -> tuple[Float[Tensor, "b _ _ _"], ...]:
        """The feature maps of each stage, of colour images in [0, 1]."""
        x = self.stem((pixels - MEAN) / DEVIATION)
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        return tuple(maps)
