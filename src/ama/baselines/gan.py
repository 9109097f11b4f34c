"""The GAN that several baselines train (Goodfellow et al. 2014): losses of logits, and DCGAN's alternating steps."""

from __future__ import annotations

import math
from typing import Any

import torch
from jaxtyping import Float
from torch import Generator, Tensor
from torch.nn import functional as F

from ama.baselines.baseline_training import BaselineTraining, noise

# Standard deviations of a column, or halves of the range of pixels: no normal sample is that far away.
SEEN = 1e3


def real(logits: Float[Tensor, "*b"]) -> Float[Tensor, ""]:
    r""":math:`-\log D`, averaged: the discriminator's loss for real samples, and the generator's for its own."""
    return F.softplus(-logits.float()).mean()


def fake(logits: Float[Tensor, "*b"]) -> Float[Tensor, ""]:
    r""":math:`-\log(1 - D)`, averaged: the discriminator's loss for generated samples."""
    return F.softplus(logits.float()).mean()


def of_seen(output: Float[Tensor, " b"], x: Float[Tensor, "b ..."]) -> Float[Tensor, " b"]:
    """The output of a discriminator, higher = more normal, as a score: the lowest far beyond all samples of a training.

    There a network goes on in a straight line, and may call a sample the more normal the farther it is.
    """
    return output.masked_fill(x.flatten(1).abs().amax(1) > SEEN, -math.inf)


def adam(parameters: list[torch.nn.Parameter], rate: float) -> torch.optim.Adam:
    """Adam with the momenta of DCGAN (Radford et al. 2016)."""
    return torch.optim.Adam(parameters, rate, betas=(0.5, 0.999))


class GANTraining(BaselineTraining):
    """Alternating steps of ``model.discriminator`` and ``model.generator``.

    Attributes
    ----------
    generator_rate
        The generator's learning rate, relative to the discriminator's.
    """

    generator_rate: float = 1.0
    model: Any

    def configure_optimizers(self) -> Any:
        return [
            adam(list(self.model.discriminator.parameters()), self.rate),
            adam(list(self.model.generator.parameters()), self.generator_rate * self.rate),
        ]

    def step(self, x: Float[Tensor, "b ..."], random: Generator) -> dict[str, Float[Tensor, ""]]:
        model = self.model
        with self.autocast():
            generated = model.generator(noise(len(x), model.latent_dim, random, x)).to(x.dtype)
            logits = model.discriminator(x), model.discriminator(generated.detach())
        critic = self.discriminator_loss(*logits)
        self.descend(critic, 0)
        with self.autocast():
            logit = model.discriminator(generated)
        generator = self.generator_loss(logit, generated)
        self.descend(generator, 1)
        return {"critic": critic, "generator": generator}

    def discriminator_loss(
        self, of_real: Float[Tensor, " b"], of_generated: Float[Tensor, " b"]
    ) -> Float[Tensor, ""]:
        """From D's logits of real and of generated samples."""
        return real(of_real) + fake(of_generated)

    def generator_loss(
        self, logit: Float[Tensor, " b"], generated: Float[Tensor, "b ..."]
    ) -> Float[Tensor, ""]:
        """From generated samples and D's logits of them."""
        return real(logit)
