"""Encoder, generator and discriminator together with the scaling of raw samples."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ama.networks.critic import Critic
from ama.networks.scaling import ColumnScaling, ScaledModule, Scaling


class Networks(ScaledModule):
    """E, G and D for one shape of sample, and the scaling of raw samples.

    Parameters
    ----------
    shape
        Of one sample.
    scaling
        Of raw samples.
    encoder, generator, discriminator
        The three networks.

    Attributes
    ----------
    row_scaling
        Of the rows of the same samples, where the networks see something else of them; None where they see all there
        is.
    """

    encoder: Any
    generator: Any
    discriminator: Any

    def __init__(
        self,
        shape: tuple[int, ...],
        scaling: Scaling,
        encoder: nn.Module,
        generator: nn.Module,
        discriminator: Critic,
    ):
        super().__init__(scaling)
        self.shape = shape
        self.row_scaling: ColumnScaling | None = None
        self.encoder, self.generator, self.discriminator = encoder, generator, discriminator
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def reconstruct(self, x: Float[Tensor, "b ..."]) -> Float[Tensor, "b ..."]:
        """G(E(x)) of normalised samples."""
        return self.generator(self.encoder(x))

    def folded(self) -> Networks:
        """A copy in evaluation mode that computes the same in fewer passes, for scoring alone."""
        copy = deepcopy(self).eval()
        copy.encoder.fold()
        copy.generator.fold()
        return copy
