"""What every training here is: counted in steps, and sure of its own checkpoints."""

from __future__ import annotations

from typing import Any

import torch
from lightning.pytorch import LightningModule
from torch import Tensor

from ama.errors import InputError


class Training(LightningModule):
    """A training that counts its steps and knows by its checkpoints whether they are its own.

    Parameters
    ----------
    total_steps
        Length of the training.
    seed
        Every step's random numbers are a function of (seed, step).
    """

    steps_done: Tensor

    def __init__(self, total_steps: int, seed: int):
        super().__init__()
        self.automatic_optimization = False
        self.total_steps, self.seed = total_steps, seed
        self.register_buffer("steps_done", torch.zeros((), dtype=torch.int64))
        self.losses: dict[str, Tensor] = {}

    @property
    def identity(self) -> dict[str, Any]:
        """What must be the same for a resumed fit to equal an undisturbed one, as JSON types."""
        return {"length": self.total_steps, "seed": self.seed}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["fit"] = self.identity

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        found = checkpoint.get("fit", {})
        for name, expected in self.identity.items():
            if found.get(name) != expected:
                raise InputError(
                    f"the checkpoint is of another fit: its {name} is {found.get(name)}, expected {expected}; "
                    "name another folder or remove it"
                )
