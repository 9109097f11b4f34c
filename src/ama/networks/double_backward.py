r"""Convolutions, ReLUs and averages with a cheap second derivative, for the gradient penalty.

A network of convolutions and ReLUs is linear wherever no ReLU switches, so its gradient g by the input depends on the
weights through :math:`g = W_1^T M_1 W_2^T M_2 \dots` alone, the masks M being constant almost everywhere. torch does
not use this: it propagates zeros back through the whole forward pass, a third of all products, and computes the
gradient by :math:`W` of a transposed convolution as a convolution with kernels as large as the maps. Here nothing is
propagated through the masks (or through the input of an average, on which its gradient does not depend either), and
the gradient by W is the ordinary one, since :math:`\langle conv^T(g, W), h \rangle = \langle g, conv(h, W) \rangle`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

Maps = Float[Tensor, "b c h w"]  # the input of a layer
Output = Float[Tensor, "b k h2 w2"]  # the output of a convolution
Kernel = Float[Tensor, "k c r s"]


class FastDoubleBackward(TorchFunctionMode):
    """While active, ``F.conv2d``, ``F.relu`` and ``F.avg_pool2d`` are those of this file.

    It has one use: a gradient by the network's *inputs* with ``create_graph=True``, then one by its weights. In the
    first of them the weights get no gradient.
    """

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        return _REPLACED.get(func, func)(*args, **(kwargs or {}))


def fast_double_backward(critic: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
    """A critic of pairs whose gradient by the pair has a cheap derivative by the weights."""

    def fast(x: Tensor, y: Tensor) -> Tensor:
        with FastDoubleBackward():
            return critic(x, y)

    return fast


def _convolution(
    x: Maps, weight: Kernel, bias: Float[Tensor, " k"] | None = None, stride: int = 1, padding: int = 0
) -> Output:
    return _Convolution.apply(x, weight, bias, stride, padding)


def _relu(x: Tensor, inplace: bool = False) -> Tensor:
    return _ReLU.apply(x)  # a saved map must stay as it is


class _ReLU(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        out = torch.relu(x)
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (out,) = ctx.saved_tensors
        return torch.ops.aten.threshold_backward(gradient, out.detach(), 0)


def _average(
    x: Maps, size: int, stride: int | None = None, padding: int = 0, divisor_override: int | None = None
) -> Float[Tensor, "b c h2 w2"]:
    return _AveragePool.apply(x, size, stride or size, padding, divisor_override)


class _AveragePool(Function):
    @staticmethod
    def forward(
        ctx: Any, x: Maps, size: int, stride: int, padding: int, divisor: int | None
    ) -> Float[Tensor, "b c h2 w2"]:
        ctx.save_for_backward(x)
        ctx.how = ([size, size], [stride, stride], [padding, padding], False, True, divisor)
        return torch.ops.aten.avg_pool2d(x, *ctx.how)

    @staticmethod
    def backward(ctx: Any, gradient: Float[Tensor, "b c h2 w2"]) -> tuple[Maps, None, None, None, None]:
        (x,) = ctx.saved_tensors
        return torch.ops.aten.avg_pool2d_backward(gradient, x.detach(), *ctx.how), None, None, None, None


class _Convolution(Function):
    @staticmethod
    def forward(
        ctx: Any, x: Maps, weight: Kernel, bias: Float[Tensor, " k"] | None, stride: int, padding: int
    ) -> Output:
        ctx.save_for_backward(x, weight)
        ctx.place = (stride, padding)
        return F.conv2d(x, weight, bias, stride, padding)

    @staticmethod
    def backward(
        ctx: Any, gradient: Output
    ) -> tuple[Maps | None, Kernel | None, Float[Tensor, " k"] | None, None, None]:
        x, weight = ctx.saved_tensors
        by_x = by_weight = by_bias = None
        if ctx.needs_input_grad[0]:
            by_x = _ByInput.apply(gradient, weight, x.detach(), *ctx.place)
        # Grad mode is on in the first differentiation only, which asks for x alone.
        if ctx.needs_input_grad[1] and not torch.is_grad_enabled():
            by_weight = _by_weight(gradient, x, weight, *ctx.place)
        if ctx.needs_input_grad[2] and not torch.is_grad_enabled():
            by_bias = gradient.sum((0, 2, 3))
        return by_x, by_weight, by_bias, None, None


class _ByInput(Function):
    """The gradient of a convolution by its input: linear in both ``gradient`` and ``weight``."""

    @staticmethod
    def forward(ctx: Any, gradient: Output, weight: Kernel, x: Maps, stride: int, padding: int) -> Maps:
        ctx.save_for_backward(gradient, weight)
        ctx.place = (stride, padding)
        return _gradients(gradient, x, weight, stride, padding, (True, False))[0]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, direction: Maps) -> tuple[Tensor, Tensor, None, None, None]:
        gradient, weight = ctx.saved_tensors
        stride, padding = ctx.place
        by_gradient = F.conv2d(direction, weight, None, stride, padding)
        return by_gradient, _by_weight(gradient, direction, weight, stride, padding), None, None, None


def _by_weight(gradient: Output, x: Maps, weight: Kernel, stride: int, padding: int) -> Kernel:
    return _gradients(gradient, x, weight, stride, padding, (False, True))[1]


def _gradients(
    gradient: Output, x: Maps, weight: Kernel, stride: int, padding: int, wanted: tuple[bool, bool]
) -> tuple[Any, ...]:
    twice = [stride, stride], [padding, padding], [1, 1]
    return torch.ops.aten.convolution_backward(
        gradient, x, weight, None, *twice, False, [0, 0], 1, [*wanted, False]
    )


_REPLACED: dict[Any, Callable[..., Any]] = {
    F.conv2d: _convolution,
    F.relu: _relu,
    F.avg_pool2d: _average,
}
