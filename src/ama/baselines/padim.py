r"""PaDiM (Defard et al., "PaDiM: a Patch Distribution Modeling Framework for Anomaly Detection", ICPR 2020).

Each place of the images has a Gaussian of its own, so it suits images in which every part has its place.

==========================================================================================  =====================
paper                                                                                       here
==========================================================================================  =====================
patch embedding vectors :math:`x_{ij}`, of d channels drawn at random                       ``vectors``
:math:`\mu_{ij}`, the mean over the normal images                                           ``mean``
:math:`\Sigma_{ij} = \frac{1}{N - 1} \sum_k (x_{ij}^k - \mu_{ij}) (x_{ij}^k - \mu_{ij})^T
+ \epsilon I`, Eq. 1                                                                        ``place_gaussians``
:math:`M(x_{ij}) = \sqrt{(x_{ij} - \mu_{ij})^T \Sigma_{ij}^{-1} (x_{ij} - \mu_{ij})}`,
Eq. 2                                                                                       ``distances``
the largest M of an image                                                                   the anomaly score
M, enlarged and smoothed by a Gaussian of 4 of 224 pixels                                   ``anomaly_map``
==========================================================================================  =====================

A covariance is kept as the inverse of its Cholesky factor L, as :math:`M = \lVert L^{-1} (x - \mu) \rVert`.

Deviations: the backbone and the size of the images are those of ``AMADetector(features="lite0")``, not a ResNet on
crops of 224 pixels; its features of places are averaged over their neighbours, too. As the Gaussians take memory, there
are at most 64 places a side: of larger images the features are averaged. The score is the largest M before smoothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from jaxtyping import Float, Shaped
from torch import Tensor
from torch.nn import functional as F

from ama.baselines.baseline import Log
from ama.baselines.place_baseline import PlaceBaseline, PlaceModel, places_of
from ama.detectors.parameters import parameters
from ama.training.run import Run
from ama.utils.declarations import METHOD, parameter
from ama.utils.random_generators import generator_for

MOST_PLACES = 64  # a side
TOGETHER = 16  # images whose products are added at a time
INVERTED = 256  # covariances inverted at a time


class PaDiMModel(PlaceModel):
    """The channels, and a Gaussian for each of p places."""

    channels: Tensor
    mean: Tensor
    whitening: Tensor

    def build(self, backbone: dict[str, Any]) -> None:
        self.register_buffer("channels", torch.zeros(0, dtype=torch.int64))
        self.register_buffer("mean", torch.zeros(0, 0))
        self.register_buffer("whitening", torch.zeros(0, 0, 0))

    def grid(self, x: Float[Tensor, "b k i j"]) -> Float[Tensor, "b d p q"]:
        """The drawn channels, of at most ``MOST_PLACES`` places a side."""
        height, width = (min(side, MOST_PLACES) for side in x.shape[2:])
        return F.adaptive_avg_pool2d(x[:, self.channels], (height, width))

    def vectors(self, x: Float[Tensor, "b k i j"]) -> Float[Tensor, "b p d"]:
        """One vector a place."""
        return self.grid(x).flatten(2).mT

    def distances(self, x: Float[Tensor, "b k i j"]) -> Float[Tensor, "b p q"]:
        grid = self.grid(x)
        centred = grid.flatten(2).mT - self.mean
        return torch.einsum("pde,bpe->bpd", self.whitening, centred).norm(dim=2).view(-1, *grid.shape[2:])

    @torch.no_grad()
    def anomalies(self, x: Float[Tensor, "b k i j"]) -> dict[str, Float[Tensor, " b"]]:
        return {"score": self.distances(x).flatten(1).amax(1)}


def place_gaussians(
    parts: Iterable[Float[Tensor, "_ p d"]], shrinkage: float
) -> tuple[Float[Tensor, "p d"], Float[Tensor, "p d d"]]:
    """Fit a Gaussian to each place, in one pass over the images.

    Parameters
    ----------
    parts
        The vectors of normal images, some images at a time.
    shrinkage
        epsilon of Eq. 1, above 0.

    Returns
    -------
    tuple of Tensor
        The means, and the inverse Cholesky factors of the covariances.
    """
    n, shift, total, products = 0, torch.empty(0), torch.empty(0), torch.empty(0)
    for x in parts:
        if not n:  # from a point among the vectors, as the products of large numbers lose their digits
            shift, total = x.mean(0), torch.zeros_like(x[0])
            products = x.new_zeros(x.shape[1], x.shape[2], x.shape[2])
        x = x - shift
        n += len(x)
        total += x.sum(0)
        products.baddbmm_(x.permute(1, 2, 0), x.permute(1, 0, 2))
    centre = total / n
    products.baddbmm_(centre[:, :, None], centre[:, None, :], alpha=-n)
    whitening = torch.cat(list(_whitenings(products / max(n - 1, 1), shrinkage)))
    return shift + centre, whitening


def _whitenings(covariances: Float[Tensor, "p d d"], shrinkage: float) -> Iterator[Float[Tensor, "_ d d"]]:
    for part in covariances.split(INVERTED):
        identity = torch.eye(part.shape[1], dtype=torch.float64, device=part.device)
        lower = torch.linalg.cholesky(part.double() + shrinkage * identity)
        yield torch.linalg.solve_triangular(lower, identity, upper=False).to(part.dtype)


@parameters
class PaDiM(PlaceBaseline):
    """PaDiM (Defard et al. 2020): the largest distance of a place of an image from the Gaussian of that place."""

    # fmt: off
    n_channels: int = parameter("Channels drawn from those of the backbone; all if it has fewer.", METHOD, 1, 1000,
        default=100)
    shrinkage: float = parameter("Added to each variance, epsilon of Eq. 1.", METHOD, 1e-6, 1e6, default=0.01)
    # fmt: on

    _model_class = PaDiMModel

    def _learn(self, model: PaDiMModel, train: Shaped[Tensor, "n c h w"], run: Run, log: Log) -> None:
        n = next(model.chunks(train[:1])).shape[1]
        drawn = torch.randperm(n, generator=generator_for(run.seed, 22))[: self.n_channels]
        model.channels = drawn.sort().values.to(model.device)
        vectors = (model.vectors(x) for x in places_of(model, train, run))
        model.mean, model.whitening = place_gaussians(_together(vectors), self.shrinkage)


def _together(vectors: Iterable[Float[Tensor, "1 p d"]]) -> Iterator[Float[Tensor, "_ p d"]]:
    held: list[Tensor] = []
    for one in vectors:
        held.append(one)
        if len(held) == TOGETHER:
            yield torch.cat(held)
            held = []
    if held:
        yield torch.cat(held)
