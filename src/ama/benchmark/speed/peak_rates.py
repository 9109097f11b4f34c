"""The floating-point operations per second that this machine reaches in practice."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from ama.benchmark.speed.timing import seconds_of

SECONDS_PER_SHAPE = 0.6
# Batch size, channels, side.
CONVOLUTIONS = ((64, 128, 32), (64, 256, 16), (256, 128, 16), (64, 256, 32))
MATRIX_SIDES = (1024, 2048, 4096)

# Data type -> kind of operation -> operations per second.
PeakRates = dict[torch.dtype, dict[str, float]]


def peak_rates(*dtypes: torch.dtype) -> PeakRates:
    """Operations per second in the fastest convolution and matrix product, by data type.

    Returns
    -------
    dict
        For each type ``forward`` and ``training`` of a convolution, where training is a forward pass with both of its
        gradients, and ``matmul``.
    """
    return {dtype: {**_convolution_rates(dtype), "matmul": _matmul_rate(dtype)} for dtype in dtypes}


def in_giga(peaks: PeakRates) -> dict[str, dict[str, int]]:
    """The rates in 10^9 operations per second, for a results file."""
    return {
        str(dtype).removeprefix("torch."): {name: round(rate / 1e9) for name, rate in rates.items()}
        for dtype, rates in peaks.items()
    }


def _convolution_rates(dtype: torch.dtype) -> dict[str, float]:
    best = {"forward": 0.0, "training": 0.0}
    for batch, channels, side in CONVOLUTIONS:
        x = torch.randn(batch, channels, side, side).to(dtype, memory_format=torch.channels_last)
        w = torch.randn(channels, channels, 3, 3).to(dtype, memory_format=torch.channels_last)
        flops = 2 * 9 * batch * side**2 * channels**2
        with torch.no_grad():
            forward = flops / _fastest(partial(F.conv2d, x, w, padding=1))
        x.requires_grad_()
        w.requires_grad_()
        training = 3 * flops / _fastest(partial(_forward_and_backward, x, w, torch.ones_like(x)))
        best = {"forward": max(best["forward"], forward), "training": max(best["training"], training)}
    return best


def _matmul_rate(dtype: torch.dtype) -> float:
    best = 0.0
    for n in MATRIX_SIDES:
        a = torch.randn(n, n).to(dtype)
        best = max(best, 2 * n**3 / _fastest(partial(torch.matmul, a, a)))
    return best


def _forward_and_backward(x: Tensor, w: Tensor, gradient: Tensor) -> None:
    F.conv2d(x, w, padding=1).backward(gradient)


def _fastest(call: Callable[[], Any]) -> float:
    """Seconds of the fastest call within ``SECONDS_PER_SHAPE``, after one to warm up."""
    call()
    started = time.perf_counter()
    fastest = seconds_of(call)
    while time.perf_counter() - started < SECONDS_PER_SHAPE:
        fastest = min(fastest, seconds_of(call))
    return fastest
