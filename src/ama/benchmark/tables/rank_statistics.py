r"""Methods compared on several data sets by their ranks (Demšar, "Statistical Comparisons of Classifiers over Multiple
Data Sets", JMLR 7, 2006).

With k methods and N data sets, two average ranks differ at the level :math:`\alpha` (Nemenyi test) if they are at least

.. math:: q_\alpha \sqrt{\frac{k (k + 1)}{6 N}}

apart, where :math:`\sqrt{2} q_\alpha` is the quantile of the studentised range of k groups.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.stats import friedmanchisquare, rankdata, studentized_range

LEVEL = 0.05


def average_ranks(values: Float[np.ndarray, "sets methods"]) -> Float[np.ndarray, " methods"]:
    """The mean rank of each method: 1 for the largest value of a data set; equal values share their mean rank."""
    return rankdata(-values, axis=1).mean(0)


def friedman(values: Float[np.ndarray, "sets methods"]) -> float:
    """p-value of the Friedman test: small if the methods are not all equally good; for at least three methods."""
    return float(friedmanchisquare(*values.T).pvalue)


def critical_difference(n_methods: int, n_sets: int, level: float = LEVEL) -> float:
    """The difference from which on two average ranks differ by the Nemenyi test."""
    q = studentized_range.ppf(1 - level, n_methods, np.inf) / np.sqrt(2)
    return float(q * np.sqrt(n_methods * (n_methods + 1) / (6 * n_sets)))


def not_different(ranks: Float[np.ndarray, " methods"], difference: float) -> list[tuple[float, float]]:
    """The longest ranges of average ranks, from the best to the worst, in which no two methods differ."""
    ordered = np.sort(ranks)
    ranges: list[tuple[float, float]] = []
    for first in ordered:
        last = ordered[ordered < first + difference].max()
        if last > first and (not ranges or last > ranges[-1][1]):
            ranges.append((float(first), float(last)))
    return ranges
