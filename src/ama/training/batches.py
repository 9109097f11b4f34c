"""The order in which training samples are drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from jaxtyping import Int
from torch import Tensor
from torch.utils.data import IterableDataset

from ama.settings import Settings
from ama.utils.random_generators import generator_for


def n_steps(settings: Settings, n_samples: int) -> int:
    """Length of a training in steps: of the steps and the passes over the samples that the settings name, the fewer."""
    passes = settings.max_epochs and settings.max_epochs * -(
        -n_samples // min(settings.batch_size, n_samples)
    )
    return min(filter(None, (settings.max_steps, passes)))


class Batch(NamedTuple):
    """The number of a training step, from 0, and the indices of its samples."""

    step: int
    indices: Int[Tensor, " b"]


class Batches(IterableDataset[Batch]):
    """Indices of full batches from an endless sequence of shuffled passes over the samples.

    Batch i depends on (seed, i) alone. Each pass visits every sample once; the batch at the end of a pass is
    filled up from the next pass, so no batch is short and none is dropped.

    Parameters
    ----------
    n_samples, batch_size
        A batch holds ``min(batch_size, n_samples)`` indices.
    total
        Total number of batches.
    seed
        Of the shuffling.
    current
        Returns the number of batches already drawn; called at the start of every iteration.
    """

    def __init__(self, n_samples: int, batch_size: int, total: int, seed: int, current: Callable[[], int]):
        self.n_samples = n_samples
        self.batch_size = min(batch_size, n_samples)
        self.total, self.seed, self.current = total, seed, current
        self.per_pass = -(-n_samples // self.batch_size)
        self._pass, self._order = -1, torch.empty(0, dtype=torch.int64)

    def __iter__(self) -> Iterator[Batch]:
        """From the current batch to the end of its pass."""
        first = self.current()
        last = min(self.total, (first // self.per_pass + 1) * self.per_pass)
        for i in range(first, last):
            yield Batch(i, self.batch(i))

    def batch(self, i: int) -> Int[Tensor, " b"]:
        """Indices of batch i."""
        start, stop = i * self.batch_size, (i + 1) * self.batch_size
        passes = range(start // self.n_samples, (stop - 1) // self.n_samples + 1)
        order = torch.cat([self._permutation(p) for p in passes])
        offset = passes[0] * self.n_samples
        return order[start - offset : stop - offset]

    def _permutation(self, number: int) -> Int[Tensor, " n"]:
        if self._pass != number:
            # The 1 keeps shuffles apart from the random numbers of training steps.
            random = generator_for(self.seed, 1, number)
            self._pass, self._order = number, torch.randperm(self.n_samples, generator=random)
        return self._order
