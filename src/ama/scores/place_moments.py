r"""A Gaussian for each place of images: its moments from a stream, and distances from it.

PaDiM (Defard et al., ICPR 2020), Eq. 1 and 2: the mean :math:`\mu_p` and the covariance :math:`\Sigma_p + \epsilon I`
of the vectors at place p, and :math:`M(x_p) = \sqrt{(x_p - \mu_p)^T (\Sigma_p + \epsilon I)^{-1} (x_p - \mu_p)}`. A
covariance is kept as the inverse of its Cholesky factor L, as :math:`M(x_p) = \lVert L^{-1} (x_p - \mu_p) \rVert`.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

TOGETHER = 16  # images whose products are best added at a time: fewer take longer, more take memory
INVERTED = 256  # covariances inverted at a time


class PlaceMoments:
    """Means and covariances of a stream of images; memory does not grow with their number."""

    def __init__(self) -> None:
        self._n, self._shift = 0, torch.empty(0)
        self._total, self._products = torch.empty(0), torch.empty(0)

    def add(self, x: Float[Tensor, "_ p d"]) -> None:
        """Take in the vectors of some images."""
        if not self._n:  # from a point among the vectors, as the products of large numbers lose their digits
            self._shift, self._total = x.mean(0), torch.zeros_like(x[0])
            self._products = x.new_zeros(x.shape[1], x.shape[2], x.shape[2])
        x = x - self._shift
        self._n += len(x)
        self._total += x.sum(0)
        self._products.baddbmm_(x.permute(1, 2, 0), x.permute(1, 0, 2))

    def gaussians(self, shrinkage: float) -> tuple[Float[Tensor, "p d"], Float[Tensor, "p d d"]]:
        """The Gaussian of each place.

        Parameters
        ----------
        shrinkage
            epsilon, above 0, in squared units of the vectors.

        Returns
        -------
        tuple of Tensor
            The means, and the inverse Cholesky factors of the covariances.
        """
        centre = self._total / self._n
        return self._shift + centre, torch.cat(list(self._whitenings(centre, shrinkage)))

    def _whitenings(self, centre: Float[Tensor, "p d"], shrinkage: float) -> Iterator[Float[Tensor, "_ d d"]]:
        for products, mean in zip(self._products.split(INVERTED), centre.split(INVERTED), strict=True):
            centred = products.baddbmm(mean[:, :, None], mean[:, None, :], alpha=-self._n)
            covariances = (centred / max(self._n - 1, 1)).double()
            identity = torch.eye(centred.shape[1], dtype=torch.float64, device=centred.device)
            lower = torch.linalg.cholesky(covariances + shrinkage * identity)
            yield torch.linalg.solve_triangular(lower, identity, upper=False).to(centred.dtype)


def mahalanobis_distances(
    grid: Float[Tensor, "b d i j"], mean: Float[Tensor, "p d"], whitening: Float[Tensor, "p d d"]
) -> Float[Tensor, "b i j"]:
    """M of each place of some images, from what :meth:`PlaceMoments.gaussians` returned."""
    centred = vectors_of(grid) - mean
    return torch.einsum("pde,bpe->bpd", whitening, centred).norm(dim=2).view(-1, *grid.shape[2:])


def vectors_of(grid: Float[Tensor, "b d i j"]) -> Float[Tensor, "b p d"]:
    """One vector a place."""
    return grid.flatten(2).mT


def pooled(x: Float[Tensor, "b k h w"], side: int) -> Float[Tensor, "b k i j"]:
    """The means of neighbouring places, so that there are at most ``side`` a side."""
    height, width = (min(length, side) for length in x.shape[2:])
    return F.adaptive_avg_pool2d(x, (height, width))
