"""Encoder, generator and discriminator: ``images`` (8 to 256 pixels a side) and ``vectors`` (table rows).

:class:`Networks` holds the three together with the scaling of raw inputs, so a saved model takes what the user has.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from ama.networks import images, tabular
from ama.networks.scaling import Scaling
from ama.settings import Settings


class Networks(Scaling):
    """E, G and D for one shape of sample, and the scaling of raw samples.

    Parameters
    ----------
    shape
        (channels, height, width) of an image, or (columns,) of a row.
    settings
        Widths, latent dimension, mirroring and spectral normalisation.

    Raises
    ------
    ValueError
        If an image's side is outside 8 to 256 pixels.
    """

    def __init__(self, shape: tuple[int, ...], settings: Settings):
        super().__init__(shape)
        kind = images if len(shape) == 3 else tabular
        self.encoder = kind.Encoder(shape, settings.latent_dim, settings.encoder_width)
        self.generator = kind.Generator(shape, settings.latent_dim, settings.generator_width)
        # Rows cannot be turned.
        second_head = {"rotation_head": True} if settings.lambda_rotation and kind is images else {}
        self.discriminator = kind.Discriminator(
            shape, settings.discriminator_width, settings.mirrored, settings.spectral, **second_head
        )
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def reconstruct(self, x: Float[Tensor, "b ..."]) -> Float[Tensor, "b ..."]:
        """G(E(x)) of normalised samples."""
        return self.generator(self.encoder(x))
