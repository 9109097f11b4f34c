"""Random tensors for tests of laws, and the settings of small networks."""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor

from ama import settings

# Networks so small that a fit takes a second.
TINY = dataclasses.replace(
    settings.COMPACT_COLOUR, latent_dim=4, encoder_width=8, generator_width=8, discriminator_width=8
)


def draw(seed: int, *shape: int) -> Tensor:
    """Standard normal numbers, float64."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def tensor(values: list) -> Tensor:
    """Numbers as float64."""
    return torch.tensor(values, dtype=torch.float64)
