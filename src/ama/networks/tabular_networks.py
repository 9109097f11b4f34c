"""The three networks for tabular data: rows of a table, or embeddings.

Fully connected networks in the roles that convolutions have for images. The paper has no networks for tabular data;
the normalisations are those of its networks: BatchNorm in E and G, spectral normalisation in D. G ends without a tanh,
since standardised columns have no bounds.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from ama.networks.critic import DIFFERENCE_FLOOR, Critic, precise
from ama.networks.folding import fused


class Encoder(nn.Module):
    """E: two hidden layers with BatchNorm and LeakyReLU(0.2), linear to the latent; no biases.

    Parameters
    ----------
    shape
        (columns,) of a row.
    latent_dim
        Dimension d of the code.
    width
        Units of the hidden layers.
    """

    def __init__(self, shape: tuple[int], latent_dim: int = 16, width: int = 128):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(shape[0], width, bias=False),
            nn.BatchNorm1d(width),
            nn.LeakyReLU(0.2),
            nn.Linear(width, width, bias=False),
            nn.BatchNorm1d(width),
            nn.LeakyReLU(0.2),
            nn.Linear(width, latent_dim, bias=False),
        )

    def forward(self, x: Float[Tensor, "b n"]) -> Float[Tensor, "b d"]:
        return self.layers(x)

    def fold(self) -> None:
        """Fold every BatchNorm into the layer before it; for evaluation mode alone."""
        self.layers = fused(self.layers)


class Generator(nn.Module):
    """G: two hidden layers with BatchNorm and ReLU, linear to the row; Xavier initialisation."""

    def __init__(self, shape: tuple[int], latent_dim: int = 16, width: int = 128):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(latent_dim, width),
            nn.BatchNorm1d(width),
            nn.ReLU(),
            nn.Linear(width, width),
            nn.BatchNorm1d(width),
            nn.ReLU(),
            nn.Linear(width, shape[0]),
        )
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)

    def forward(self, z: Float[Tensor, "b d"]) -> Float[Tensor, "b n"]:
        return self.layers(z)

    def fold(self) -> None:
        """Fold every BatchNorm into the layer before it; for evaluation mode alone."""
        self.layers = fused(self.layers)


class Discriminator(Critic):
    """D: three hidden layers with ReLU on the stacked pair, the last of them f of Eq. 5; linear without bias.

    Parameters
    ----------
    shape
        (columns,) of one row; D sees ``2 * columns``.
    width
        Units of the hidden layers.
    mirrored
        Pairs (x, y). If False (the ablation "without mirroring"), D sees y alone.
    spectral
        Spectral normalisation of every layer.
    """

    def __init__(self, shape: tuple[int], width: int = 128, mirrored: bool = True, spectral: bool = True):
        super().__init__()
        self.mirrored, self.n_features = mirrored, width
        c_in = 2 * shape[0] if mirrored else shape[0]
        self.blocks = nn.ModuleList([nn.Linear(n, width) for n in (c_in, width, width)])
        self.output = nn.Linear(width, 1, bias=False)
        self._normalise(spectral)
        self.rotation_head = None

    def maps(
        self, x: Float[Tensor, "b n"], y: Float[Tensor, "b n"], weights: Sequence[Tensor] | None = None
    ) -> list[Float[Tensor, "b k"]]:
        """The rectified output of each hidden layer for the pair (x, y)."""
        h = torch.cat([x, y], dim=1) if self.mirrored else y
        maps = []
        for block, weight in zip(self.blocks, self.weights() if weights is None else weights, strict=False):
            assert isinstance(block, nn.Linear)
            h = F.relu(F.linear(h, weight, block.bias))
            maps.append(h)
        return maps

    def pool(self, last: Float[Tensor, "b k"]) -> Float[Tensor, "b k"]:
        """The last hidden layer, in float32 or better."""
        return last.to(torch.promote_types(last.dtype, torch.float32))

    def statistics(self, same: Float[Tensor, "b k"], other: Float[Tensor, "b k"]) -> Float[Tensor, "b 2*k"]:
        """Per feature: the logarithm of the absolute difference, and the feature of (x, x)."""
        same, other = precise(same), precise(other)
        return torch.cat([((same - other).abs() + DIFFERENCE_FLOOR).log(), same], 1)
