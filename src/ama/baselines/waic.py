r"""WAIC (Choi et al., "WAIC, but Why? Generative Ensembles for Robust Anomaly Detection", 2018).

Models that were trained apart agree on normal images more than on others.

================================================================================  ======================================
paper                                                                             here
================================================================================  ======================================
:math:`WAIC(x) = E_\theta[\log p_\theta(x)] - Var_\theta[\log p_\theta(x)]`       the score
ensemble of WGANs, whose critics take the place of :math:`\log p`                 ``ensemble="wgan"``
ensembles of likelihood models                                                    ``"pixelcnn++"``, ``"glow"``
gradient penalty of the WGANs (Gulrajani et al. 2017)                             ``gradient_penalty``
================================================================================  ======================================

A critic's value has no unit. As the variance counts against the mean, every member is first put on the scale on which
its values for the training images have mean 0 and variance 1; the paper does not say how it does that. Likelihoods,
which have one, are taken per dimension.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from ama.baselines.baseline import Log, Sizes, TrainedBaseline, check_choice, check_count
from ama.baselines.baseline_model import BaselineModel
from ama.baselines.baseline_training import BaselineTraining, noise
from ama.baselines.building_blocks import Discriminator, Up
from ama.baselines.likelihood import DEPTH, LikelihoodTraining, check_levels, likelihood_network
from ama.baselines.parameters import parameters
from ama.objective.losses import mixture
from ama.training.run import Run

SCALE_SAMPLES = 2000
PENALTY = 10.0
CRITIC_STEPS = 5  # for each step of the generator


class WAICModel(BaselineModel):
    """The members, and the scale of each."""

    mean: Tensor
    spread: Tensor

    def build(
        self, ensemble: str, n_models: int, width: int, latent_dim: int, depth: int, scales: int
    ) -> None:
        self.ensemble, self.latent_dim = ensemble, latent_dim
        if ensemble == "wgan":
            # Layer statistics of a batch would tie the samples of a gradient penalty together.
            members: list[nn.Module] = [
                Discriminator(self.shape, width, batch_norm=False) for _ in range(n_models)
            ]
            self.generators = nn.ModuleList(Up(self.shape, latent_dim, width) for _ in range(n_models))
        else:
            members = [
                likelihood_network(ensemble, self.shape, width, depth, scales)  # type: ignore[arg-type]
                for _ in range(n_models)
            ]
        self.members = nn.ModuleList(members)
        self.register_buffer("mean", torch.zeros(n_models))
        self.register_buffer("spread", torch.ones(n_models))

    @torch.no_grad()
    def values(self, x: Float[Tensor, "b ..."]) -> Float[Tensor, "b n"]:
        """What each member says of normalised samples, higher = more normal."""
        if self.ensemble == "wgan":
            return torch.stack([member(x) for member in self.members], 1)
        return torch.stack([member.log_likelihood(x) for member in self.members], 1) / x[0].numel()  # type: ignore[operator]

    def fit_scale(self, raw: Tensor) -> None:
        """The mean and the spread of every critic's values for training samples."""
        if self.ensemble == "wgan":
            self.eval()
            values = torch.cat([self.values(x) for x in self.chunks(raw[:SCALE_SAMPLES])])
            self.mean, self.spread = values.mean(0), values.std(0).clamp(min=1e-12)

    def anomalies(self, x: Float[Tensor, "b ..."]) -> dict[str, Float[Tensor, " b"]]:
        values = (self.values(x) - self.mean) / self.spread
        spread, mean = torch.var_mean(values, 1, correction=0)
        return {"score": spread - mean, "mean": -mean, "variance": spread}


class _WGAN(BaselineTraining):
    """All WGANs side by side, each with noise of its own."""

    model: WAICModel

    def configure_optimizers(self) -> Any:
        networks = [*self.model.members, *self.model.generators]
        return [torch.optim.Adam(n.parameters(), self.rate, betas=(0.0, 0.9)) for n in networks]

    def step(self, x: Float[Tensor, "b ..."], random: Generator) -> dict[str, Float[Tensor, ""]]:
        model = self.model
        n = len(model.members)
        critics = builders = x.new_zeros(())
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
                builders = builders + loss.detach() / n
        return {"critic": critics, "generator": builders}


def gradient_penalty(critic: nn.Module, x: Float[Tensor, "b ..."]) -> Float[Tensor, ""]:
    """Squared distance of the gradient's norm from 1 (Gulrajani et al. 2017), in float32."""
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (gradient.flatten(1).norm(dim=1) - 1).square().mean()


@parameters
class WAIC(TrainedBaseline):
    """WAIC (Choi et al. 2018): mean minus variance of an ensemble's values.

    The parameters of :class:`ama.baselines.baseline.TrainedBaseline`, and these.

    Parameters
    ----------
    ensemble
        "wgan": critics of WGANs, as in the AMA paper's table. "pixelcnn++" or "glow": likelihoods of images.
    n_models
        Members, at least 2.
    """

    ensemble: Literal["wgan", "pixelcnn++", "glow"] = "wgan"
    n_models: int = 5

    presets: ClassVar[dict[str, Sizes]] = {
        "compact": Sizes(width=16, latent_dim=64, batch_size=32, max_steps=3000, learning_rate=2e-4),
        "paper": Sizes(width=64, latent_dim=128, batch_size=64, max_steps=100_000, learning_rate=1e-4),
    }
    _model_class = WAICModel

    def _check(self) -> None:
        super()._check()
        check_choice("ensemble", self.ensemble, "wgan", "pixelcnn++", "glow")
        check_count("n_models", self.n_models, 2)

    def _options(self, shape: tuple[int, ...]) -> dict[str, Any]:
        sizes = self._sizes()
        depth, scales = DEPTH.get((self.ensemble, self.preset), (0, 0))
        return {
            "ensemble": self.ensemble,
            "n_models": self.n_models,
            "width": sizes.width,
            "latent_dim": sizes.latent_dim,
            "depth": depth,
            "scales": scales,
        }

    def _learn(self, model: WAICModel, train: Tensor, run: Run, log: Log) -> None:
        if self.ensemble == "wgan":
            self._train(_WGAN, model, train, run, log)
        else:
            check_levels(train.dtype, f"{type(self).__name__} of likelihoods")
            self._train(LikelihoodTraining, model, train, run, log, networks=list(model.members))
        model.fit_scale(train)
