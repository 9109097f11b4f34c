"""Batch normalisation that leaves its running statistics alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


@contextmanager
def fixed_statistics(*networks: nn.Module) -> Iterator[None]:
    """Normalise by the running statistics, and do not update them.

    For samples that are not of the distribution that the networks will be scored on: a small batch of synthetic
    anomalies in training mode would weigh as much in the running statistics as the whole batch of normal samples.

    Parameters
    ----------
    *networks
        Whose batch normalisation layers are in evaluation mode inside the context; gradients flow as usual.
    """
    layers = [
        m for network in networks for m in network.modules() if isinstance(m, _BatchNorm) and m.training
    ]
    for layer in layers:
        layer.eval()
    try:
        yield
    finally:
        for layer in layers:
            layer.train()
