r"""Fence GAN (Ngo et al., "Fence GAN: Towards Better Anomaly Detection", ICTAI 2019).

The generator is not to make samples that look real but such as lie on the boundary of the normal ones, where D says
:math:`\alpha`, and to surround them; D itself then is the score.

=============================================================================  ========================
paper                                                                          here
=============================================================================  ========================
discriminator loss, :math:`-\log D(x) - \gamma \log(1 - D(G(z)))`              ``critic``
encirclement loss, :math:`\log \lvert \alpha - D(G(z)) \rvert`                 :func:`encirclement`
dispersion loss, :math:`1 / E \lVert G(z) - \mu \rVert_2`                      :func:`dispersion`
generator loss, encirclement + :math:`\beta` dispersion                        ``generator``
anomaly score, :math:`D(x)`                                                    its logit: the same ranking
=============================================================================  ========================

Deviations. ``encirclement="cross_entropy"``, the default, is what the authors' code does
(https://github.com/phuccuongngo99/Fence_GAN): the cross-entropy of D(G(z)) to the target :math:`\alpha`. Its minimum is
the paper's, and it is bounded below; ``"log"`` is the paper's equation, bounded at 1e-3 from the target. The
networks are DCGAN's at any size of image, where the authors' have two convolutions for 28 x 28. The generator's rate is
twice the discriminator's, as in their code, which also trains D alone for a while before the game: left out here.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar, Literal

import torch
from jaxtyping import Float
from torch import Generator, Tensor
from torch.nn import functional as F

from ama.baselines import gan
from ama.baselines.baseline import Log, Sizes, TrainedBaseline, check_between, check_choice
from ama.baselines.baseline_model import BaselineModel
from ama.baselines.baseline_training import BaselineTraining, noise
from ama.baselines.building_blocks import Discriminator, Up, initialise
from ama.baselines.parameters import parameters
from ama.training.run import Run

CLOSEST = 1e-3  # to the target, where the logarithm of the paper's loss ends


class FenceGANModel(BaselineModel):
    """G and D."""

    def build(self, width: int, latent_dim: int) -> None:
        self.latent_dim = latent_dim
        self.generator = Up(self.shape, latent_dim, width).apply(initialise)
        # The authors' discriminator has no BatchNorm.
        self.discriminator = Discriminator(self.shape, width, batch_norm=False).apply(initialise)

    def anomalies(self, x: Float[Tensor, "b ..."]) -> dict[str, Float[Tensor, " b"]]:
        return {"score": -self.discriminator(x)}


class _Training(BaselineTraining):
    model: FenceGANModel

    def __init__(self, *given: Any, method: FenceGAN):
        super().__init__(*given)
        self.method = method

    def configure_optimizers(self) -> Any:
        return [
            gan.adam(list(self.model.discriminator.parameters()), self.rate),
            gan.adam(list(self.model.generator.parameters()), 2 * self.rate),
        ]

    def step(self, x: Float[Tensor, "b ..."], random: Generator) -> dict[str, Float[Tensor, ""]]:
        model, method = self.model, self.method
        with self.autocast():
            generated = model.generator(noise(len(x), model.latent_dim, random, x)).to(x.dtype)
            logits = model.discriminator(x), model.discriminator(generated.detach())
        critic = gan.real(logits[0]) + method.gamma * gan.fake(logits[1])
        self.descend(critic, 0)
        with self.autocast():
            logit = model.discriminator(generated)
        generator = encirclement(logit, method.alpha, method.encirclement)
        generator = generator + method.beta * dispersion(generated)
        self.descend(generator, 1)
        return {"critic": critic, "generator": generator}


def encirclement(
    logit: Float[Tensor, " b"], alpha: float, form: Literal["cross_entropy", "log"]
) -> Float[Tensor, ""]:
    """How far D(G(z)) is from the target, from its logit; smallest where D says ``alpha``."""
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
    """Fence GAN (Ngo et al. 2019): a discriminator fenced in by a generator at the boundary of the normal ones.

    The parameters of :class:`ama.baselines.baseline.TrainedBaseline`, and these.

    Parameters
    ----------
    alpha
        What D is to say at the boundary, in (0, 1).
    beta
        Weight of the dispersion.
    gamma
        Weight of the generated samples in D's loss.
    encirclement
        "cross_entropy", as the authors' code has it, or "log", as the paper prints it.
    """

    alpha: float = 0.1
    beta: float = 30.0
    gamma: float = 0.1
    encirclement: Literal["cross_entropy", "log"] = "cross_entropy"

    presets: ClassVar[dict[str, Sizes]] = {
        "compact": Sizes(width=32, latent_dim=64, batch_size=64, max_steps=2000, learning_rate=1e-4),
        "paper": Sizes(width=64, latent_dim=200, batch_size=200, max_steps=25_000, learning_rate=1e-5),
    }
    _model_class = FenceGANModel

    def _check(self) -> None:
        super()._check()
        check_between("alpha", self.alpha, 0, 1)
        check_between("beta", self.beta, 0, math.inf)
        check_between("gamma", self.gamma, 0, math.inf)
        check_choice("encirclement", self.encirclement, "cross_entropy", "log")

    def _options(self, shape: tuple[int, ...]) -> dict[str, Any]:
        sizes = self._sizes()
        return {"width": sizes.width, "latent_dim": sizes.latent_dim}

    def _learn(self, model: FenceGANModel, train: Tensor, run: Run, log: Log) -> None:
        self._train(_Training, model, train, run, log, method=self)
