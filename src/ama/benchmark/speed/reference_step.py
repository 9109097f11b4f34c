"""The training step as one writes it down from the paper: the yardstick of :mod:`ama.benchmark.speed.step_times`.

Plain modules in float32 and NCHW, a pass of D for every pair, torch's own spectral normalisation, an unfused Adam, and
for each of the critic's steps the reconstructions and interpolations anew. It computes what
:class:`ama.training.step.AMATraining` computes (without negatives); the tests hold the two against each other.
"""

from __future__ import annotations

from typing import Any, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from ama.networks.image_networks import Discriminator, Encoder, Generator
from ama.networks.networks import Networks
from ama.objective.latent import simplex_interpolation
from ama.objective.losses import GAMES, mixture, normal_loss
from ama.settings import Settings
from ama.utils.random_generators import generator_for

M = TypeVar("M", bound=nn.Module)


class ReferenceEncoder(nn.Module):
    """E as :class:`ama.networks.image_networks.Encoder`, layer by layer."""

    def __init__(self, like: Encoder):
        super().__init__()
        self.padding = like.padding
        layers: list[nn.Module] = []
        for layer in like.layers:
            if isinstance(layer, nn.Conv2d):
                layers.append(nn.Conv2d(layer.in_channels, layer.out_channels, 4, 2, 1, bias=False))
            elif isinstance(layer, nn.BatchNorm2d):
                layers.append(nn.BatchNorm2d(layer.num_features))
            else:
                layers.append(nn.LeakyReLU(0.2))
        self.layers = nn.Sequential(*layers)
        last = like.to_latent
        self.to_latent = nn.Conv2d(last.in_channels, last.out_channels, like.innermost, bias=False)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d"]:
        return self.to_latent(self.layers(F.pad(x, self.padding, mode="replicate"))).flatten(1)


class ReferenceUpBlock(nn.Module):
    """Doubles the size, then convolves."""

    def __init__(self, c_in: int, c_out: int):
        super().__init__()
        self.norm1, self.norm2 = nn.BatchNorm2d(c_in), nn.BatchNorm2d(c_out)
        self.conv1, self.conv2 = nn.Conv2d(c_in, c_out, 3, padding=1), nn.Conv2d(c_out, c_out, 3, padding=1)
        self.shortcut = nn.Conv2d(c_in, c_out, 1)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k h2 w2"]:
        h = F.interpolate(F.relu(self.norm1(x)), scale_factor=2.0)
        h = self.conv2(F.relu(self.norm2(self.conv1(h))))
        return h + self.shortcut(F.interpolate(x, scale_factor=2.0))


class ReferenceGenerator(nn.Module):
    """G as :class:`ama.networks.image_networks.Generator`, layer by layer."""

    def __init__(self, like: Generator):
        super().__init__()
        self.inner, self.size = like.inner, (like.height, like.width)
        self.from_latent = nn.Linear(like.from_latent.in_features, like.from_latent.out_features)
        blocks: Any = like.blocks
        self.blocks = nn.Sequential(
            *(ReferenceUpBlock(block.conv1.in_channels, block.conv1.out_channels) for block in blocks)
        )
        self.norm = nn.BatchNorm2d(like.norm.num_features)
        self.to_image = nn.Conv2d(like.to_image.in_channels, like.to_image.out_channels, 3, padding=1)

    def forward(self, z: Float[Tensor, "b d"]) -> Float[Tensor, "b c h w"]:
        h = self.blocks(self.from_latent(z).unflatten(1, (-1, *self.inner)))
        return torch.tanh(self.to_image(F.relu(self.norm(h))))[:, :, : self.size[0], : self.size[1]]


class ReferenceDownBlock(nn.Module):
    """Convolves, then halves the size or keeps it."""

    def __init__(self, c_in: int, c_out: int, halve: bool, first: bool):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(c_in, c_out, 3, padding=1), nn.Conv2d(c_out, c_out, 3, padding=1)
        self.shortcut = nn.Conv2d(c_in, c_out, 1) if halve or c_in != c_out else None
        self.halve, self.first = halve, first

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k h2 w2"]:
        h = self.conv2(F.relu(self.conv1(x if self.first else F.relu(x))))
        x = x if self.shortcut is None else self.shortcut(x)
        return F.avg_pool2d(h, 2) + F.avg_pool2d(x, 2) if self.halve else h + x


class ReferenceDiscriminator(nn.Module):
    """D as :class:`ama.networks.image_networks.Discriminator`, layer by layer."""

    def __init__(self, like: Discriminator):
        super().__init__()
        self.mirrored = like.mirrored
        blocks: Any = like.blocks
        self.blocks = nn.Sequential(
            *(ReferenceDownBlock(b.conv1.in_channels, like.n_features, b.halve, b.first) for b in blocks)
        )
        self.output = nn.Linear(like.n_features, 1, bias=False)

    def features(self, x: Float[Tensor, "b c h w"], y: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k"]:
        """f of Eq. 5."""
        return F.relu(self.blocks(torch.cat([x, y], 1) if self.mirrored else y)).sum((2, 3))

    def forward(self, x: Float[Tensor, "b c h w"], y: Float[Tensor, "b c h w"]) -> Float[Tensor, " b"]:
        return self.output(self.features(x, y)).squeeze(1)


class ReferenceStep:
    """The three networks with the weights of ``networks``, their optimisers, and a step.

    Parameters
    ----------
    networks
        For images; their weights are copied.
    settings
        Of the fit; negatives must be off.
    seed
        Of the draws, as in :class:`ama.training.step.AMATraining`.
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
        rate = settings.learning_rate
        self.critic_optimizer = torch.optim.Adam(
            self.discriminator.parameters(), rate, betas=(0.0, 0.9), foreach=False
        )
        self.encoder_optimizer = torch.optim.Adam(
            self.encoder.parameters(), rate, betas=(0.5, 0.9), foreach=False
        )
        self.generator_optimizer = torch.optim.Adam(
            self.generator.parameters(), rate, betas=(0.0, 0.9), foreach=False
        )

    def step(self, raw: Tensor, step: int) -> None:
        """The critic's steps, then one of E and G, on a batch of raw images."""
        choice, game = self.settings, GAMES[self.settings.loss]
        x = self.normalise(raw).contiguous()
        for i in range(choice.critic_steps):
            with torch.no_grad():
                reconstruction, interpolated, _ = self._images(x, step)
            loss = normal_loss(
                self.discriminator(x, x),
                self.discriminator(x, reconstruction),
                None if interpolated is None else self.discriminator(x, interpolated),
                lambda_inter=choice.lambda_inter,
                player=game.critic,
            )
            if choice.penalty_target == 1.0:
                share = self._share(x, step, i)
                mixed = mixture(x, reconstruction, share)
                loss = loss + choice.penalty_weight * self._penalty(x, mixed)
            self.critic_optimizer.zero_grad()
            loss.backward()
            self.critic_optimizer.step()
        reconstruction, interpolated, code = self._images(x, step)
        loss = normal_loss(
            self.discriminator(x, x),
            self.discriminator(x, reconstruction),
            None if interpolated is None else self.discriminator(x, interpolated),
            code,
            lambda_inter=choice.lambda_inter,
            lambda_reg=choice.lambda_reg,
            player=game.generator,
        )
        loss = loss + choice.lambda_pixel * (reconstruction - x).abs().mean()
        self.encoder_optimizer.zero_grad()
        self.generator_optimizer.zero_grad()
        loss.backward()
        self.encoder_optimizer.step()
        self.generator_optimizer.step()

    @torch.no_grad()
    def r_score(self, raw: Tensor) -> Float[Tensor, " b"]:
        """Eq. 5 of raw images, the networks in evaluation mode."""
        x = self.normalise(raw).contiguous()
        other = self.discriminator.features(x, self.generator(self.encoder(x)))
        return (self.discriminator.features(x, x) - other).abs().sum(1)

    def double(self) -> ReferenceStep:
        """Everything in float64."""
        for network in (self.encoder, self.generator, self.discriminator):
            network.double()
        return self

    def train(self, mode: bool) -> None:
        """Training or evaluation mode of all three."""
        for network in (self.encoder, self.generator, self.discriminator):
            network.train(mode)

    def _penalty(self, x: Tensor, y: Tensor) -> Float[Tensor, ""]:
        """Gulrajani et al. 2017 on pairs."""
        pair = x.clone().requires_grad_(), y.clone().requires_grad_()
        values = self.discriminator(*pair).sum()
        slopes = torch.autograd.grad(values, pair, create_graph=True, materialize_grads=True)
        norm = (torch.cat(slopes, 1).flatten(1).square().sum(1) + 1e-12).sqrt()
        return (norm - 1).square().mean()

    def _images(self, x: Tensor, step: int) -> tuple[Tensor, Tensor | None, Tensor]:
        code = self.encoder(x)
        interpolated = None
        if self.settings.lambda_inter:
            draws = generator_for(self.seed, 2, step)  # the same for every step of the critic
            interpolated = self.generator(simplex_interpolation(code, self.settings.n_interpolated, draws))
        return self.generator(code), interpolated, code

    def _share(self, x: Tensor, step: int, i: int) -> Tensor:
        """The product draws the shares of its i-th penalty after the interpolation's numbers."""
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
