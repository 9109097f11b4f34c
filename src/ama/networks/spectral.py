r"""Spectral normalisation of all layers of a network at once (Miyato et al. 2018).

===============================  =====================================
Miyato et al.                    here
===============================  =====================================
:math:`\tilde u, \tilde v`       ``u``, ``v``, a row for each layer
:math:`\sigma(W) = u^T W v`      in :meth:`SpectralNorm.forward`
power iteration, Algorithm 1     :meth:`SpectralNorm.iterate`
===============================  =====================================

A convolution's W is its kernel as a matrix (out, in * height * width). torch's own parametrisation iterates layer
by layer at every pass, which for small networks takes longer than their convolutions do. Here the matrices are
stacked, padded with zeros, so that an iteration is two batched products, made once for each update of the weights.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

INITIAL_ITERATIONS = 15


class SpectralNorm(nn.Module):
    """Left and right singular vectors of every layer's largest singular value.

    Parameters
    ----------
    weights
        Of the layers, in the order in which they are given ever after.
    """

    u: Tensor
    v: Tensor

    def __init__(self, weights: Sequence[Tensor]):
        super().__init__()
        n, rows, columns = len(weights), max(map(len, weights)), max(w[0].numel() for w in weights)
        self.register_buffer("u", torch.randn(n, rows).to(weights[0]))
        self.register_buffer("v", torch.randn(n, columns).to(weights[0]))
        self.iterate(weights, INITIAL_ITERATIONS)

    @torch.no_grad()
    def iterate(self, weights: Sequence[Tensor], times: int = 1) -> None:
        """Bring ``u`` and ``v`` closer to the singular vectors of the weights as they are now, if they have values."""
        if self.u.is_meta:
            return
        stacked = self._stack(weights)
        for _ in range(times):
            self.u.copy_(F.normalize(torch.einsum("lrc,lc->lr", stacked, self.v), dim=1))
            self.v.copy_(F.normalize(torch.einsum("lrc,lr->lc", stacked, self.u), dim=1))

    def forward(self, weights: Sequence[Tensor]) -> list[Tensor]:
        """The weights, each divided by its largest singular value; the division is part of the gradient."""
        # clone: a later iteration must not change what a backward pass still needs.
        u, v = self.u.clone(), self.v.clone()
        sigma = torch.einsum("lr,lrc,lc->l", u, self._stack(weights), v)
        return [weight / scale for weight, scale in zip(weights, sigma.unbind(), strict=True)]

    def _stack(self, weights: Sequence[Tensor]) -> Float[Tensor, "layers rows columns"]:
        rows, columns = self.u.shape[1], self.v.shape[1]
        matrices = [weight.flatten(1) for weight in weights]
        return torch.stack([F.pad(m, (0, columns - m.shape[1], 0, rows - m.shape[0])) for m in matrices])
