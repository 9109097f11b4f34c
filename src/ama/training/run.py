"""How a fit is run, as opposed to what is fitted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor


@dataclass(frozen=True)
class Run:
    """How to run a fit, as opposed to what to fit."""

    seed: int = 0
    device: str = "cpu"
    max_seconds: float | None = None
    checkpoints: Path | None = None
    checkpoint_seconds: float = 60.0
    progress: bool | None = False  # None: in a terminal and in a notebook

    def within(self, name: str) -> Run:
        """The same with checkpoints in a folder of their own, for one of several fits."""
        if self.checkpoints is None:
            return self
        folder = self.checkpoints / name
        folder.mkdir(parents=True, exist_ok=True)
        return replace(self, checkpoints=folder)


def reader(samples: Tensor, device: str) -> Callable[[Tensor], Tensor]:
    """Samples by index, on the device: held there where they take less than half of its free memory."""
    if device != "cpu" and samples.nbytes < torch.cuda.mem_get_info()[0] / 2:
        samples = samples.to(device)
    return lambda index: samples[index.to(samples.device)].to(device)


@contextmanager
def repeatable(seed: int) -> Iterator[None]:
    """Initial weights as a function of the seed, leaving the caller's random state as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
