r"""AnoGAN (Schlegl et al., "Unsupervised Anomaly Detection with Generative Adversarial Networks to Guide Marker
Discovery", IPMI 2017).

A GAN of the normal samples. For each sample, gradient descent searches for the latent vector that generates the most
similar one.

=====================================================================  =====================================
paper                                                                  here
=====================================================================  =====================================
residual loss, :math:`L_R = \sum \lvert x - G(z) \rvert`               ``residual``
discrimination loss, :math:`L_D = \sum \lvert f(x) - f(G(z)) \rvert`   ``discrimination`` (feature matching)
:math:`L = (1 - \lambda) L_R + \lambda L_D`, :math:`\lambda` = 0.1     ``weight``
steps of the search, :math:`\Gamma` = 500                              ``search_steps``
=====================================================================  =====================================

Deviations. Every search starts at the same latent vector, so that a score does not depend on the batch that its sample
comes in; the paper draws a vector at random. Both losses are means, so that lambda has the same effect at every size of
image. The compact preset searches for 100 steps, the paper for 500: a search is most of the time of scoring.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from ama.baselines.baseline import Log, Sizes, TrainedBaseline
from ama.baselines.baseline_model import BaselineModel
from ama.baselines.building_blocks import Discriminator, initialise, up
from ama.baselines.gan import GANTraining
from ama.detectors.parameters import parameters
from ama.scores.kinds.kind import SampleKind
from ama.training.run import Run
from ama.utils.declarations import METHOD, parameter
from ama.utils.random_generators import generator_for


class AnoGANModel(BaselineModel):
    """G and D, and the search for a sample's latent vector."""

    start: Tensor

    def build(
        self, width: int, latent_dim: int, search_steps: int, search_rate: float, weight: float
    ) -> None:
        self.latent_dim, self.weight = latent_dim, weight
        self.search_steps, self.search_rate = search_steps, search_rate
        self.generator = up(self.shape, latent_dim, width).apply(initialise)
        self.discriminator = Discriminator(self.shape, width).apply(initialise)
        self.register_buffer("start", torch.zeros(latent_dim))

    def anomalies(self, x: Float[Tensor, "b ..."]) -> dict[str, Float[Tensor, " b"]]:
        with torch.no_grad():
            features = self.discriminator.features(x)
        z = self.start.expand(len(x), -1).clone().requires_grad_()
        optimizer = torch.optim.Adam([z], self.search_rate)
        for _ in range(self.search_steps):
            loss = self._loss(x, features, z)
            # Adam works element by element, so the search for one sample does not depend on the others.
            (z.grad,) = torch.autograd.grad(loss.sum(), z)
            optimizer.step()
        with torch.no_grad():
            return {"score": self._loss(x, features, z)}

    def trial(self, raw: Tensor) -> dict[str, Float[Tensor, " b"]]:
        steps, self.search_steps = self.search_steps, 1
        try:
            return super().trial(raw)
        finally:
            self.search_steps = steps

    def _loss(self, x: Tensor, features: Tensor, z: Tensor) -> Float[Tensor, " b"]:
        generated = self.generator(z)
        residual = (x - generated).abs().flatten(1).mean(1)
        discrimination = (features - self.discriminator.features(generated)).abs().mean(1)
        return (1 - self.weight) * residual + self.weight * discrimination


@dataclass(frozen=True)
class AnoGANSizes(Sizes):
    """Those of every baseline, and the length of the search."""

    search_steps: int = 0


@parameters
class AnoGAN(TrainedBaseline):
    """AnoGAN (Schlegl et al. 2017): a GAN, and a search for the latent vector of every sample."""

    # fmt: off
    search_steps: int | None = parameter((
        "Gradient steps of the search for a latent vector."), METHOD, 1, default=None)
    search_rate: float = parameter("Adam's learning rate in the search.", METHOD, 0, 10, exclusive=True, default=0.02)
    weight: float = parameter("lambda: share of the discrimination loss in the score.", METHOD, 0, 1, default=0.1)
    # fmt: on

    presets: ClassVar[dict[str, Sizes]] = {
        "compact": AnoGANSizes(
            width=32, latent_dim=64, batch_size=64, max_steps=2000, learning_rate=2e-4, search_steps=100
        ),
        "paper": AnoGANSizes(
            width=64, latent_dim=100, batch_size=64, max_steps=25_000, learning_rate=2e-4, search_steps=500
        ),
    }
    _model_class = AnoGANModel

    def _options(self, kind: SampleKind) -> dict[str, Any]:
        return {
            **super()._options(kind),
            "search_steps": self.sizes().search_steps,
            "search_rate": self.search_rate,
            "weight": self.weight,
        }

    def _learn(self, model: AnoGANModel, train: Tensor, run: Run, log: Log) -> None:
        model.start.copy_(torch.randn(model.latent_dim, generator=generator_for(run.seed, 4)))
        self._train(GANTraining, model, train, run, log)
