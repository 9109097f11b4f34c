"""Exponential moving average of the weights, which fluctuates less than the weights of adversarial training."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn


class MovingAverage(nn.Module):
    """Exponential moving average of all parameters and buffers of networks.

    torch's ``AveragedModel`` does the same, but traverses all modules at every step, which takes a considerable share
    of a step of small networks.

    Parameters
    ----------
    networks
        The networks to average; the average starts at their weights after the first step.
    decay
        Weight of the previous average, in (0, 1).
    """

    def __init__(self, networks: nn.Module, decay: float):
        super().__init__()
        self.networks: Any = deepcopy(networks).requires_grad_(False)
        self._mix = get_ema_multi_avg_fn(decay)
        self._pairs: list[tuple[Tensor, Tensor]] | None = None

    @torch.no_grad()
    def update(self, networks: nn.Module, first: bool) -> None:
        """Update the average.

        Parameters
        ----------
        networks
            The networks in training, the same object at every call.
        first
            Copy the weights instead of averaging them.
        """
        if self._pairs is None:
            own, given = self.networks.state_dict(), networks.state_dict()
            self._pairs = [(own[name], given[name]) for name in own]
        mixed = [] if first else [pair for pair in self._pairs if pair[0].is_floating_point()]
        if mixed:
            self._mix([average for average, _ in mixed], [current for _, current in mixed], 1)
        for average, current in self._pairs:
            if first or not average.is_floating_point():
                average.copy_(current)
