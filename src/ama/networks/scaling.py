"""The scaling of raw samples, which is part of a model: a saved one takes what the user has."""

from __future__ import annotations

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn


class Scaling(nn.Module):
    """Base of networks for one shape of sample: raw samples in, normalised ones inside.

    Parameters
    ----------
    shape
        (channels, height, width) of an image, or (columns,) of a row.
    """

    shift: Tensor
    scale: Tensor

    def __init__(self, shape: tuple[int, ...]):
        super().__init__()
        self.shape = shape
        # Images share one scale; a row has one for each column.
        per_column = (1,) if len(shape) == 3 else shape
        self.register_buffer("shift", torch.zeros(per_column, dtype=torch.float64))
        self.register_buffer("scale", torch.ones(per_column, dtype=torch.float64))

    @torch.no_grad()
    def fit_scaling(self, raw: Shaped[Tensor, "n ..."]) -> None:
        """Learn the scaling from normal samples.

        8-bit images go from [0, 255] to [-1, 1], as in the paper. Deeper images, whose values may fill a small part of
        their range, go from the range found to [-1, 1]. Columns of rows get mean 0 and variance 1.
        """
        if len(self.shape) == 3:
            low, high = (0.0, 255.0) if raw.dtype == torch.uint8 else (raw.min().item(), raw.max().item())
            middle, half = (low + high) / 2, (high - low) / 2
            self.shift.fill_(middle)
            self.scale.fill_(half if half > 0 else 1.0)
        else:
            values = raw.double()
            spread = values.std(0, correction=0)
            self.shift.copy_(values.mean(0))
            self.scale.copy_(torch.where(spread > 0, spread, torch.ones_like(spread)))

    def normalise(self, raw: Shaped[Tensor, "b ..."]) -> Float[Tensor, "b ..."]:
        """Raw samples as the networks see them."""
        dtype = self.weights_dtype
        if len(self.shape) == 3:
            x = (raw.to(dtype) - self.shift.to(dtype)) / self.scale.to(dtype)
            return x.contiguous(memory_format=torch.channels_last)
        return ((raw.double() - self.shift) / self.scale).to(dtype)

    def restore(self, x: Float[Tensor, "b ..."]) -> Float[Tensor, "b ..."]:
        """Network outputs in the units of the raw samples."""
        return x.to(self.scale.dtype) * self.scale + self.shift

    @property
    def weights_dtype(self) -> torch.dtype:
        """The floating-point type of the weights; float32 where there are none."""
        return next((p.dtype for p in self.parameters()), torch.float32)
