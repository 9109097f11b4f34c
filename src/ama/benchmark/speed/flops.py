"""Floating-point operations, counted exactly, and what this machine can do of them in a second."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

SECONDS_PER_SHAPE = 0.6


class CountFlops(TorchDispatchMode):
    """Counts the operations of convolutions and matrix products while active, by their data type.

    torch's own counter knows the formulas but not the types. A multiplication and an addition are two operations.
    """

    def __init__(self) -> None:
        super().__init__()
        self.by_dtype: Counter[torch.dtype] = Counter()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        count = flop_registry.get(func._overloadpacket)
        if count is not None:
            dtype = next(a.dtype for a in args if isinstance(a, Tensor))
            self.by_dtype[dtype] += int(count(*args, **(kwargs or {}), out_val=out))
        return out


def peak(dtype: torch.dtype) -> dict[str, float]:
    """Operations a second of the fastest convolution and matrix product found: ``forward``, ``training``, ``matmul``.

    ``training`` is a forward pass together with both gradients of it.
    """
    best = dict.fromkeys(("forward", "training", "matmul"), 0.0)
    for batch, channels, side in ((64, 128, 32), (64, 256, 16), (256, 128, 16), (64, 256, 32)):
        x = torch.randn(batch, channels, side, side).to(dtype, memory_format=torch.channels_last)
        w = torch.randn(channels, channels, 3, 3).to(dtype, memory_format=torch.channels_last)
        flops = 2 * 9 * batch * side**2 * channels**2
        with torch.no_grad():
            best["forward"] = max(best["forward"], flops * _rate(partial(F.conv2d, x, w, padding=1)))
        x.requires_grad_()
        w.requires_grad_()
        seed = torch.ones_like(x)
        best["training"] = max(
            best["training"],
            3 * flops * _rate(partial(_both_ways, x, w, seed)),
        )
    for n in (1024, 2048, 4096):
        a = torch.randn(n, n).to(dtype)
        best["matmul"] = max(best["matmul"], 2 * n**3 * _rate(partial(torch.matmul, a, a)))
    return best


def _both_ways(x: Tensor, w: Tensor, seed: Tensor) -> None:
    F.conv2d(x, w, padding=1).backward(seed)


def _rate(call: Callable[[], Any]) -> float:
    """Calls a second, by the fastest of those within ``SECONDS_PER_SHAPE``."""
    call()
    started = time.perf_counter()
    fastest = float("inf")
    while time.perf_counter() - started < SECONDS_PER_SHAPE:
        before = time.perf_counter()
        call()
        fastest = min(fastest, time.perf_counter() - before)
    return 1 / fastest
