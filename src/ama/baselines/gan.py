"""The GAN that several baselines train (Goodfellow et al. 2014), as losses of logits."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F


def real(logits: Float[Tensor, "*b"]) -> Float[Tensor, ""]:
    r""":math:`-\log D`, averaged: the discriminator's loss for real samples, and the generator's for its own."""
    return F.softplus(-logits.float()).mean()


def fake(logits: Float[Tensor, "*b"]) -> Float[Tensor, ""]:
    r""":math:`-\log(1 - D)`, averaged: the discriminator's loss for generated samples."""
    return F.softplus(logits.float()).mean()


def adam(parameters: list[torch.nn.Parameter], rate: float) -> torch.optim.Adam:
    """Adam as DCGAN sets it."""
    return torch.optim.Adam(parameters, rate, betas=(0.5, 0.999))
