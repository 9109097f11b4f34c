r"""AnoGAN (Schlegl et al., "Unsupervised Anomaly Detection with Generative Adversarial Networks to Guide Marker
Discovery", IPMI 2017).

A GAN of the normal samples; for each sample to be judged, the latent vector is searched by gradient descent whose image
is nearest to it.

=====================================================================  =====================================
paper                                                                  here
=====================================================================  =====================================
residual loss, :math:`L_R = \sum \lvert x - G(z) \rvert`               ``residual``
discrimination loss, :math:`L_D = \sum \lvert f(x) - f(G(z)) \rvert`   ``discrimination`` (feature matching)
:math:`L = (1 - \lambda) L_R + \lambda L_D`, :math:`\lambda` = 0.1     ``weight``
steps of the search, :math:`\Gamma` = 500                              ``search_steps``
=====================================================================  =====================================

Deviations. Every search begins at the same latent vector, so that a sample's score does not depend on
what it is scored with; the paper draws one at random. Both losses are means, so that lambda means the
same at every size of image.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from ama.baselines import gan
from ama.baselines.baseline import Log, Sizes, TrainedBaseline, check_between, check_count, check_share
from ama.baselines.baseline_model import BaselineModel
from ama.baselines.baseline_training import BaselineTraining, noise
from ama.baselines.building_blocks import Discriminator, Up, initialise
from ama.baselines.parameters import parameters
from ama.training.run import Run
from ama.utils.random_generators import generator_for


class AnoGANModel(BaselineModel):
    """G and D, and the search for a sample's latent vector."""

    start: Tensor

    def build(
        self, width: int, latent_dim: int, search_steps: int, search_rate: float, weight: float
    ) -> None:
        self.latent_dim, self.weight = latent_dim, weight
        self.search_steps, self.search_rate = search_steps, search_rate
        self.generator = Up(self.shape, latent_dim, width).apply(initialise)
        self.discriminator = Discriminator(self.shape, width).apply(initialise)
        self.register_buffer("start", torch.zeros(latent_dim))

    def anomalies(self, x: Float[Tensor, "b ..."]) -> dict[str, Float[Tensor, " b"]]:
        with torch.no_grad():
            features = self.discriminator.features(x)
        z = self.start.expand(len(x), -1).clone().requires_grad_()
        optimizer = torch.optim.Adam([z], self.search_rate)
        for _ in range(self.search_steps):
            loss = self._loss(x, features, z)
            # Adam's step for one sample does not see the others: their gradients lie in other rows.
            (z.grad,) = torch.autograd.grad(loss.sum(), z)
            optimizer.step()
        with torch.no_grad():
            return {"score": self._loss(x, features, z)}

    def _loss(self, x: Tensor, features: Tensor, z: Tensor) -> Float[Tensor, " b"]:
        generated = self.generator(z)
        residual = (x - generated).abs().flatten(1).mean(1)
        discrimination = (features - self.discriminator.features(generated)).abs().mean(1)
        return (1 - self.weight) * residual + self.weight * discrimination


class _Training(BaselineTraining):
    model: AnoGANModel

    def configure_optimizers(self) -> Any:
        return [
            gan.adam(list(self.model.discriminator.parameters()), self.rate),
            gan.adam(list(self.model.generator.parameters()), self.rate),
        ]

    def step(self, x: Float[Tensor, "b ..."], random: Generator) -> dict[str, Float[Tensor, ""]]:
        model = self.model
        with self.autocast():
            generated = model.generator(noise(len(x), model.latent_dim, random, x)).to(x.dtype)
            logits = model.discriminator(x), model.discriminator(generated.detach())
        critic = gan.real(logits[0]) + gan.fake(logits[1])
        self.descend(critic, 0)
        with self.autocast():
            logit = model.discriminator(generated)
        generator = gan.real(logit)
        self.descend(generator, 1)
        return {"critic": critic, "generator": generator}


@parameters
class AnoGAN(TrainedBaseline):
    """AnoGAN (Schlegl et al. 2017): a GAN, and a search for the latent vector of every sample.

    The parameters of :class:`ama.baselines.baseline.TrainedBaseline`, and these.

    Parameters
    ----------
    search_steps, search_rate
        Steps of the search, and Adam's learning rate in it.
    weight
        lambda: share of the discrimination loss, in [0, 1].
    """

    search_steps: int | None = None
    search_rate: float = 0.02
    weight: float = 0.1

    presets: ClassVar[dict[str, Sizes]] = {
        "compact": Sizes(width=32, latent_dim=64, batch_size=64, max_steps=2000, learning_rate=2e-4),
        "paper": Sizes(width=64, latent_dim=100, batch_size=64, max_steps=25_000, learning_rate=2e-4),
    }
    search: ClassVar[dict[str, int]] = {"compact": 100, "paper": 500}
    _model_class = AnoGANModel

    def _check(self) -> None:
        super()._check()
        if self.search_steps is not None:
            check_count("search_steps", self.search_steps, 1)
        check_between("search_rate", self.search_rate, 0, math.inf)
        check_share("weight", self.weight)

    def _options(self, shape: tuple[int, ...]) -> dict[str, Any]:
        sizes = self._sizes()
        return {
            "width": sizes.width,
            "latent_dim": sizes.latent_dim,
            "search_steps": self.search_steps or self.search[self.preset],
            "search_rate": self.search_rate,
            "weight": self.weight,
        }

    def _learn(self, model: AnoGANModel, train: Tensor, run: Run, log: Log) -> None:
        model.start.copy_(torch.randn(model.latent_dim, generator=generator_for(run.seed, 4)))
        self._train(_Training, model, train, run, log)
