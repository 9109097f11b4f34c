r"""PixelCNN++ (Salimans et al., "PixelCNN++: Improving the PixelCNN with Discretized Logistic Mixture Likelihood and
Other Modifications", ICLR 2017): the exact likelihood of an 8-bit image, pixel by pixel.

=============================================================================  ====================================
paper                                                                          here
=============================================================================  ====================================
vertical stack: convolutions over the rows above                               :class:`_Downward`
horizontal stack: over the rows above and the pixels to the left               :class:`_DownRightward`
gated residual block with ``concat_elu``                                       :class:`_Gated`
down- and up-sampling with short-cuts, 3 scales of 5 blocks of 160 channels    ``n_scales``, ``n_blocks``, ``width``
:math:`P(x) = \sum_i \pi_i [\sigma((x + 1/255 - \mu_i) / s_i)
- \sigma((x - 1/255 - \mu_i) / s_i)]`                                          :func:`mixture_log_likelihood`
:math:`\mu_G = \mu_g + a r, \mu_B = \mu_b + b r + c g`                         its coefficients
=============================================================================  ====================================

Deviations: no weight normalisation, and no dropout by default; the difference of two sigmoids of a bin is computed as
:math:`\sigma(u) \sigma(-v) (1 - e^{v - u})`, which needs no case distinction and does not underflow.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from ama.baselines.building_blocks import exact_halvings

HALF_BIN = 1 / 255  # of 256 levels in [-1, 1]
LEAST_LOG_SCALE = -7.0


class _Downward(nn.Module):
    """A convolution that at each pixel sees its own row and those above, half a kernel to either side."""

    def __init__(self, c_in: int, c_out: int, kernel: tuple[int, int] = (2, 3), stride: int = 1):
        super().__init__()
        height, width = kernel
        self.padding = ((width - 1) // 2, (width - 1) // 2, height - 1, 0)
        self.conv = nn.Conv2d(c_in, c_out, kernel, stride)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k h2 w2"]:
        return self.conv(F.pad(x, self.padding))


class _DownRightward(nn.Module):
    """A convolution that at each pixel sees it, pixels to its left, and the same columns of the rows above."""

    def __init__(self, c_in: int, c_out: int, kernel: tuple[int, int] = (2, 2), stride: int = 1):
        super().__init__()
        height, width = kernel
        self.padding = (width - 1, 0, height - 1, 0)
        self.conv = nn.Conv2d(c_in, c_out, kernel, stride)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k h2 w2"]:
        return self.conv(F.pad(x, self.padding))


class _UpDownward(nn.Module):
    """Up-sampling with the receptive field of :class:`_Downward`."""

    def __init__(self, width: int):
        super().__init__()
        self.conv = nn.ConvTranspose2d(width, width, (2, 3), 2)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c 2*h 2*w"]:
        # The kernel of 3 adds a column on the left.
        return self.conv(x)[:, :, :, 1:]


class _UpDownRightward(nn.Module):
    """Up-sampling with the receptive field of :class:`_DownRightward`."""

    def __init__(self, width: int):
        super().__init__()
        self.conv = nn.ConvTranspose2d(width, width, 2, 2)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c 2*h 2*w"]:
        return self.conv(x)


class _Gated(nn.Module):
    """A residual block with a gated output; ``beside`` is the number of channels of another stream at each pixel."""

    def __init__(self, width: int, kind: type[_Downward] | type[_DownRightward], beside: int, dropout: float):
        super().__init__()
        self.first, self.second = kind(2 * width, width), kind(2 * width, 2 * width)
        self.beside = nn.Conv2d(2 * beside, width, 1) if beside else None
        self.dropout = nn.Dropout2d(dropout)

    def forward(
        self, x: Float[Tensor, "b c h w"], other: Float[Tensor, "b k h w"] | None = None
    ) -> Float[Tensor, "b c h w"]:
        h = self.first(concat_elu(x))
        if self.beside is not None and other is not None:
            h = h + self.beside(concat_elu(other))
        value, gate = self.second(self.dropout(concat_elu(h))).chunk(2, 1)
        return x + value * gate.sigmoid()


class PixelCNNPlusPlus(nn.Module):
    """The network: parameters of a mixture of logistic distributions for every pixel, from the pixels before it.

    Parameters
    ----------
    shape
        (channels, height, width) of an image: one channel or three.
    width
        Channels of every layer.
    n_blocks
        Gated blocks at each scale, down and up.
    n_scales
        Scales, each of half the size of the one before; at most as many as the sides can be halved.
    n_mixture
        Components of the mixture.
    dropout
        Share of the channels that are dropped in each block during training.

    Raises
    ------
    ValueError
        If the images have neither one channel nor three.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        width: int = 160,
        n_blocks: int = 5,
        n_scales: int = 3,
        n_mixture: int = 10,
        dropout: float = 0.0,
    ):
        super().__init__()
        channels = shape[0]
        if channels not in (1, 3):
            raise ValueError(f"PixelCNN++ is for images of 1 or 3 channels, found {channels}")
        self.channels, self.n_mixture = channels, n_mixture
        self.n_blocks = n_blocks
        self.n_scales = min(n_scales, 1 + exact_halvings(math.gcd(*shape[1:]), least=4))
        # A further channel of ones distinguishes the image from its padding.
        self.above = _Downward(channels + 1, width)
        self.over = _Downward(channels + 1, width, (1, 3))
        self.left = _DownRightward(channels + 1, width, (2, 1))
        self.down_u, self.down_ul = nn.ModuleList(), nn.ModuleList()
        self.up_u, self.up_ul = nn.ModuleList(), nn.ModuleList()
        self.halve_u, self.halve_ul = nn.ModuleList(), nn.ModuleList()
        self.double_u, self.double_ul = nn.ModuleList(), nn.ModuleList()
        for scale in range(self.n_scales):
            for _ in range(n_blocks):
                self.down_u.append(_Gated(width, _Downward, 0, dropout))
                self.down_ul.append(_Gated(width, _DownRightward, width, dropout))
            # The way up starts from the last maps of the last scale.
            for _ in range(n_blocks + (scale > 0)):
                self.up_u.append(_Gated(width, _Downward, width, dropout))
                self.up_ul.append(_Gated(width, _DownRightward, 2 * width, dropout))
            if scale:
                self.halve_u.append(_Downward(width, width, stride=2))
                self.halve_ul.append(_DownRightward(width, width, stride=2))
                self.double_u.append(_UpDownward(width))
                self.double_ul.append(_UpDownRightward(width))
        per_logistic = 3 if channels == 1 else 10
        self.output = nn.Conv2d(width, n_mixture * per_logistic, 1)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k h w"]:
        """Parameters of the mixture at every pixel of images in [-1, 1]."""
        x = torch.cat([x, torch.ones_like(x[:, :1])], 1)
        u = [_shifted_down(self.above(x))]
        ul = [_shifted_down(self.over(x)) + _shifted_right(self.left(x))]
        blocks = iter(zip(self.down_u, self.down_ul, strict=True))
        for scale in range(self.n_scales):
            if scale:
                u.append(self.halve_u[scale - 1](u[-1]))
                ul.append(self.halve_ul[scale - 1](ul[-1]))
            for _ in range(self.n_blocks):
                block_u, block_ul = next(blocks)
                u.append(block_u(u[-1]))
                ul.append(block_ul(ul[-1], u[-1]))
        now_u, now_ul = u.pop(), ul.pop()
        blocks = iter(zip(self.up_u, self.up_ul, strict=True))
        for scale in range(self.n_scales):
            if scale:
                now_u, now_ul = self.double_u[scale - 1](now_u), self.double_ul[scale - 1](now_ul)
            for _ in range(self.n_blocks + (scale > 0)):
                block_u, block_ul = next(blocks)
                now_u = block_u(now_u, u.pop())
                now_ul = block_ul(now_ul, torch.cat([now_u, ul.pop()], 1))
        return self.output(F.elu(now_ul))

    def log_likelihood(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, " b"]:
        """log p of images in [-1, 1] with 256 levels, in nats."""
        parameters = self(x)
        with torch.autocast(x.device.type, enabled=False):
            return mixture_log_likelihood(x.float(), parameters.float(), self.n_mixture)


def mixture_log_likelihood(
    x: Float[Tensor, "b c h w"], parameters: Float[Tensor, "b k h w"], n_mixture: int
) -> Float[Tensor, " b"]:
    """log p of every image under the mixtures of discretised logistic distributions of its pixels, in nats.

    Parameters
    ----------
    x
        In [-1, 1], 256 levels; one channel, or three of which each depends on those before it.
    parameters
        Per pixel: the logits of the mixture; means and log scales of each channel; three coefficients for colours.
    n_mixture
        Components of the mixture.
    """
    b, c, height, width = x.shape
    logits, rest = parameters[:, :n_mixture], parameters[:, n_mixture:]
    rest = rest.view(b, -1, n_mixture, height, width)
    means, log_scales = rest[:, :c], rest[:, c : 2 * c].clamp(min=LEAST_LOG_SCALE)
    values = x[:, :, None]
    if c == 3:
        coefficients = rest[:, 2 * c :].tanh()
        red, green, _ = values.unbind(1)
        first, second, third = coefficients.unbind(1)
        means = torch.stack(
            [means[:, 0], means[:, 1] + first * red, means[:, 2] + second * red + third * green], 1
        )
    inverse = torch.exp(-log_scales)
    upper = inverse * (values - means + HALF_BIN)
    lower = inverse * (values - means - HALF_BIN)
    within = F.logsigmoid(upper) + F.logsigmoid(-lower) + torch.log(-torch.expm1(-2 * HALF_BIN * inverse))
    # The first and the last level include everything beyond them.
    edge = 1 - HALF_BIN
    log_p = torch.where(
        values < -edge, F.logsigmoid(upper), torch.where(values > edge, F.logsigmoid(-lower), within)
    )
    return torch.logsumexp(log_p.sum(1) + F.log_softmax(logits, 1), 1).sum((1, 2))


def concat_elu(x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b 2*c h w"]:
    """ELU of x and of -x, concatenated."""
    return F.elu(torch.cat([x, -x], 1))


def _shifted_down(x: Tensor) -> Tensor:
    return F.pad(x, (0, 0, 1, 0))[:, :, :-1]


def _shifted_right(x: Tensor) -> Tensor:
    return F.pad(x, (1, 0, 0, 0))[:, :, :, :-1]
