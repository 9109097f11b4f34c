"""Scaling of raw samples. It is part of a model, so that a saved model takes what the user has."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

FARTHEST = 1e30  # in standard deviations; infinite in no floating-point type that networks use
CHANGED = 10.0  # in standard deviations, a change in a column that never varied


class Scaling(nn.Module, ABC):
    """From raw samples to the values that networks see, (raw - shift) / scale, and back.

    Parameters
    ----------
    size
        Numbers in ``shift`` and in ``scale``.
    """

    shift: Tensor
    scale: Tensor

    def __init__(self, size: int):
        super().__init__()
        self.register_buffer("shift", torch.zeros(size, dtype=torch.float64))
        self.register_buffer("scale", torch.ones(size, dtype=torch.float64))

    @abstractmethod
    def fit(self, raw: Shaped[Tensor, "n ..."]) -> None:
        """Set shift and scale from normal samples."""

    @abstractmethod
    def normalise(self, raw: Shaped[Tensor, "b ..."], dtype: torch.dtype) -> Float[Tensor, "b ..."]:
        """Raw samples as the networks see them."""

    def restore(self, x: Float[Tensor, "b ..."]) -> Float[Tensor, "b ..."]:
        """Network outputs in the units of the raw samples, float64."""
        return x.to(self.scale.dtype) * self.scale + self.shift


class ImageScaling(Scaling):
    """One scale for all pixels.

    8-bit images go from [0, 255] to [-1, 1], as in the paper. The values of deeper images may fill a small part of
    their range, so these go from the range found to [-1, 1].
    """

    def __init__(self) -> None:
        super().__init__(1)

    @torch.no_grad()
    def fit(self, raw: Shaped[Tensor, "n c h w"]) -> None:
        low, high = (0.0, 255.0) if raw.dtype == torch.uint8 else (raw.min().item(), raw.max().item())
        middle, half = (low + high) / 2, (high - low) / 2
        self.shift.fill_(middle)
        self.scale.fill_(half if half > 0 else 1.0)

    def normalise(self, raw: Shaped[Tensor, "b c h w"], dtype: torch.dtype) -> Float[Tensor, "b c h w"]:
        x = (raw.to(dtype) - self.shift.to(dtype)) / self.scale.to(dtype)
        return x.contiguous(memory_format=torch.channels_last)


class ColumnScaling(Scaling):
    """Every column gets mean 0 and variance 1 over the normal rows.

    A column that is constant there has scale 0. What differs from the constant, by whatever amount, becomes
    ``CHANGED``: how unusual that is must not depend on the unit of the column.

    Parameters
    ----------
    n_columns
        Columns of a row.
    """

    @torch.no_grad()
    def fit(self, raw: Shaped[Tensor, "n d"]) -> None:
        values = raw.double().cpu().numpy()
        low, high = values.min(0), values.max(0)
        # Squares of the values overflow or vanish; powers of two change no digit.
        exponent = np.frexp(np.maximum(np.abs(low), np.abs(high)))[1]
        units = np.ldexp(values, -exponent)
        spread = np.maximum(np.ldexp(units.std(0), exponent), np.finfo(np.float64).tiny)
        # The standard deviation of equal values may be a rounding error.
        constant = low == high
        self.shift.copy_(torch.from_numpy(np.where(constant, low, np.ldexp(units.mean(0), exponent))))
        self.scale.copy_(torch.from_numpy(np.where(constant, 0.0, spread)))

    def normalise(self, raw: Shaped[Tensor, "b d"], dtype: torch.dtype) -> Float[Tensor, "b d"]:
        # Halves, as the difference of two finite numbers may be infinite.
        values, half = raw.double(), self.scale / 2
        changed = CHANGED * (values - self.shift).sign()
        x = torch.where(half > 0, (values / 2 - self.shift / 2) / half, changed)
        return x.clamp(-FARTHEST, FARTHEST).to(dtype)


class ScaledModule(nn.Module):
    """Base of networks that take raw samples.

    Parameters
    ----------
    scaling
        Of the raw samples.
    """

    def __init__(self, scaling: Scaling):
        super().__init__()
        self.scaling = scaling

    def normalise(self, raw: Shaped[Tensor, "b ..."]) -> Float[Tensor, "b ..."]:
        """Raw samples as the networks see them."""
        return self.scaling.normalise(raw, self.weights_dtype)

    def restore(self, x: Float[Tensor, "b ..."]) -> Float[Tensor, "b ..."]:
        """Network outputs in the units of the raw samples, float64."""
        return self.scaling.restore(x)

    @property
    def weights_dtype(self) -> torch.dtype:
        """The floating-point type of the weights; float32 if there are none."""
        return next((p.dtype for p in self.parameters()), torch.float32)

    @property
    def device(self) -> torch.device:
        """Where the networks are."""
        return self.scaling.shift.device
