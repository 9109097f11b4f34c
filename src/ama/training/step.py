"""One training step of the two-player game."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, cast

import torch
from jaxtyping import Float, Int, Shaped
from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Generator, Tensor
from torch.nn import functional as F
from torch.optim.lr_scheduler import MultiStepLR

from ama.networks.double_backward import FastDoubleBackward
from ama.networks.networks import Networks
from ama.networks.rotations import mirrored_at_random, rotated, shifted
from ama.objective.latent import atypical_selection, cube_selection, scaled_selection, simplex_interpolation
from ama.objective.losses import (
    GAMES,
    Player,
    gradient_penalty,
    mixture,
    negative_loss,
    normal_loss,
    objective,
)
from ama.settings import Settings
from ama.training.batches import Batch
from ama.training.ema import MovingAverage
from ama.training.training_module import Training
from ama.utils.random_generators import generator_for

Pair = tuple[Tensor, Tensor]


class AMATraining(Training):
    """Plays Eq. 2: ``critic_steps`` updates of D, then one of E and G, on the same batch.

    E and G do not change between the critic's steps, so the encodings, reconstructions and negatives
    of a batch are computed once and serve all of them, with and without their gradient.

    Parameters
    ----------
    networks
        E, G and D with their scaling.
    settings
        Of the fit.
    samples
        Raw training samples at given indices; on the training device when they fit there.
    total_steps
        Length of the training, on which the shares of the settings are taken.
    seed
        Every step's random numbers are a function of (seed, step).
    anomalies
        Known anomalies (raw), which take the place of synthetic ones in Eq. 4; or None.
    symmetric
        Whether mirror images of the samples are as good as the samples, and half of them are taken instead.
    """

    def __init__(
        self,
        networks: Networks,
        settings: Settings,
        samples: Callable[[Int[Tensor, " b"]], Shaped[Tensor, "b ..."]],
        total_steps: int,
        seed: int,
        anomalies: Shaped[Tensor, "m ..."] | None = None,
        symmetric: bool = False,
    ):
        super().__init__(total_steps, seed)
        self.networks, self.settings = networks, settings
        self.averaged = MovingAverage(networks, settings.averaging) if settings.averaging else None
        self.samples, self.anomalies, self.symmetric = samples, anomalies, symmetric
        self.game = GAMES[settings.loss]

    @property
    def result(self) -> Networks:
        """The networks that training is for: the averaged ones where averaging is on, otherwise the last."""
        return self.networks if self.averaged is None else self.averaged.networks

    def configure_optimizers(self) -> Any:
        rate, nets = self.settings.learning_rate, self.networks
        critic = torch.optim.Adam(nets.discriminator.parameters(), rate, betas=(0.0, 0.9), fused=True)
        builders = torch.optim.Adam(
            [
                {"params": nets.encoder.parameters(), "betas": (0.5, 0.9)},
                {"params": nets.generator.parameters(), "betas": (0.0, 0.9)},
            ],
            rate,
            fused=True,
        )
        drops = [max(1, round(share * self.total_steps)) for share in self.settings.milestones]
        return [critic, builders], [
            MultiStepLR(optimizer, drops, gamma=0.1) for optimizer in (critic, builders)
        ]

    def training_step(self, batch: Batch, batch_idx: int) -> None:
        step, indices = batch
        random = generator_for(self.seed, 2, step)
        nets, weights = self.networks, self.settings
        critic_optimizer, builder_optimizer = cast(list[LightningOptimizer], self.optimizers())
        x = nets.normalise(self.samples(indices))
        if self.symmetric:
            x = mirrored_at_random(x, random)

        with self._autocast():
            code = nets.encoder(x).to(x.dtype)
            reconstruction = nets.generator(code).to(x.dtype)
            interpolated = None
            if weights.lambda_inter:
                mixed = simplex_interpolation(code, weights.n_interpolated, random)
                interpolated = nets.generator(mixed).to(x.dtype)
            negative = self._negative_pair(x, code, step, random)

        pairs = self._pairs(x, reconstruction, interpolated, negative)
        fixed = [(first.detach(), second.detach()) for first, second in pairs]
        turned = self._turned(x, random)
        for _ in range(weights.critic_steps):
            nets.discriminator.iterate()
            normalised = nets.discriminator.weights()
            values, rotation_loss = self._values(fixed, normalised, turned)
            loss = self._loss(self.game.critic, values) + weights.lambda_rotation * rotation_loss
            penalty = self._penalty(x, reconstruction.detach(), normalised, random)
            critic_optimizer.zero_grad()
            self.manual_backward(loss if penalty is None else loss + weights.penalty_weight * penalty)
            critic_optimizer.step()

        nets.discriminator.requires_grad_(False)
        with torch.no_grad():
            normalised = nets.discriminator.weights()
            # Neither E nor G has a part in D(x, x).
            same, _ = self._values(pairs[:1], normalised)
        others, _ = self._values(pairs[1:], normalised)
        objective_value = self._loss(self.game.generator, same + others, code)
        pixel = (reconstruction - x).abs().mean()
        builder_optimizer.zero_grad()
        self.manual_backward(objective_value + weights.lambda_pixel * pixel)
        builder_optimizer.step()
        nets.discriminator.requires_grad_(True)

        for scheduler in cast(list[MultiStepLR], self.lr_schedulers()):
            scheduler.step()
        if self.averaged is not None:
            self.averaged.update(nets, first=step == 0)
        self.steps_done += 1
        self.losses = {
            "critic": loss.detach(),
            "generator": objective_value.detach(),
            "pixel": pixel.detach(),
        }

    @property
    def identity(self) -> dict[str, Any]:
        return {
            **dataclasses.asdict(self.settings),
            "shape": list(self.networks.shape),
            **super().identity,
        }

    def _autocast(self) -> torch.autocast:
        return torch.autocast(
            self.device.type,
            torch.bfloat16,
            enabled=self.settings.precision == "bfloat16",
            cache_enabled=False,
        )

    def _pairs(
        self, x: Tensor, reconstruction: Tensor, interpolated: Tensor | None, negative: Pair | None
    ) -> list[Pair]:
        """What D rates: (x, x), (x, reconstruction), (x, interpolated), and Eq. 4's two pairs of negatives."""
        pairs = [(x, x), (x, reconstruction)]
        if interpolated is not None:
            pairs.append((x, interpolated))
        if negative is not None:
            anomaly, other = negative
            pairs += [(anomaly, anomaly), (anomaly, other)]
        return pairs

    def _turned(self, x: Tensor, random: Generator) -> Tensor | None:
        """Some of the images, shifted, under every turn: all of the first turn, then of the next."""
        choice = self.settings
        if self.networks.discriminator.rotation_head is None:
            return None
        n = max(1, round(choice.rotation_share * len(x)))
        return torch.cat(rotated(shifted(x[:n], choice.rotation_shift, random)))

    def _values(
        self, pairs: list[Pair], weights: list[Tensor], turned: Tensor | None = None
    ) -> tuple[list[Float[Tensor, " _"]], Float[Tensor, ""] | float]:
        """D's values of each pair and its loss in telling turns, from a single pass over all of them."""
        critic = self.networks.discriminator
        first, second = (list(images) for images in zip(*pairs, strict=True))
        sizes = [len(x) for x in first]
        if turned is not None:
            first, second = [*first, turned], [*second, turned]
        with self._autocast():
            last = critic.maps(torch.cat(first), torch.cat(second), weights)[-1]
        values = critic.value(last[: sum(sizes)], weights)
        rotation_loss: Float[Tensor, ""] | float = 0.0
        if turned is not None:
            logits = critic.rotation_logits(last[sum(sizes) :])
            labels = torch.arange(logits.shape[1], device=logits.device)
            rotation_loss = F.cross_entropy(logits, labels.repeat_interleave(len(turned) // len(labels)))
        return list(values.split(sizes)), rotation_loss

    def _loss(
        self, player: Player, values: list[Float[Tensor, " _"]], code: Float[Tensor, "b d"] | None = None
    ) -> Float[Tensor, ""]:
        """Eq. 2 as one player sees it, from D's values of the pairs."""
        same, reconstruction, *rest = values
        weights = self.settings
        loss = normal_loss(
            same,
            reconstruction,
            rest.pop(0) if weights.lambda_inter else None,
            code,
            lambda_inter=weights.lambda_inter,
            lambda_reg=weights.lambda_reg,
            player=player,
        )
        if rest:
            loss = objective(loss, negative_loss(*rest, player=player), weights.lambda_neg)
        return loss

    def _penalty(
        self, x: Tensor, reconstruction: Tensor, weights: list[Tensor], random: Generator
    ) -> Float[Tensor, ""] | None:
        target = self.settings.penalty_target
        if target is None or not self.settings.penalty_weight:
            return None
        discriminator = self.networks.discriminator

        def critic(first: Tensor, second: Tensor) -> Tensor:
            with FastDoubleBackward():
                return discriminator(first, second, weights)

        if target == 0.0:
            same = gradient_penalty(critic, x, x, target)
            return same + gradient_penalty(critic, x, reconstruction, target)
        share = torch.rand(len(x), generator=random).to(x)
        return gradient_penalty(critic, x, mixture(x, reconstruction, share), target)

    def _negative_pair(self, x: Tensor, code: Tensor, step: int, random: Generator) -> Pair | None:
        """The two images of Eq. 4's second pair: (anomaly, what it is held against)."""
        choice = self.settings
        if not choice.lambda_neg or step < choice.negative_start * self.total_steps:
            return None
        n = max(1, round(choice.negative_share * len(x)))
        nets = self.networks
        if self.anomalies is not None:
            drawn = torch.randint(len(self.anomalies), (n,), generator=random)
            anomaly = nets.normalise(self.anomalies[drawn].to(x.device))
            return anomaly, self._reconstruct(anomaly)
        d = code.shape[1]
        if choice.negatives == "none":
            return None
        if choice.negatives == "atypical":
            z = atypical_selection(n, d, choice.delta, choice.direction, random, like=code)
        elif choice.negatives == "cube":
            z = cube_selection(n, d, choice.delta, random, like=code)
        else:
            z = scaled_selection(code[:n], choice.direction, random)
        drawn_image = nets.generator(z).to(x.dtype)
        if choice.negative_pairs == "mismatched":
            return x[:n], drawn_image
        return drawn_image, self._reconstruct(drawn_image)

    def _reconstruct(self, x: Tensor) -> Tensor:
        return self.networks.generator(self.networks.encoder(x).to(x.dtype)).to(x.dtype)
