"""How a fit is run: device, seed, time limit, checkpoints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ama.utils.user_warnings import warn_user

A_MOMENT = 1e-3  # seconds, less than a step takes


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
        Time limit of each training and of the features computed for it; None for no limit.
    checkpoints
        Folder for checkpoints; None for no checkpoints.
    checkpoint_seconds
        Time between two checkpoints.
    progress
        Whether to show a progress bar; None shows one in a terminal and in a notebook.
    logger
        A logger of Lightning, which gets the losses; None for none.
    """

    seed: int = 0
    device: str = "cpu"
    max_seconds: float | None = None
    checkpoints: Path | None = None
    checkpoint_seconds: float = 60.0
    progress: bool | None = False
    logger: Any = None

    def after(self, seconds: float) -> Run:
        """The same run after so many seconds of its limit; at least one step is left, and a warning says if no more."""
        if self.max_seconds is None:
            return self
        if seconds >= self.max_seconds:
            warn_user(
                f"max_time was over before the training: what is made of the samples for it took {seconds:.3g} s, so "
                "the training stops after its first step; give it more time",
            )
        return replace(self, max_seconds=max(self.max_seconds - seconds, A_MOMENT))

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
