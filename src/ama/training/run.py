"""How a fit is run: device, seed, time limit, checkpoints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor


@dataclass(frozen=True)
class Run:
    """How to run a fit, as opposed to what to fit.

    Parameters
    ----------
    seed
        Of everything random.
    device
        "cpu" or "cuda".
    max_seconds
        Time limit of each training; None for no limit.
    checkpoints
        Folder for checkpoints; None for no checkpoints.
    checkpoint_seconds
        Time between two checkpoints.
    progress
        Whether to show a progress bar; None shows one in a terminal and in a notebook.
    """

    seed: int = 0
    device: str = "cpu"
    max_seconds: float | None = None
    checkpoints: Path | None = None
    checkpoint_seconds: float = 60.0
    progress: bool | None = False

    def within(self, name: str) -> Run:
        """The same run with its own folder of checkpoints, for one of several trainings."""
        if self.checkpoints is None:
            return self
        return replace(self, checkpoints=self.checkpoints / name)


def reader(samples: Tensor, device: str) -> Callable[[Tensor], Tensor]:
    """Samples by index, on the device; they are kept there if they take less than half of its free memory."""
    if device != "cpu" and samples.nbytes < torch.cuda.mem_get_info()[0] / 2:
        samples = samples.to(device)
    return lambda index: samples[index.to(samples.device)].to(device)
