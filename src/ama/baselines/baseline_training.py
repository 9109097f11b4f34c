"""Base of the baselines' trainings: losses of their own, with the steps, batches and random numbers of AMA's."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, cast

import torch
from jaxtyping import Float, Int, Shaped
from torch import Generator, Tensor, nn

from ama.baselines.baseline_model import BaselineModel
from ama.training.batches import Batch
from ama.training.training_module import Training
from ama.utils.random_generators import generator_for, seed_process


class BaselineTraining(Training):
    """Base of every baseline's training; a subclass has ``configure_optimizers`` and :meth:`step`.

    Parameters
    ----------
    model
        What is trained.
    samples
        Raw training samples at given indices.
    total_steps, seed
        As in :class:`ama.training.training_module.Training`.
    rate
        Learning rate.
    bfloat16
        Whether convolutions run in bfloat16.

    Attributes
    ----------
    parameters_of_fit
        The method, and its parameters that must be the same when a fit resumes.
    """

    def __init__(
        self,
        model: BaselineModel,
        samples: Callable[[Int[Tensor, " b"]], Shaped[Tensor, "b ..."]],
        total_steps: int,
        seed: int,
        rate: float,
        bfloat16: bool,
    ):
        super().__init__(total_steps, seed)
        self.model, self.samples, self.rate, self.in_bfloat16 = model, samples, rate, bfloat16
        self.parameters_of_fit: dict[str, Any] = {}

    @abstractmethod
    def step(self, x: Float[Tensor, "b ..."], random: Generator) -> dict[str, Float[Tensor, ""]]:
        """Update every network on normalised samples; returns the losses to show."""

    def training_step(self, batch: Batch, batch_idx: int) -> None:
        random = generator_for(self.seed, 2, batch.step)
        seed_process(random.initial_seed(), self.device)  # dropout takes no generator
        x = self.model.normalise(self.samples(batch.indices))
        self.losses = {name: loss.detach() for name, loss in self.step(x, random).items()}
        self.steps_done += 1

    @property
    def identity(self) -> dict[str, Any]:
        return {
            "method": type(self.model).__name__,
            **self.parameters_of_fit,
            "rate": self.rate,
            "bfloat16": self.in_bfloat16,
            **self.model.options,
            "shape": list(self.model.shape),
            **super().identity,
        }

    def autocast(self) -> torch.autocast:
        """Context in which convolutions may run in bfloat16; losses are computed outside of it."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.in_bfloat16, cache_enabled=False)

    def on_train_start(self) -> None:
        self.train()  # fitting statistics before the training leaves the model in evaluation mode

    def descend(self, loss: Float[Tensor, ""], number: int = 0, max_norm: float | None = None) -> None:
        """One step of an optimizer; only its own parameters get a gradient.

        Parameters
        ----------
        loss
            To minimise.
        number
            Of the optimizer, in the order of ``configure_optimizers``.
        max_norm
            To which the gradient is clipped, if it is longer.
        """
        found = cast(Any, self.optimizers())
        optimizer = found[number] if isinstance(found, list) else found
        optimizer.zero_grad()
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        self.manual_backward(loss, inputs=parameters)
        if max_norm is not None:
            nn.utils.clip_grad_norm_(parameters, max_norm)
        optimizer.step()


def noise(n: int, d: int, random: Generator, like: Tensor) -> Float[Tensor, "{n} {d}"]:
    """Standard normal latent vectors, the same on every device."""
    return torch.randn(n, d, generator=random).to(like.device)


def trainable(*networks: nn.Module) -> list[nn.Parameter]:
    """The parameters of several networks in one list."""
    return [p for network in networks for p in network.parameters()]
