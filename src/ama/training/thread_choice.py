"""One thread for a training whose other cores are busy."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from ama.training.batches import Batch
from ama.training.training_module import Training
from ama.utils.user_warnings import warn_user

ASKED = "OMP_NUM_THREADS"
FIRST = 5  # steps that are not timed: memory is allocated, and kernels are chosen
TIMED = 5  # steps with all threads, then as many with one
CLEARLY = 0.7  # one thread must take less than this share of the time; on free cores it never does


@contextmanager
def threads_restored() -> Iterator[None]:
    """A block after which the process has as many threads as before."""
    before = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(before)


class ChooseThreads(Callback):
    """Times the first steps with all threads and with one, and goes on with one if it is clearly faster.

    torch's threads wait for each other after every operation, so two threads on one free core are several times slower
    than one. Nothing is timed, and the number of threads is kept, where ``OMP_NUM_THREADS`` is set or there is one
    thread.

    Attributes
    ----------
    chosen
        Number of threads, once it is decided; part of a checkpoint, as rounding depends on it.
    """

    def __init__(self) -> None:
        self.chosen: int | None = None
        self._seconds: dict[int, list[float]] = {}

    def on_train_start(self, trainer: Trainer, module: LightningModule) -> None:
        self._before = torch.get_num_threads()
        self._measures = self._before > 1 and ASKED not in os.environ and module.device.type == "cpu"
        if self._measures and self.chosen is not None:
            torch.set_num_threads(min(self.chosen, self._before))

    def on_train_batch_start(
        self, trainer: Trainer, module: LightningModule, batch: Batch, batch_idx: int
    ) -> None:
        if self._measures and self.chosen is None:
            torch.set_num_threads(self._before if batch.step < FIRST + TIMED else 1)
            self._started = time.perf_counter()

    def on_train_batch_end(
        self, trainer: Trainer, module: LightningModule, outputs: Any, batch: Batch, batch_idx: int
    ) -> None:
        assert isinstance(module, Training)
        if not self._measures or self.chosen is not None:
            return
        if batch.step >= FIRST:
            self._seconds.setdefault(torch.get_num_threads(), []).append(time.perf_counter() - self._started)
        if batch.step + 1 >= FIRST + 2 * TIMED:
            self._choose()

    def _choose(self) -> None:
        typical = {n: statistics.median(seconds) for n, seconds in self._seconds.items()}
        busy = typical[1] < CLEARLY * typical.get(self._before, 0.0)
        self.chosen = 1 if busy else self._before
        torch.set_num_threads(self.chosen)
        if busy:
            warn_user(
                f"other cores are busy: a step takes {1e3 * typical[self._before]:.0f} ms on {self._before} threads, "
                f"and {1e3 * typical[1]:.0f} ms on one, so the training goes on with one; {ASKED} sets their number",
            )

    def state_dict(self) -> dict[str, Any]:
        return {"chosen": self.chosen, "seconds": self._seconds}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.chosen, self._seconds = state_dict["chosen"], dict(state_dict["seconds"])
