"""One training step of the two-player game."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any, cast

import torch
from jaxtyping import Float, Int, Shaped
from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Generator, Tensor
from torch.nn import functional as F
from torch.optim.lr_scheduler import MultiStepLR

from ama.networks.critic import split_batch
from ama.networks.double_backward import fast_double_backward
from ama.networks.networks import Networks
from ama.networks.rotations import mirrored_at_random, rotated, shifted
from ama.objective.losses import (
    GAMES,
    Player,
    gradient_penalty,
    mixed_objective,
    mixture,
    negative_loss,
    normal_loss,
    objective,
)
from ama.settings import Settings
from ama.training.batches import Batch
from ama.training.ema import MovingAverage
from ama.training.game_pairs import PairMaker, Pairs
from ama.training.training_module import Training
from ama.utils.random_generators import generator_for


class AMATraining(Training):
    """Plays Eq. 2: ``critic_steps`` updates of D, then one of E and G, on the same batch.

    E and G do not change between the critic steps, so the encodings, reconstructions and negatives of a batch are
    computed once for all of them.

    Parameters
    ----------
    networks
        E, G and D with their scaling.
    settings
        Of the fit.
    samples
        Raw training samples at given indices, on the training device.
    total_steps
        Length of the training. Shares of it in the settings refer to this number.
    seed
        Every step's random numbers are a function of (seed, step).
    anomalies
        Known raw anomalies, which replace synthetic ones in Eq. 4; or None.
    symmetric
        Whether mirror images of normal samples are normal, too; then half of the samples of a batch are mirrored.
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
        self.samples, self.symmetric = samples, symmetric
        self.maker = PairMaker(networks, settings, anomalies)
        self.game = GAMES[settings.loss]
        # What the step of E and G gets gradients for: D's parameters are constants there.
        self._built = [*networks.encoder.parameters(), *networks.generator.parameters()]

    @property
    def result(self) -> Networks:
        """The trained networks: the moving average if there is one, otherwise the last weights."""
        return self.networks if self.averaged is None else self.averaged.networks

    @property
    def remedy(self) -> str:
        tries = ["a smaller learning_rate"]
        if self.settings.loss != "relativistic":
            tries.append("loss='relativistic'")
        if self.settings.penalty_target is None or not self.settings.penalty_weight:
            tries.append("a lipschitz constraint with a penalty")
        return " or ".join(tries)

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
        milestones = [max(1, round(share * self.total_steps)) for share in self.settings.milestones]
        return [critic, builders], [
            MultiStepLR(optimizer, milestones, gamma=0.1) for optimizer in (critic, builders)
        ]

    def training_step(self, batch: Batch, batch_idx: int) -> None:
        random = generator_for(self.seed, 2, batch.step)
        settings, networks = self.settings, self.networks
        x = networks.normalise(self.samples(batch.indices))
        if self.symmetric:
            x = mirrored_at_random(x, random)

        with self._autocast():
            with_negatives = batch.step >= settings.negative_start * self.total_steps
            pairs, code = self.maker.pairs(x, with_negatives, random)

        fixed = {name: (first.detach(), second.detach()) for name, (first, second) in pairs.items()}
        rotations = self._rotations(x, random)
        for _ in range(settings.critic_steps):
            critic_loss = self._critic_step(fixed, rotations, random)
        generator_loss, pixel_loss = self._generator_step(pairs, code)

        for scheduler in cast(list[MultiStepLR], self.lr_schedulers()):
            scheduler.step()
        if self.averaged is not None:
            self.averaged.update(networks, first=batch.step == 0)
        self.steps_done += 1
        losses = {"critic": critic_loss, "generator": generator_loss, "pixel": pixel_loss}
        self.losses = {name: loss.detach() for name, loss in losses.items()}

    def _critic_step(self, pairs: Pairs, rotations: Tensor | None, random: Generator) -> Float[Tensor, ""]:
        """One update of D, which E, G and the negatives are constants for; returns its loss without the penalty."""
        settings, critic = self.settings, self.networks.discriminator
        optimizer, _ = cast(list[LightningOptimizer], self.optimizers())
        critic.iterate()
        weights = critic.weights()
        values, rotation_loss = self._values(pairs, weights, rotations)
        loss = self._objective(self.game.critic, values) + settings.lambda_rotation * rotation_loss
        penalty = self._penalty(*pairs["reconstruction"], weights, random)
        optimizer.zero_grad()
        self.manual_backward(loss if penalty is None else loss + settings.penalty_weight * penalty)
        optimizer.step()
        return loss

    def _generator_step(
        self, pairs: Pairs, code: Float[Tensor, "b d"]
    ) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
        """One update of E and G; returns Eq. 2 and the mean absolute pixel difference."""
        critic = self.networks.discriminator
        _, optimizer = cast(list[LightningOptimizer], self.optimizers())
        others = dict(pairs)
        with torch.no_grad():
            weights = critic.weights()
            # D(x, x) depends on neither E nor G.
            values, _ = self._values({"same": others.pop("same")}, weights)
        values |= self._values(others, weights)[0]
        loss = self._objective(self.game.generator, values, code)
        x, reconstruction = pairs["reconstruction"]
        pixel = (reconstruction - x).abs().mean()
        optimizer.zero_grad()
        self.manual_backward(loss + self.settings.lambda_pixel * pixel, inputs=self._built)
        optimizer.step()
        return loss, pixel

    @property
    def identity(self) -> dict[str, Any]:
        return {
            "method": "AMADetector",
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

    def _values(
        self, pairs: Pairs, weights: list[Tensor], rotations: Tensor | None = None
    ) -> tuple[dict[str, Float[Tensor, " _"]], Float[Tensor, ""] | float]:
        """D's value of each pair, and its loss in recognising rotations, from a single pass over all of them."""
        critic = self.networks.discriminator
        first, second = (list(images) for images in zip(*pairs.values(), strict=True))
        sizes = [len(x) for x in first]
        if rotations is not None:
            first, second = [*first, rotations], [*second, rotations]
        with self._autocast():
            last = critic.maps(torch.cat(first), torch.cat(second), weights)[-1]
        rotation_loss: Float[Tensor, ""] | float = 0.0
        if rotations is not None:
            last, of_rotations = split_batch(last, [sum(sizes), len(rotations)])
            logits = critic.rotation_logits(of_rotations)
            labels = torch.arange(logits.shape[1], device=logits.device)
            rotation_loss = F.cross_entropy(logits, labels.repeat_interleave(len(rotations) // len(labels)))
        values = critic.value(last, weights).split(sizes)
        return dict(zip(pairs, values, strict=True)), rotation_loss

    def _objective(
        self,
        player: Player,
        values: dict[str, Float[Tensor, " _"]],
        code: Float[Tensor, "b d"] | None = None,
    ) -> Float[Tensor, ""]:
        """Eq. 2 as one player sees it, from D's values of the pairs."""
        settings = self.settings
        loss = normal_loss(
            values["same"],
            values["reconstruction"],
            values.get("interpolated"),
            code,
            lambda_inter=settings.lambda_inter,
            lambda_reg=settings.lambda_reg,
            player=player,
        )
        if "negative" not in values:
            return loss
        negative = negative_loss(values["negative_same"], values["negative"], player=player)
        if settings.negative_batch == "mixed":
            n, m = len(values["same"]), len(values["negative"])
            return mixed_objective(loss, negative, settings.lambda_neg, n, m)
        return objective(loss, negative, settings.lambda_neg)

    def _penalty(
        self, x: Tensor, reconstruction: Tensor, weights: list[Tensor], random: Generator
    ) -> Float[Tensor, ""] | None:
        target = self.settings.penalty_target
        if target is None or not self.settings.penalty_weight:
            return None
        critic = fast_double_backward(partial(self.networks.discriminator, weights=weights))
        norm = self.settings.penalty_norm
        if target == 0.0:
            same = gradient_penalty(critic, x, x, target, norm)
            return same + gradient_penalty(critic, x, reconstruction, target, norm)
        share = torch.rand(len(x), generator=random).to(x)
        return gradient_penalty(critic, x, mixture(x, reconstruction, share), target, norm)

    def _rotations(self, x: Tensor, random: Generator) -> Tensor | None:
        """Some of the images, shifted, under every rotation: all of the first rotation, then of the next."""
        settings = self.settings
        if self.networks.discriminator.rotation_head is None:
            return None
        n = max(1, round(settings.rotation_share * len(x)))
        return torch.cat(rotated(shifted(x[:n], settings.rotation_shift, random)))
