"""A convolution fused with halving or doubling is the same function as the two in a row."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from ama.networks.resampling import average_and_convolve, convolve_and_halve, double_and_convolve

small = st.integers(1, 4)


@given(b=small, c=small, k=small, h=st.integers(2, 9), w=st.integers(2, 9))
def test_halving(b, c, k, h, w):
    x, kernel, bias = _random((b, c, h, w), (k, c, 3, 3), (k,))
    expected = F.avg_pool2d(F.conv2d(x, kernel, bias, padding=1), 2)
    torch.testing.assert_close(convolve_and_halve(x, kernel, bias), expected)


@given(b=small, c=small, k=small, h=st.integers(1, 7), w=st.integers(1, 7))
def test_doubling(b, c, k, h, w):
    x, kernel, bias = _random((b, c, h, w), (k, c, 3, 3), (k,))
    expected = F.conv2d(F.interpolate(x, scale_factor=2.0), kernel, bias, padding=1)
    torch.testing.assert_close(double_and_convolve(x, kernel, bias), expected)


@given(b=small, c=small, k=small, h=st.integers(4, 13), w=st.integers(4, 13), size=st.integers(1, 4))
def test_averaging(b, c, k, h, w, size):
    x, kernel, bias = _random((b, c, h, w), (k, c, 1, 1), (k,))
    expected = F.conv2d(F.avg_pool2d(x, size), kernel, bias)
    torch.testing.assert_close(average_and_convolve(x, kernel, bias, size), expected)


@pytest.mark.parametrize("function", [convolve_and_halve, double_and_convolve])
def test_gradients_once_and_twice(function):
    tensors = _random((2, 2, 4, 4), (3, 2, 3, 3), (3,))
    assert torch.autograd.gradcheck(function, tensors)
    assert torch.autograd.gradgradcheck(function, tensors)


def _random(*shapes):
    return tuple(torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in shapes)
