r"""Glow (Kingma & Dhariwal, "Glow: Generative Flow with Invertible 1x1 Convolutions", NeurIPS 2018): the likelihood
of an 8-bit image through an invertible map to Gaussian noise.

==================================================================  ==================================================
paper                                                               here
==================================================================  ==================================================
:math:`\log p(x) = \log p(z) + \log \lvert \det dz / dx \rvert`     :meth:`Glow.log_likelihood`
actnorm                                                             :class:`ActNorm`
invertible 1 x 1 convolution                                        :class:`Mixing`
affine coupling, last layer starting at 0                           :class:`Coupling`
squeeze, split, L levels of K steps                                 :class:`Glow`
uniform dequantisation                                              ``noise`` of :meth:`Glow.log_likelihood`
==================================================================  ==================================================

Deviations: a 1 x 1 convolution keeps its whole matrix, whose determinant is cheap at these sizes; the paper's LU
parametrisation is the same map. When scoring, every level is at the middle of its bin: scores are deterministic.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from ama.baselines.building_blocks import exact_halvings

LEVELS = 256
LEAST_SPREAD = 1e-6

Pair = tuple[Tensor, Tensor]


class ActNorm(nn.Module):
    """Shift and scale of every channel, set so that the outputs for the first batch have mean 0 and variance 1."""

    started: Tensor

    def __init__(self, channels: int):
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(1, channels, 1, 1))
        self.log_scale = nn.Parameter(torch.zeros(1, channels, 1, 1))
        self.register_buffer("started", torch.zeros((), dtype=torch.bool))

    def forward(self, x: Float[Tensor, "b c h w"]) -> Pair:
        if self.training and not self.started:
            with torch.no_grad():
                spread, mean = torch.std_mean(x, (0, 2, 3), keepdim=True, correction=0)
                self.shift.copy_(-mean)
                self.log_scale.copy_(-(spread + LEAST_SPREAD).log())
                self.started.fill_(True)
        determinant = self.log_scale.sum() * x.shape[2] * x.shape[3]
        return (x + self.shift) * self.log_scale.exp(), determinant.expand(len(x))

    def inverse(self, y: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """The x that ``forward`` maps to y."""
        return y * (-self.log_scale).exp() - self.shift


class Mixing(nn.Module):
    """The 1 x 1 convolution; its initial weights are a random rotation."""

    def __init__(self, channels: int):
        super().__init__()
        self.matrix = nn.Parameter(torch.linalg.qr(torch.randn(channels, channels))[0].contiguous())

    def forward(self, x: Float[Tensor, "b c h w"]) -> Pair:
        determinant = torch.linalg.slogdet(self.matrix)[1] * x.shape[2] * x.shape[3]
        return F.conv2d(x, self.matrix[:, :, None, None]), determinant.expand(len(x))

    def inverse(self, y: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """The x that ``forward`` maps to y."""
        return F.conv2d(y, torch.linalg.inv(self.matrix)[:, :, None, None])


class Coupling(nn.Module):
    """Half of the channels, shifted and scaled by amounts that a small network computes from the other half."""

    def __init__(self, channels: int, width: int):
        super().__init__()
        self.kept = channels // 2
        self.network = nn.Sequential(
            nn.Conv2d(self.kept, width, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, width, 1),
            nn.ReLU(),
            _zero_convolution(width, 2 * (channels - self.kept)),
        )

    def forward(self, x: Float[Tensor, "b c h w"]) -> Pair:
        kept, changed = x[:, : self.kept], x[:, self.kept :]
        shift, log_scale = self._affine(kept)
        y = (changed + shift) * log_scale.exp()
        return torch.cat([kept, y], 1), log_scale.sum((1, 2, 3))

    def inverse(self, y: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """The x that ``forward`` maps to y."""
        kept, changed = y[:, : self.kept], y[:, self.kept :]
        shift, log_scale = self._affine(kept)
        return torch.cat([kept, changed * (-log_scale).exp() - shift], 1)

    def _affine(self, kept: Tensor) -> Pair:
        shift, raw = self.network(kept).to(kept.dtype).chunk(2, 1)
        return shift, F.logsigmoid(raw + 2)


class Step(nn.Module):
    """Actnorm, 1 x 1 convolution, coupling."""

    def __init__(self, channels: int, width: int):
        super().__init__()
        self.parts = nn.ModuleList([ActNorm(channels), Mixing(channels), Coupling(channels, width)])

    def forward(self, x: Float[Tensor, "b c h w"]) -> Pair:
        total = x.new_zeros(len(x))
        for part in self.parts:
            x, determinant = part(x)
            total = total + determinant
        return x, total

    def inverse(self, y: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """The x that ``forward`` maps to y."""
        for part in reversed(self.parts):
            y = part.inverse(y)  # type: ignore[operator]
        return y


class Glow(nn.Module):
    """The flow.

    Parameters
    ----------
    shape
        (channels, height, width) of an image; both sides even.
    width
        Channels within a coupling.
    n_steps
        K: steps at each level.
    n_levels
        L: levels, at most as many as the sides can be halved.

    Raises
    ------
    ValueError
        If a side is odd.
    """

    def __init__(self, shape: tuple[int, ...], width: int = 512, n_steps: int = 32, n_levels: int = 3):
        super().__init__()
        self.shape = shape
        channels, height, width_px = shape
        if height % 2 or width_px % 2:
            raise ValueError(f"Glow is for images with even sides, found {height} x {width_px}")
        self.n_levels = min(n_levels, exact_halvings(math.gcd(height, width_px), least=2))
        self.levels, self.priors = nn.ModuleList(), nn.ModuleList()
        for level in range(self.n_levels):
            channels *= 4
            self.levels.append(nn.ModuleList([Step(channels, width) for _ in range(n_steps)]))
            if level < self.n_levels - 1:
                channels //= 2
                self.priors.append(_zero_convolution(channels, 2 * channels))
        self.last = nn.Parameter(torch.zeros(2, channels, 1, 1))

    def log_likelihood(
        self, x: Float[Tensor, "b c h w"], noise: Float[Tensor, "b c h w"] | None = None
    ) -> Float[Tensor, " b"]:
        """log p of images in [-1, 1] with 256 levels, in nats.

        Parameters
        ----------
        x
            The images.
        noise
            Uniform in [0, 1): the position of every value in its bin. None: the middle.
        """
        levels = ((x + 1) * (LEVELS - 1) / 2).round()
        y = (levels + (0.5 if noise is None else noise)) / LEVELS - 0.5
        _, log_p = self.encode(y)
        return log_p - math.log(LEVELS) * x[0].numel()

    def encode(self, y: Float[Tensor, "b c h w"]) -> tuple[list[Tensor], Float[Tensor, " b"]]:
        """The noise of continuous images, level by level, and their log density in nats."""
        total = y.new_zeros(len(y))
        found = []
        for number, steps in enumerate(self.levels):
            y = F.pixel_unshuffle(y, 2)
            for step in steps:  # type: ignore[attr-defined]
                y, determinant = step(y)
                total = total + determinant
            if number < self.n_levels - 1:
                y, out = y.chunk(2, 1)
                total = total + _log_normal(out, *self._prior(number, y))
                found.append(out)
        total = total + _log_normal(y, self.last[:1], self.last[1:])
        return [*found, y], total

    def decode(self, found: list[Tensor]) -> Float[Tensor, "b c h w"]:
        """The images that ``encode`` maps to that noise."""
        y = found[-1]
        for number in reversed(range(self.n_levels)):
            if number < self.n_levels - 1:
                y = torch.cat([y, found[number]], 1)
            for step in reversed(self.levels[number]):  # type: ignore[call-overload]
                y = step.inverse(y)
            y = F.pixel_shuffle(y, 2)
        return y

    def _prior(self, number: int, y: Tensor) -> Pair:
        mean, log_spread = self.priors[number](y).to(y.dtype).chunk(2, 1)
        return mean, log_spread


def _log_normal(x: Tensor, mean: Tensor, log_spread: Tensor) -> Float[Tensor, " b"]:
    density = -0.5 * (math.log(2 * math.pi) + 2 * log_spread + (x - mean).square() * (-2 * log_spread).exp())
    return density.sum((1, 2, 3))


def _zero_convolution(c_in: int, c_out: int) -> nn.Conv2d:
    layer = nn.Conv2d(c_in, c_out, 3, padding=1)
    nn.init.zeros_(layer.weight)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return layer
