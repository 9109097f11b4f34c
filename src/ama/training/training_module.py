"""Base of every training here: it counts its steps and tells what it is a training of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from lightning.pytorch import LightningModule
else:
    # A file that defines a baseline holds both its model and its training, and a machine that only scores has no
    # lightning.
    try:
        from lightning.pytorch import LightningModule
    except ImportError:
        from torch.nn import Module as LightningModule

Losses = dict[str, int | float]  # "step", and the value of each loss at that step


class Training(LightningModule):
    """A training that counts its steps and tells what it is a training of.

    Parameters
    ----------
    total_steps
        Length of the training.
    seed
        Each step's random numbers are a function of (seed, step).

    Attributes
    ----------
    steps_done
        Steps so far; part of a checkpoint.
    losses
        By name, of the last step.
    """

    steps_done: Tensor

    def __init__(self, total_steps: int, seed: int):
        super().__init__()
        self.automatic_optimization = False
        self.total_steps, self.seed = total_steps, seed
        self.register_buffer("steps_done", torch.zeros((), dtype=torch.int64))
        self.losses: dict[str, Tensor] = {}

    @property
    def remedy(self) -> str:
        """What to try if the training diverges."""
        return "a smaller learning_rate"

    @property
    def identity(self) -> dict[str, Any]:
        """What must be the same for a resumed fit to equal an uninterrupted one besides its data, as JSON types."""
        return {"length": self.total_steps, "seed": self.seed}
