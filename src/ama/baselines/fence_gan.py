r"""Fence GAN (Ngo et al., "Fence GAN: Towards Better Anomaly Detection", ICTAI 2019).

The generator does not learn to make realistic samples but samples on the boundary of the normal ones, where D's output
is :math:`\alpha`, all around them. D itself is the score.

=============================================================================  ========================
paper                                                                          here
=============================================================================  ========================
discriminator loss, :math:`-\log D(x) - \gamma \log(1 - D(G(z)))`              ``critic``
encirclement loss, :math:`\log \lvert \alpha - D(G(z)) \rvert`                 :func:`encirclement`
dispersion loss, :math:`1 / E \lVert G(z) - \mu \rVert_2`                      :func:`dispersion`
generator loss, encirclement + :math:`\beta` dispersion                        ``generator``
anomaly score, :math:`D(x)`                                                    its logit: same ranking
=============================================================================  ========================

Deviations. ``encirclement="cross_entropy"``, the default, is that of the authors' code
(https://github.com/phuccuongngo99/Fence_GAN): the cross-entropy of D(G(z)) and the target :math:`\alpha`. It has the
paper's minimum and is bounded below; ``"log"`` is the paper's equation, bounded at 1e-3 from the target. The networks
are DCGAN's, for any size of image; the authors' have two convolutions, for 28 x 28. Their code first trains D alone for
a while, which is left out here. The defaults are the code's values for MNIST. Its values for CIFAR-10 are
``alpha=0.5, beta=10, gamma=0.5, generator_rate=10``. A sample far beyond all that D has seen has the lowest score
(:func:`ama.baselines.gan.of_seen`).
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from ama.baselines import gan
from ama.baselines.baseline import Log, Sizes, TrainedBaseline
from ama.baselines.baseline_model import BaselineModel
from ama.baselines.building_blocks import Discriminator, initialise, up
from ama.detectors.parameters import parameters
from ama.settings import WEIGHT
from ama.training.run import Run
from ama.utils.declarations import METHOD, parameter

CLOSEST = 1e-3  # distance from the target below which the logarithm of the paper's loss is constant

Encirclement = Literal["cross_entropy", "log"]


class FenceGANModel(BaselineModel):
    """G and D."""

    def build(self, width: int, latent_dim: int) -> None:
        self.latent_dim = latent_dim
        self.generator = up(self.shape, latent_dim, width).apply(initialise)
        # The authors' discriminator has no BatchNorm.
        self.discriminator = Discriminator(self.shape, width, batch_norm=False).apply(initialise)

    def anomalies(self, x: Float[Tensor, "b ..."]) -> dict[str, Float[Tensor, " b"]]:
        return {"score": -gan.of_seen(self.discriminator(x), x)}


class _Training(gan.GANTraining):
    def __init__(self, *given: Any, method: FenceGAN):
        super().__init__(*given)
        self.method, self.generator_rate = method, method.generator_rate

    def discriminator_loss(
        self, of_real: Float[Tensor, " b"], of_generated: Float[Tensor, " b"]
    ) -> Float[Tensor, ""]:
        return gan.real(of_real) + self.method.gamma * gan.fake(of_generated)

    def generator_loss(
        self, logit: Float[Tensor, " b"], generated: Float[Tensor, "b ..."]
    ) -> Float[Tensor, ""]:
        loss = encirclement(logit, self.method.alpha, self.method.encirclement)
        return loss + self.method.beta * dispersion(generated)


def encirclement(logit: Float[Tensor, " b"], alpha: float, form: Encirclement) -> Float[Tensor, ""]:
    """How far D(G(z)) is from the target ``alpha``, from its logit; smallest where D(G(z)) is the target."""
    logit = logit.float()
    if form == "cross_entropy":
        return F.binary_cross_entropy_with_logits(logit, torch.full_like(logit, alpha))
    return (alpha - logit.sigmoid()).abs().clamp(min=CLOSEST).log().mean()


def dispersion(generated: Float[Tensor, "b ..."]) -> Float[Tensor, ""]:
    """One over the mean distance of generated samples from their mean."""
    flat = generated.flatten(1).float()
    return 1 / (flat - flat.mean(0)).norm(dim=1).mean().clamp(min=1e-6)


@parameters
class FenceGAN(TrainedBaseline):
    """Fence GAN (Ngo et al. 2019): a discriminator whose generator makes samples on the boundary of the normal ones."""

    # fmt: off
    alpha: float = parameter((
        "Output of D at the boundary of the normal samples."), METHOD, 0, 1, exclusive=True, default=0.1)
    beta: float = parameter("Weight of the dispersion loss.", METHOD, *WEIGHT, exclusive=True, default=30.0)
    gamma: float = parameter((
        "Weight of the generated samples in the loss of D."), METHOD, *WEIGHT, exclusive=True, default=0.1)
    encirclement: Encirclement = parameter((
        "Form of the encirclement loss: \"cross_entropy\", as in the authors' code, or \"log\", as in the paper."),
        METHOD, default="cross_entropy")
    generator_rate: float = parameter((
        "Learning rate of the generator, as a multiple of the discriminator's."),
        METHOD, 0, exclusive=True, default=2.0)
    # fmt: on

    presets: ClassVar[dict[str, Sizes]] = {
        "compact": Sizes(width=32, latent_dim=64, batch_size=64, max_steps=2000, learning_rate=1e-4),
        "paper": Sizes(width=64, latent_dim=200, batch_size=200, max_steps=25_000, learning_rate=1e-5),
    }
    _model_class = FenceGANModel

    def _learn(self, model: FenceGANModel, train: Tensor, run: Run, log: Log) -> None:
        self._train(_Training, model, train, run, log, method=self)
