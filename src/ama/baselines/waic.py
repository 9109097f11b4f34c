r"""WAIC (Choi et al., "WAIC, but Why? Generative Ensembles for Robust Anomaly Detection", 2018).

Models that were trained independently agree more on normal images than on others.

================================================================================  ======================================
paper                                                                             here
================================================================================  ======================================
:math:`WAIC(x) = E_\theta[\log p_\theta(x)] - Var_\theta[\log p_\theta(x)]`       the score
ensemble of WGANs, with critics in place of :math:`\log p`                        ``ensemble="wgan"``
ensembles of likelihood models                                                    ``"pixelcnn++"``, ``"glow"``
gradient penalty of the WGANs (Gulrajani et al. 2017)                             ``gradient_penalty``
================================================================================  ======================================

A critic's value has no unit, and the score compares a variance with a mean. Therefore the values of every member are
first scaled to mean 0 and variance 1 over training images; the paper does not specify a scale. Likelihoods need no such
scale, and are taken per dimension.

The 3,000 steps of the compact preset were chosen by a look at Fashion-MNIST against MNIST.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from ama.baselines.baseline import Log, Sizes, TrainedBaseline
from ama.baselines.baseline_model import BaselineModel
from ama.baselines.baseline_training import BaselineTraining, noise
from ama.baselines.building_blocks import Discriminator, up
from ama.baselines.likelihood import DEPTH, LikelihoodTraining, check_levels, likelihood_network
from ama.detectors.parameters import parameters
from ama.objective.losses import mixture
from ama.scores.kinds.kind import SampleKind
from ama.training.run import Run
from ama.utils.declarations import METHOD, parameter

SCALE_SAMPLES = 2000
PENALTY = 10.0
CRITIC_STEPS = 5  # for each step of the generator

Ensemble = Literal["wgan", "pixelcnn++", "glow"]


class WAICModel(BaselineModel):
    """The members, and the scale of each."""

    mean: Tensor
    spread: Tensor

    def build(
        self, ensemble: Ensemble, n_models: int, width: int, latent_dim: int, depth: int, scales: int
    ) -> None:
        self.ensemble, self.latent_dim = ensemble, latent_dim
        if ensemble == "wgan":
            # No BatchNorm: with it, the gradient penalty of a sample would depend on its batch.
            members: list[nn.Module] = [
                Discriminator(self.shape, width, batch_norm=False) for _ in range(n_models)
            ]
            self.generators = nn.ModuleList(up(self.shape, latent_dim, width) for _ in range(n_models))
        else:
            members = [
                likelihood_network(ensemble, self.shape, width, depth, scales) for _ in range(n_models)
            ]
        self.members = nn.ModuleList(members)
        self.register_buffer("mean", torch.zeros(n_models))
        self.register_buffer("spread", torch.ones(n_models))

    @torch.no_grad()
    def values(self, x: Float[Tensor, "b ..."]) -> Float[Tensor, "b n"]:
        """The value of each member for normalised samples, higher = more normal."""
        if self.ensemble == "wgan":
            return torch.stack([member(x) for member in self.members], 1)
        return torch.stack([member.log_likelihood(x) for member in self.members], 1) / x[0].numel()  # type: ignore[operator]

    def fit_scale(self, raw: Tensor) -> None:
        """Set the mean and the spread of every critic's values for training samples."""
        if self.ensemble == "wgan":
            self.eval()
            values = torch.cat([self.values(x) for x in self.chunks(raw[:SCALE_SAMPLES])])
            self.mean, self.spread = values.mean(0), values.std(0).clamp(min=1e-12)

    def anomalies(self, x: Float[Tensor, "b ..."]) -> dict[str, Float[Tensor, " b"]]:
        values = (self.values(x) - self.mean) / self.spread
        variance, mean = torch.var_mean(values, 1, correction=0)
        return {"score": variance - mean, "mean": -mean, "variance": variance}


class _WGAN(BaselineTraining):
    """All WGANs in the same steps, each with its own noise."""

    model: WAICModel

    def configure_optimizers(self) -> Any:
        networks = [*self.model.members, *self.model.generators]
        return [torch.optim.Adam(n.parameters(), self.rate, betas=(0.0, 0.9)) for n in networks]

    def step(self, x: Float[Tensor, "b ..."], random: Generator) -> dict[str, Float[Tensor, ""]]:
        model = self.model
        n = len(model.members)
        critics = generators = x.new_zeros(())
        update_generator = (int(self.steps_done) + 1) % CRITIC_STEPS == 0
        for i, (critic, generator) in enumerate(zip(model.members, model.generators, strict=True)):
            with self.autocast():
                generated = generator(noise(len(x), model.latent_dim, random, x)).to(x.dtype)
                real, fake = critic(x), critic(generated.detach())
            share = torch.rand(len(x), generator=random).to(x)
            loss = fake.float().mean() - real.float().mean()
            mixed = mixture(x, generated.detach(), share)
            loss = loss + PENALTY * gradient_penalty(critic, mixed)
            self.descend(loss, i)
            critics = critics + loss.detach() / n
            if update_generator:
                with self.autocast():
                    value = critic(generated)
                loss = -value.float().mean()
                self.descend(loss, n + i)
                generators = generators + loss.detach() / n
        return {"critic": critics, "generator": generators}


def gradient_penalty(critic: nn.Module, x: Float[Tensor, "b ..."]) -> Float[Tensor, ""]:
    """Squared distance of the gradient's norm from 1 (Gulrajani et al. 2017), in float32."""
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (gradient.flatten(1).norm(dim=1) - 1).square().mean()


@parameters
class WAIC(TrainedBaseline):
    """WAIC (Choi et al. 2018): mean minus variance of the values of an ensemble."""

    # fmt: off
    ensemble: Ensemble = parameter((
        "Members of the ensemble. \"wgan\": critics of WGANs, as in the table of the AMA paper. \"pixelcnn++\", "
        "\"glow\": likelihood models of images."), METHOD, default="wgan")
    n_models: int = parameter("Number of members.", METHOD, 2, default=5)
    # fmt: on

    presets: ClassVar[dict[str, Sizes]] = {
        "compact": Sizes(width=16, latent_dim=64, batch_size=32, max_steps=3000, learning_rate=2e-4),
        "paper": Sizes(width=64, latent_dim=128, batch_size=64, max_steps=100_000, learning_rate=1e-4),
    }
    _model_class = WAICModel

    def _options(self, kind: SampleKind) -> dict[str, Any]:
        depth, scales = DEPTH.get((self.ensemble, self.preset), (0, 0))
        options = {"ensemble": self.ensemble, "n_models": self.n_models, "depth": depth, "scales": scales}
        return {**super()._options(kind), **options}

    def _learn(self, model: WAICModel, train: Tensor, run: Run, log: Log) -> None:
        if self.ensemble == "wgan":
            self._train(_WGAN, model, train, run, log)
        else:
            check_levels(train.dtype, f"{type(self).__name__} of likelihoods")
            self._train(LikelihoodTraining, model, train, run, log, networks=list(model.members))
        model.fit_scale(train)
