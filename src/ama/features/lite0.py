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
normalisation             :class:`NormalisedConv`
========================  ==========================================================
"""

from __future__ import annotations

from typing import NamedTuple, cast

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_weights

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
        return self.applied(x, self.weight, None)

    def applied(
        self, x: Float[Tensor, "b c h w"], weight: Float[Tensor, "o _ k k"], bias: Float[Tensor, " o"] | None
    ) -> Float[Tensor, "b o i j"]:
        """The same convolution with other weights."""
        below, right = (self._padding(size) for size in x.shape[2:])
        if below % 2 or right % 2:
            x = F.pad(x, (right // 2, right - right // 2, below // 2, below - below // 2))
            below = right = 0
        return F.conv2d(x, weight, bias, self.stride, (below // 2, right // 2), groups=self.groups)

    def _padding(self, size: int) -> int:
        kernel, stride = self.kernel_size[0], self.stride[0]
        return max((-(-size // stride) - 1) * stride + kernel - size, 0)


class NormalisedConv(nn.Sequential):
    """Convolution, batch normalisation in evaluation mode and, mostly, ReLU6.

    The normalisation is part of the weights of the convolution: passes over the maps are most of the network's time.
    """

    weight: Tensor
    bias: Tensor

    def __init__(self, convolution: SameConv, activation: bool = True):
        super().__init__(convolution, nn.BatchNorm2d(convolution.out_channels, eps=1e-3))
        self.activated = activation
        for name in ("weight", "bias"):
            self.register_buffer(name, None, persistent=False)
        self.fold()
        self.register_load_state_dict_post_hook(_fold)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b o i j"]:
        x = cast(SameConv, self[0]).applied(x, self.weight, self.bias)
        return F.relu6(x, inplace=True) if self.activated else x

    @torch.no_grad()
    def fold(self) -> None:
        """Take over the weights and statistics of the two layers."""
        convolution, norm = cast(SameConv, self[0]), cast(nn.BatchNorm2d, self[1])
        statistics = cast(Tensor, norm.running_mean), cast(Tensor, norm.running_var), norm.eps
        folded = fuse_conv_bn_weights(convolution.weight, None, *statistics, norm.weight, norm.bias)
        self.weight, self.bias = (tensor.detach() for tensor in folded)


def _fold(module: NormalisedConv, _: object) -> None:
    module.fold()


class InvertedBottleneck(nn.Module):
    """Expand the channels, filter each one, project to fewer; added to its input where the shapes are equal."""

    def __init__(self, n_in: int, n_out: int, kernel: int, stride: int, expansion: int):
        super().__init__()
        wide = n_in * expansion
        expand = [NormalisedConv(SameConv(n_in, wide))] if expansion > 1 else []
        depthwise = NormalisedConv(SameConv(wide, wide, kernel, stride, groups=wide))
        self.layers = nn.Sequential(
            *expand, depthwise, NormalisedConv(SameConv(wide, n_out), activation=False)
        )
        self.residual = stride == 1 and n_in == n_out

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b o i j"]:
        return x + self.layers(x) if self.residual else self.layers(x)


class Lite0(nn.Module):
    """The network without its classifier, always in evaluation mode and without gradients of its weights."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = NormalisedConv(SameConv(3, STEM, 3, 2))
        stages, width = [], STEM
        for channels, kernel, stride, expansion, blocks in STAGES:
            first = InvertedBottleneck(width, channels, kernel, stride, expansion)
            others = [InvertedBottleneck(channels, channels, kernel, 1, expansion) for _ in range(blocks - 1)]
            stages.append(nn.Sequential(first, *others))
            width = channels
        self.stages = nn.ModuleList(stages)
        self.head = NormalisedConv(SameConv(width, HEAD))
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

    def stage_maps(
        self, pixels: Float[Tensor, "b 3 h w"], n: int = len(STAGES)
    ) -> tuple[Float[Tensor, "b _ _ _"], ...]:
        """The feature maps of each of the first n stages, of colour images in [0, 1]."""
        x = self.stem((pixels - MEAN) / DEVIATION)
        maps = []
        for stage in list(self.stages)[:n]:
            x = stage(x)
            maps.append(x)
        return tuple(maps)
