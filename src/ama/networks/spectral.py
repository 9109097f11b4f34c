r"""Spectral normalisation of all layers of a network at once (Miyato et al. 2018).

===============================  =====================================
Miyato et al.                    here
===============================  =====================================
:math:`\tilde u, \tilde v`       ``u``, ``v``, a row for each layer, ending in zeros
:math:`\sigma(W) = u^T W v`      in :meth:`SpectralNorm.forward`
power iteration, Algorithm 1     :meth:`SpectralNorm.iterate`
===============================  =====================================

A convolution's W is its kernel as a matrix (out, in * height * width). torch's own parametrisation iterates at every
pass and leaves the gradient of each of its operations to autograd, which for small networks takes longer than their
convolutions do. Here there is one iteration for each update of the weights, and the gradient is written down.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

INITIAL_ITERATIONS = 15


class SpectralNorm(nn.Module):
    """Left and right singular vectors of every layer's largest singular value.

    Parameters
    ----------
    weights
        Of the layers, in the order in which every later call gives them.
    """

    u: Tensor
    v: Tensor

    def __init__(self, weights: Sequence[Tensor]):
        super().__init__()
        n, rows, columns = len(weights), max(map(len, weights)), max(w[0].numel() for w in weights)
        self.register_buffer("u", torch.randn(n, rows).to(weights[0]))
        self.register_buffer("v", torch.randn(n, columns).to(weights[0]))
        for i, weight in enumerate(weights):
            self.u[i, len(weight) :], self.v[i, weight[0].numel() :] = 0, 0
        self.iterate(weights, INITIAL_ITERATIONS)

    @torch.no_grad()
    def iterate(self, weights: Sequence[Tensor], times: int = 1) -> None:
        """Bring ``u`` and ``v`` closer to the singular vectors of the weights as they are now, if they have values."""
        if self.u.is_meta:
            return
        layers = list(zip(_matrices(weights), _vectors(self.u, self.v, weights), strict=True))
        for _ in range(times):
            for matrix, (u, v) in layers:
                torch.mv(matrix, v, out=u)
            self.u.copy_(F.normalize(self.u, dim=1))
            for matrix, (u, v) in layers:
                torch.mv(matrix.mT, u, out=v)
            self.v.copy_(F.normalize(self.v, dim=1))

    def forward(self, weights: Sequence[Tensor]) -> list[Tensor]:
        """The weights, each divided by its largest singular value; the division is part of the gradient."""
        # clone: a later iteration must not change what a backward pass still needs.
        return list(_Normalised.apply(self.u.clone(), self.v.clone(), *weights))


class _Normalised(Function):
    r""":math:`\bar W = W / \sigma(W)` of all layers.

    Its gradient by W is :math:`(g - \langle g, \bar W \rangle u v^T) / \sigma(W)` (Miyato et al. 2018, Eq. 12).
    """

    @staticmethod
    def forward(
        ctx: Any, u: Float[Tensor, "layers rows"], v: Float[Tensor, "layers columns"], *weights: Tensor
    ) -> tuple[Tensor, ...]:
        layers = zip(_matrices(weights), _vectors(u, v, weights), strict=True)
        sigmas = [torch.dot(left, torch.mv(matrix, right)) for matrix, (left, right) in layers]
        normalised = tuple(weight / sigma for weight, sigma in zip(weights, sigmas, strict=True))
        ctx.save_for_backward(u, v, *sigmas, *normalised)
        return normalised

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        u, v, *saved = ctx.saved_tensors
        n = len(gradients)
        vectors = _vectors(u, v, gradients)
        by_weights = []
        for g, sigma, normalised, (left, right) in zip(gradients, saved[:n], saved[n:], vectors, strict=True):
            along = (g * normalised).sum()
            by_matrix = torch.addr(g.flatten(1), along * left, right, alpha=-1).div_(sigma)
            by_weights.append(by_matrix.view(g.shape))
        return None, None, *by_weights


def _matrices(weights: Sequence[Tensor]) -> list[Float[Tensor, "_ _"]]:
    return [weight.flatten(1) for weight in weights]


def _vectors(
    u: Float[Tensor, "layers rows"], v: Float[Tensor, "layers columns"], weights: Sequence[Tensor]
) -> list[tuple[Float[Tensor, " _"], Float[Tensor, " _"]]]:
    """The two vectors of each layer, without the padding of the rows."""
    return [(u[i, : len(w)], v[i, : w[0].numel()]) for i, w in enumerate(weights)]
