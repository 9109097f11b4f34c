"""The training step as the paper describes it: the reference for the speed and the correctness of the product's step.

It uses plain modules in float32 and NCHW, a pass of D for every pair, torch's own spectral normalisation, an unfused
Adam, and new reconstructions and interpolations for each step of the critic. It computes what
:class:`ama.training.step.AMATraining` computes, except that it has no negatives and no rotation loss.
"""

from __future__ import annotations

from typing import TypeVar

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from ama.benchmark.speed.reference_networks import (
    ReferenceDiscriminator,
    ReferenceEncoder,
    ReferenceGenerator,
)
from ama.networks.networks import Networks
from ama.objective.latent import simplex_interpolation
from ama.objective.losses import GAMES, mixture, normal_loss
from ama.settings import Settings
from ama.utils.random_generators import generator_for

M = TypeVar("M", bound=nn.Module)


class ReferenceStep:
    """The three networks, initialised with the weights of ``networks``, and their training step.

    Parameters
    ----------
    networks
        Networks for images, whose weights are copied.
    settings
        Settings of the fit, without negatives and without rotation loss.
    seed
        Seed of the random draws, as in :class:`ama.training.step.AMATraining`.
    """

    def __init__(self, networks: Networks, settings: Settings, seed: int):
        self.settings, self.seed, self.normalise = settings, seed, networks.normalise
        self.encoder = _copy(ReferenceEncoder(networks.encoder), networks.encoder)
        self.generator = _copy(ReferenceGenerator(networks.generator), networks.generator)
        self.discriminator = _copy(ReferenceDiscriminator(networks.discriminator), networks.discriminator)
        if settings.spectral:
            layers = [m for m in self.discriminator.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
            for layer in layers:
                spectral_norm(layer)
        self.critic_optimizer = _adam(self.discriminator, settings.learning_rate, 0.0)
        self.encoder_optimizer = _adam(self.encoder, settings.learning_rate, 0.5)
        self.generator_optimizer = _adam(self.generator, settings.learning_rate, 0.0)

    def step(self, raw: Tensor, step: int) -> None:
        """Train D for its number of steps, then E and G for one, on a batch of raw images.

        Parameters
        ----------
        raw
            The batch.
        step
            Number of steps before this one; determines the random draws.
        """
        x = self.normalise(raw).contiguous()
        for i in range(self.settings.critic_steps):
            self._step_of_critic(x, step, i)
        self._step_of_autoencoder(x, step)

    def _step_of_critic(self, x: Tensor, step: int, i: int) -> None:
        choice = self.settings
        with torch.no_grad():
            reconstruction, interpolated, _ = self._images(x, step)
        loss = normal_loss(
            *self._values(x, reconstruction, interpolated),
            lambda_inter=choice.lambda_inter,
            player=GAMES[choice.loss].critic,
        )
        if choice.penalty_target == 1.0:
            mixed = mixture(x, reconstruction, self._share(x, step, i))
            loss = loss + choice.penalty_weight * self._penalty(x, mixed)
        self.critic_optimizer.zero_grad()
        loss.backward()
        self.critic_optimizer.step()

    def _step_of_autoencoder(self, x: Tensor, step: int) -> None:
        choice = self.settings
        reconstruction, interpolated, code = self._images(x, step)
        loss = normal_loss(
            *self._values(x, reconstruction, interpolated),
            code,
            lambda_inter=choice.lambda_inter,
            lambda_reg=choice.lambda_reg,
            player=GAMES[choice.loss].generator,
        )
        loss = loss + choice.lambda_pixel * (reconstruction - x).abs().mean()
        self.encoder_optimizer.zero_grad()
        self.generator_optimizer.zero_grad()
        loss.backward()
        self.encoder_optimizer.step()
        self.generator_optimizer.step()

    @torch.no_grad()
    def r_score(self, raw: Tensor) -> Float[Tensor, " b"]:
        """R-score (Eq. 5) of raw images; expects the networks in evaluation mode."""
        x = self.normalise(raw).contiguous()
        other = self.discriminator.features(x, self.generator(self.encoder(x)))
        return (self.discriminator.features(x, x) - other).abs().sum(1)

    def double(self) -> ReferenceStep:
        """Convert the networks to float64."""
        for network in (self.encoder, self.generator, self.discriminator):
            network.double()
        return self

    def train(self, mode: bool) -> None:
        """Put the networks in training or evaluation mode."""
        for network in (self.encoder, self.generator, self.discriminator):
            network.train(mode)

    def _penalty(self, x: Tensor, y: Tensor) -> Float[Tensor, ""]:
        """Gradient penalty (Gulrajani et al. 2017) on pairs."""
        pair = x.clone().requires_grad_(), y.clone().requires_grad_()
        values = self.discriminator(*pair).sum()
        slopes = torch.autograd.grad(values, pair, create_graph=True, materialize_grads=True)
        norm = (torch.cat(slopes, 1).flatten(1).square().sum(1) + 1e-12).sqrt()
        return (norm - 1).square().mean()

    def _values(
        self, x: Tensor, reconstruction: Tensor, interpolated: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """D of each pair."""
        return (
            self.discriminator(x, x),
            self.discriminator(x, reconstruction),
            None if interpolated is None else self.discriminator(x[: len(interpolated)], interpolated),
        )

    def _images(self, x: Tensor, step: int) -> tuple[Tensor, Tensor | None, Tensor]:
        code = self.encoder(x)
        interpolated = None
        if self.settings.lambda_inter:
            draws = generator_for(self.seed, 2, step)  # the same for every step of the critic
            m = max(2, round(self.settings.interpolated_share * len(x)))
            interpolated = self.generator(
                simplex_interpolation(code, self.settings.n_interpolated, draws)[:m]
            )
        return self.generator(code), interpolated, code

    def _share(self, x: Tensor, step: int, i: int) -> Tensor:
        """Shares of the mixture in the i-th penalty, which the product draws after the interpolation's numbers."""
        draws = generator_for(self.seed, 2, step)
        if self.settings.lambda_inter:
            simplex_interpolation(x.flatten(1), self.settings.n_interpolated, draws)
        for _ in range(i):
            torch.rand(len(x), generator=draws)
        return torch.rand(len(x), generator=draws).to(x)


def _copy(reference: M, network: nn.Module) -> M:
    weights = {k: v for k, v in network.state_dict().items() if not k.startswith("spectral.")}
    reference.load_state_dict(weights)
    return reference


def _adam(network: nn.Module, rate: float, beta_1: float) -> torch.optim.Adam:
    return torch.optim.Adam(network.parameters(), rate, betas=(beta_1, 0.9), foreach=False)
