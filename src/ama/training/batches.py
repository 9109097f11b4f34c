"""The order in which training samples are drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from jaxtyping import Int
from torch import Tensor
from torch.utils.data import IterableDataset

from ama.utils.random_generators import generator_for


class Batch(NamedTuple):
    """The number of a training step, from 0, and the indices of its samples."""

    step: int
    indices: Int[Tensor, " b"]


class Batches(IterableDataset[Batch]):
    """Indices of full batches from an endless row of shuffled passes over the samples.

    Batch i is a function of (seed, i). Each pass visits every sample once; the batch that
    crosses the end of a pass is filled from the next, so none is short and none is dropped.

    Parameters
    ----------
    n_samples, batch_size
        A batch holds ``min(batch_size, n_samples)`` indices.
    total
        Number of batches in all.
    seed
        Of the shuffling.
    current
        Called at the start of every iteration: the number of batches already drawn.
    """

    def __init__(self, n_samples: int, batch_size: int, total: int, seed: int, current: Callable[[], int]):
        self.n_samples = n_samples
        self.batch_size = min(batch_size, n_samples)
        self.total, self.seed, self.current = total, seed, current
        self.per_pass = -(-n_samples // self.batch_size)

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
        if getattr(self, "_cached", (None, None))[0] != number:
            # The second key tells shuffles from the draws of a training step.
            self._cached = (
                number,
                torch.randperm(self.n_samples, generator=generator_for(self.seed, 1, number)),
            )
        return self._cached[1]
