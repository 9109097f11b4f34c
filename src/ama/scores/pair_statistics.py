r"""Statistics of all feature maps of a pair, v(x).

Eq. 5 is a single number, the norm of the difference of the last layer's features. v(x) is a vector: for every channel
of every layer of D, the logarithm of the mean magnitude of :math:`\Delta = f(x, x) - f(x, G(E(x)))`, and the mean and
the spread of f(x, x) over space (features of rows have no space, and so no spread). With one layer, the difference
alone and the identity as covariance, its Mahalanobis distance ranks as the two-sided R-score does.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from ama.scores.forward_pass import ForwardPass


def pair_statistics(forward: ForwardPass) -> Float[Tensor, "b n"]:
    """v(x) for the samples of a forward pass."""
    of_layer = forward.networks.discriminator.statistics
    return torch.cat([of_layer(a, b) for a, b in zip(forward.same, forward.others, strict=True)], 1)
