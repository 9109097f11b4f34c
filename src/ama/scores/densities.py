"""The densities of normal samples behind the scores, fitted by scikit-learn.

Its estimators are imported by the functions that use them: they take 0.3 s, which scoring does not need.
"""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple, TypeVar

import numpy as np
import torch
from jaxtyping import Float
from threadpoolctl import threadpool_limits
from torch import Tensor

from ama.errors import DivergenceError
from ama.utils.progress import advance, inner_phase

Points = TypeVar("Points", Tensor, np.ndarray)

MAX_SAMPLES = 20_000  # more samples would change the mixture less than its random start does
MAX_SEARCHED = 6_000  # samples that select the number of components, which takes most of the time
CANDIDATES = (1, 3, 6, 12, 24, 48)
RIDGE = 0.1  # added to each variance of the standardised features: small samples make thin components
FOLDS = 3  # of the cross-validation that selects the number
ROW_CANDIDATES = (1, 3, 6, 12, 24)
ROW_RIDGE = 0.01  # the same for rows themselves, which vary more than what networks make of them
SHRINKAGE = 0.2  # of the covariance of the standardised vectors toward the identity
MAX_POINTS = 10_000  # in a memory bank


class Gaussian(NamedTuple):
    """Mean (n,) and inverse covariance (n, n) of a Gaussian, float64."""

    mean: Tensor
    precision: Tensor


class WhitenedPoints(NamedTuple):
    """Normal vectors in whitened coordinates, (v - mean) @ whitening: points (m, n) in the vectors' own type."""

    mean: Tensor
    whitening: Tensor
    points: Tensor


def fit_gaussian(vectors: Float[Tensor, "b n"]) -> Gaussian:
    """Fit a Gaussian with a shrunk covariance.

    Parameters
    ----------
    vectors
        Vectors of two or more normal samples, shape (b, n). A constant component keeps its unit.

    Raises
    ------
    DivergenceError
        If a number is not finite.
    """
    mean, scale, covariance = _shrunk(vectors)
    return Gaussian(
        torch.from_numpy(mean), torch.from_numpy(np.linalg.inv(covariance) / np.outer(scale, scale))
    )


def fit_memory_bank(
    vectors: Float[Tensor, "b n"], seed: int, most: int = MAX_POINTS, shrinkage: float = SHRINKAGE
) -> WhitenedPoints:
    """Keep normal vectors, whitened by a shrunk covariance, for a nearest-neighbour search.

    Parameters
    ----------
    vectors
        As for :func:`fit_gaussian`.
    seed
        Of the subsample, if there are more than ``most``.
    most
        Vectors to keep.
    shrinkage
        Of the covariance of the standardised vectors toward the identity, 0 to 1.
    """
    mean, scale, covariance = _shrunk(vectors, shrinkage)
    variances, axes = np.linalg.eigh(covariance)
    whitening = torch.from_numpy(axes / np.sqrt(variances) / scale[:, None])
    centre = torch.from_numpy(mean)
    kept = some(vectors.cpu().double(), most, seed)
    return WhitenedPoints(centre, whitening, ((kept - centre) @ whitening).to(vectors.dtype))


def _shrunk(
    vectors: Float[Tensor, "b n"], shrinkage: float = SHRINKAGE
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"], Float[np.ndarray, "n n"]]:
    """Mean and scale of the vectors, and the shrunk covariance of the standardised ones."""
    from sklearn.covariance import ShrunkCovariance

    points = _finite(vectors)
    mean, scale = standard(points)
    fitted = ShrunkCovariance(shrinkage=shrinkage, store_precision=False).fit((points - mean) / scale)
    covariance = fitted.covariance_
    return mean, scale, covariance if covariance.any() else np.eye(len(covariance))  # of vectors all equal


class Mixture(NamedTuple):
    """Weights (m,), means (m, n) and covariances (m, n, n) of a Gaussian mixture, float64."""

    weights: Tensor
    means: Tensor
    covariances: Tensor


def fit_mixture(features: Float[Tensor, "b n"], seed: int) -> Mixture:
    """Fit a mixture whose number of components maximises the cross-validated likelihood.

    Parameters
    ----------
    features
        Finite features of two or more normal samples, shape (b, n).
    seed
        Of the mixture's start and of the subsamples, if there are more than ``MAX_SAMPLES`` or ``MAX_SEARCHED``.
    """
    points = some(_finite(features), MAX_SAMPLES, seed)
    mean, scale = standard(points)
    # A component needs several samples in each fold's training part to have a covariance at all.
    mixture = _searched(
        (points - mean) / scale, [k for k in CANDIDATES if k * 10 <= len(points)], RIDGE, seed
    )
    return Mixture(
        torch.from_numpy(mixture.weights_),
        torch.from_numpy(mixture.means_ * scale + mean),
        torch.from_numpy(mixture.covariances_ * np.outer(scale, scale)),
    )


class WhitenedMixture(NamedTuple):
    """Logarithms of the weights (m,), means (m, n) and whitenings (m, n, n) of a Gaussian mixture, float64.

    A component has the precision :math:`W W^T`.
    """

    log_weights: Tensor
    means: Tensor
    whitenings: Tensor


def fit_density(rows: Float[Tensor, "b n"], seed: int) -> WhitenedMixture:
    """Fit a mixture to standardised rows; a single component has Ledoit and Wolf's covariance.

    Parameters
    ----------
    rows
        Two or more, finite.
    seed
        As in :func:`fit_mixture`.
    """
    from sklearn.covariance import ledoit_wolf

    points = some(_finite(rows), MAX_SAMPLES, seed)
    n, d = points.shape
    mixture = _searched(points, [k for k in ROW_CANDIDATES if k * max(10, d) <= n], ROW_RIDGE, seed)
    covariances = mixture.covariances_
    if len(covariances) == 1:
        covariances = ledoit_wolf(points)[0][None] + ROW_RIDGE * np.eye(d)
    factors = np.linalg.cholesky(np.linalg.inv(covariances))
    return WhitenedMixture(
        torch.from_numpy(np.log(mixture.weights_)),
        torch.from_numpy(mixture.means_),
        torch.from_numpy(np.ascontiguousarray(factors)),
    )


def _searched(points: Float[np.ndarray, "b n"], candidates: list[int], ridge: float, seed: int) -> Any:
    """A mixture of standardised points with the best of several numbers of components; of one if there are none."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture
    from sklearn.model_selection import GridSearchCV

    mixture = GaussianMixture(1, reg_covar=ridge, max_iter=50, random_state=seed)
    with warnings.catch_warnings(), threadpool_limits(1):
        # An EM that is still creeping after 50 rounds is good enough for a score; its many tiny steps are faster
        # without a team of threads, the more so on busy cores.
        warnings.simplefilter("ignore", ConvergenceWarning)
        if len(candidates) > 1:
            search = GridSearchCV(
                mixture, {"n_components": candidates}, scoring=_score, cv=FOLDS, refit=False
            )
            with inner_phase(len(candidates) * FOLDS, "mixture", "fit"):
                mixture.set_params(**search.fit(some(points, MAX_SEARCHED, seed)).best_params_)
        return mixture.fit(points)


def _score(mixture: Any, points: Float[np.ndarray, "b n"], _: None = None) -> float:
    advance()
    return float(mixture.score(points))


def _finite(vectors: Float[Tensor, "b n"]) -> Float[np.ndarray, "b n"]:
    """The vectors as an array.

    Raises
    ------
    DivergenceError
        If a number is not finite.
    """
    if not vectors.isfinite().all():
        raise DivergenceError(
            "what the networks make of the normal samples is not finite, so nothing can be scored by it; try a "
            "smaller learning_rate or another loss"
        )
    return vectors.double().cpu().numpy()


def some(points: Points, most: int, seed: int) -> Points:
    """The points (n, ...), or a random ``most`` of them where there are more."""
    if len(points) <= most:
        return points
    return points[np.random.default_rng(seed).choice(len(points), most, replace=False)]


def standard(points: Float[np.ndarray, "b n"]) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """Mean and standard deviation of every column; 1 for a constant one."""
    mean, scale = points.mean(0), points.std(0)
    # A constant column's spread is rounding error, of the order of its values.
    return mean, np.where(scale > 1e-12 * np.abs(points).max(0), scale, 1.0)
