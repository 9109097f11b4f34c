"""The three networks for images of 8 to 256 pixels a side (32 x 32 is the paper's own size).

One number fixes the shape of all three: how often the shorter side can be halved until it is about
4 pixels, ``n_halvings``. It is 1 at 8 pixels, 3 at 32 and 6 at 256. At 32 x 32 with the default widths
the networks are the paper's. Other sizes keep the pattern:

- the longer side is halved as often as the shorter, so a 32 x 64 image has a 4 x 8 innermost map;
- a side that 2**n_halvings does not divide is padded by its own edge pixels on the right and bottom
  before E, and G's output is cut back to the image's size; D needs neither.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from ama.networks.critic import DIFFERENCE_FLOOR, Critic, places_of, precise
from ama.networks.folding import fused
from ama.networks.residual_blocks import DownBlock, Stem, UpBlock
from ama.networks.rotations import n_rotations

MIN_SIDE, MAX_SIDE = 8, 256


def check_sides(height: int, width: int) -> None:
    """Refuse an image that the networks do not take.

    Raises
    ------
    ValueError
        If a side is outside 8 to 256 pixels.
    """
    if not (MIN_SIDE <= height <= MAX_SIDE and MIN_SIDE <= width <= MAX_SIDE):
        raise ValueError(
            f"images must be {MIN_SIDE} to {MAX_SIDE} pixels a side, found {height} x {width} (height x width); "
            "image_size=... resizes them"
        )


def n_halvings(height: int, width: int) -> int:
    """How often an image is halved until its shorter side is about 4 pixels; see :func:`check_sides`."""
    check_sides(height, width)
    return max(1, round(math.log2(min(height, width) / 4)))


def innermost_size(height: int, width: int) -> tuple[int, int]:
    """Height and width of the smallest map: that of E before its last layer and of G after its first."""
    step = 2 ** n_halvings(height, width)
    return math.ceil(height / step), math.ceil(width / step)


def edge_padding(height: int, width: int) -> tuple[int, int, int, int]:
    """Pixels to add on the left, right, top and bottom, so that both sides can be halved without a remainder."""
    step = 2 ** n_halvings(height, width)
    return 0, -width % step, 0, -height % step


class Encoder(nn.Module):
    """E: stride-2 4 x 4 convolutions with BatchNorm and LeakyReLU(0.2), then one to the latent; no biases.

    Parameters
    ----------
    shape
        (channels, height, width) of an image.
    latent_dim
        Dimension d of the code.
    width
        Channels after the first convolution; doubled at each of the next, up to eight times.
        The paper's 32 x 32 network has 64-128-256.
    """

    def __init__(self, shape: tuple[int, int, int], latent_dim: int = 128, width: int = 64):
        super().__init__()
        channels, height, width_px = shape
        halvings = n_halvings(height, width_px)
        inner = self.innermost = innermost_size(height, width_px)
        self.padding = edge_padding(height, width_px)
        layers: list[nn.Module] = []
        for i in range(halvings):
            out = width * 2 ** min(i, 3)
            layers += [
                nn.Conv2d(channels, out, 4, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(out),
                nn.LeakyReLU(0.2, inplace=True),
            ]
            channels = out
        self.layers = nn.Sequential(*layers)
        # A convolution as large as the map (4 x 4 at the paper's size).
        self.to_latent = nn.Conv2d(channels, latent_dim, inner, bias=False)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d"]:
        if any(self.padding):
            x = F.pad(x, self.padding, mode="replicate")
        # The same as self.to_latent(h), which has a single place to look at: a product of matrices is faster there.
        h, kernel = (maps.movedim(1, -1).flatten(1) for maps in (self.layers(x), self.to_latent.weight))
        return F.linear(h, kernel)

    def fold(self) -> None:
        """Fold every BatchNorm into the convolution before it; for evaluation mode alone."""
        self.layers = fused(self.layers)


class Generator(nn.Module):
    """G: linear to the innermost map, up-sampling residual blocks with BatchNorm and ReLU, tanh.

    Parameters
    ----------
    shape
        (channels, height, width) of an image.
    latent_dim
        Dimension d of the code.
    width
        Channels of the blocks up to 32 pixels (256 in the paper); halved at each doubling beyond,
        as memory there grows fourfold.
    full_resolution
        Whether the last block doubles the size, too. If False, the last convolution takes its place and makes the four
        pixels of each 2 x 2 block at once (Shi et al. 2016).
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        latent_dim: int = 128,
        width: int = 256,
        full_resolution: bool = True,
    ):
        super().__init__()
        channels, self.height, self.width = shape
        self.inner = innermost_size(self.height, self.width)
        self.from_latent = nn.Linear(latent_dim, width * self.inner[0] * self.inner[1])
        self.pixels = 1 if full_resolution else 2
        blocks, c_in = [], width
        for i in range(n_halvings(self.height, self.width) - (not full_resolution)):
            c_out = max(8, width // 2 ** max(0, i - 2))
            blocks.append(UpBlock(c_in, c_out))
            c_in = c_out
        self.blocks = nn.Sequential(*blocks)
        self.norm = nn.BatchNorm2d(c_in)
        self.to_image = nn.Conv2d(c_in, channels * self.pixels**2, 3, padding=1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, z: Float[Tensor, "b d"]) -> Float[Tensor, "b c h w"]:
        h = self.from_latent(z).unflatten(1, (-1, *self.inner))
        h = h.contiguous(memory_format=torch.channels_last)
        h = self.to_image(F.relu(self.norm(self.blocks(h)), inplace=True))
        if self.pixels > 1:
            h = F.pixel_shuffle(h, self.pixels)
        return torch.tanh(h)[:, :, : self.height, : self.width]

    def fold(self) -> None:
        """Fold the second BatchNorm of every block into its convolution; one that follows a sum stays."""
        for block in self.blocks:
            assert isinstance(block, UpBlock)
            block.conv1, block.norm2 = fuse_conv_bn_eval(block.conv1, block.norm2), nn.Identity()  # type: ignore


class Discriminator(Critic):
    """D: residual blocks on the stacked pair, ReLU, sum over space (f of Eq. 5), linear without bias.

    The paper's 32 x 32 network has four blocks of 128 channels of which the first two halve the size.
    In general there is one block more than halvings, and all but the last two halve (at 8 pixels, the first).
    A stem that halves twice takes the place of the first two halvings where ``full_resolution`` is False.

    Parameters
    ----------
    shape
        (channels, height, width) of one image; D sees ``2 * channels``.
    width
        Channels of every block.
    mirrored
        Pairs (x, y). If False (the ablation "without mirroring"), D sees y alone.
    spectral
        Spectral normalisation of every layer.
    rotation_head
        Whether D has a second head, which is not normalised, for :mod:`ama.networks.rotations`.
    full_resolution
        Whether the first block has maps of the image's full size; if False it is a :class:`Stem`.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        width: int = 128,
        mirrored: bool = True,
        spectral: bool = True,
        rotation_head: bool = False,
        full_resolution: bool = True,
    ):
        super().__init__()
        channels, height, width_px = shape
        halvings = n_halvings(height, width_px)
        self.mirrored, self.n_features, self.full_resolution = mirrored, width, full_resolution
        n_halve = max(1, halvings - 1)
        c_in = 2 * channels if mirrored else channels
        n_halved = 1 if full_resolution else min(2, n_halve)
        first = DownBlock(c_in, width, True) if full_resolution else Stem(c_in, width, n_halved)
        halving = [i < n_halve - n_halved for i in range(halvings)]
        self.blocks = nn.ModuleList([first, *(DownBlock(width, width, halve) for halve in halving)])
        self.output = nn.Linear(width, 1, bias=False)
        self._normalise(spectral)
        self.rotation_head = nn.Linear(2 * width, n_rotations(*shape[1:])) if rotation_head else None

    def maps(
        self,
        x: Float[Tensor, "b c h w"],
        y: Float[Tensor, "b c h w"],
        weights: Sequence[Tensor] | None = None,
    ) -> list[Float[Tensor, "b k h2 w2"]]:
        """The feature maps of the pair (x, y) after each block, rectified."""
        if not self.full_resolution and torch.is_autocast_enabled(x.device.type):
            # Once, and before the copy, rather than in both layers of the stem.
            x, y = (image.to(torch.get_autocast_dtype(x.device.type)) for image in (x, y))
        h = rectified = torch.cat([x, y], dim=1) if self.mirrored else y
        remaining = iter(self.weights() if weights is None else weights)
        maps = []
        for block in self.blocks:
            h = block(h, rectified, remaining)
            rectified = F.relu(h)
            maps.append(rectified)
        return maps

    def pool(self, last: Float[Tensor, "b k h w"]) -> Float[Tensor, "b k"]:
        """The last feature map, summed over space in float32 or better."""
        return places_of(last).sum(1, dtype=torch.promote_types(last.dtype, torch.float32))

    def statistics(
        self, same: Float[Tensor, "b k h w"], other: Float[Tensor, "b k h w"]
    ) -> Float[Tensor, "b 3*k"]:
        """Per channel: the logarithm of the mean absolute difference, and mean and spread of the maps of (x, x)."""
        same, other = precise(same), precise(other)
        difference = (same - other).abs().mean((2, 3))
        spread, mean = torch.std_mean(same, (2, 3), correction=0)
        return torch.cat([(difference + DIFFERENCE_FLOOR).log(), mean, spread], 1)
