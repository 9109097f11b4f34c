"""Mean and variance of a stream."""

from __future__ import annotations

import math
from collections.abc import Iterable

from jaxtyping import Float
from torch import Tensor

from ama.errors import DivergenceError


class RunningMoments:
    """Mean and variance of a stream, in float64, without the cancellation of a sum of squares (Chan et al. 1983)."""

    def __init__(self) -> None:
        self.count, self.mean, self._m2 = 0, 0.0, 0.0

    def update(self, values: Float[Tensor, " b"]) -> RunningMoments:
        """Take in a batch of any size; an empty one changes nothing."""
        n = len(values)
        if n == 0:
            return self
        values = values.double()
        mean = values.mean().item()
        m2 = (values - mean).square().sum().item()
        total, shift = self.count + n, mean - self.mean
        self._m2 += m2 + shift**2 * self.count * n / total
        self.mean += shift * n / total
        self.count = total
        return self

    @property
    def std(self) -> float:
        r"""Standard deviation with divisor n, as in the maximum-likelihood Gaussian of Eq. 6."""
        return math.sqrt(self._m2 / self.count) if self.count else math.nan


def moments_of(parts: Iterable[Float[Tensor, "_ 1"]]) -> RunningMoments:
    """Moments of the R-scores of normal samples.

    Raises
    ------
    DivergenceError
        If the R-scores are not finite, or all the same.
    """
    moments = RunningMoments()
    for part in parts:
        moments.update(part[:, 0])
    if not 0 < moments.std < float("inf"):
        raise DivergenceError(
            f"the R-scores of the normal samples have mean {moments.mean:g} and spread {moments.std:g}, so the "
            "critic learned nothing to score by; try a smaller learning_rate or another loss"
        )
    return moments
