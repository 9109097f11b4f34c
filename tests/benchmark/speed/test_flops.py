"""Counted operations are those of the formulas, by data type."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from ama.benchmark.speed.flops import CountFlops


def test_a_convolution_forward_and_backward():
    x = torch.randn(2, 3, 8, 8, requires_grad=True)
    w = torch.randn(5, 3, 3, 3, requires_grad=True)
    forward = 2 * (3 * 3 * 3) * (2 * 5 * 8 * 8)
    with CountFlops() as count:
        y = F.conv2d(x, w, padding=1)
    assert count.by_dtype == {torch.float32: forward}
    with CountFlops() as count:
        y.sum().backward()
    assert count.by_dtype == {torch.float32: 2 * forward}


def test_data_types_are_counted_apart_and_only_products_count():
    a = torch.randn(4, 6)
    with CountFlops() as count:
        (a @ a.T).relu()
        a.bfloat16() @ a.T.bfloat16()
    assert count.by_dtype == {torch.float32: 2 * 4 * 6 * 4, torch.bfloat16: 2 * 4 * 6 * 4}
