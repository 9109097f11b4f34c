"""Linear resampling of maps of one size as products with two matrices, whatever ONNX knows of that way to resample."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

Resample = Callable[[Tensor, tuple[int, int]], Tensor]  # images (b, c, h, w) and a size -> (b, c, h2, w2)


def bilinear(x: Float[Tensor, "b c h w"], size: tuple[int, int]) -> Float[Tensor, "b c h2 w2"]:
    """As maps are enlarged."""
    return F.interpolate(x, size, mode="bilinear")


def bicubic(x: Float[Tensor, "b c h w"], size: tuple[int, int]) -> Float[Tensor, "b c h2 w2"]:
    """As a backbone resizes images."""
    return F.interpolate(x, size, mode="bicubic", antialias=True, align_corners=False)


class FixedResampling(nn.Module):
    r"""Maps X become :math:`A X B^T`: an axis does not depend on the other.

    Parameters
    ----------
    resample
        Linear, and by itself along each axis.
    found, wanted
        Height and width of the maps, before and after.
    dtype
        Of the maps.
    """

    rows: Tensor
    columns: Tensor

    def __init__(
        self,
        resample: Resample,
        found: tuple[int, int],
        wanted: tuple[int, int],
        dtype: torch.dtype = torch.float32,
    ):
        super().__init__()
        self.same = found == wanted
        for name, n, m in zip(("rows", "columns"), found, wanted, strict=True):
            # n images of n rows. They are two pixels wide: of one, torch 2.13 makes something else by bicubic.
            units = torch.eye(n, dtype=torch.float64)[:, None, :, None].expand(-1, -1, -1, 2)
            self.register_buffer(name, resample(units, (m, 2))[:, 0, :, 0].T.to(dtype).contiguous())

    def forward(self, x: Float[Tensor, "*b h w"]) -> Float[Tensor, "*b h2 w2"]:
        """The maps at the size that is wanted."""
        return x if self.same else self.rows @ x @ self.columns.T
