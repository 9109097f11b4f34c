r"""Decisions with statistical guarantees: split-conformal p-values, thresholds, false discoveries, drift.

The only assumption: the scores :math:`c_1, ..., c_m` of m normal samples held out of training are *exchangeable*
with the score :math:`s` of a new normal sample. The proofs are on the documentation's page on the guarantee.

=====================================================================  ==================================
quantity                                                               here
=====================================================================  ==================================
:math:`p = (1 + \#\{c_i \le s\}) / (m + 1)` (Vovk et al. 2005)         :func:`p_value`
t for which :math:`s < t` if and only if :math:`p \le \alpha`          :func:`offset`
smallest m for which p can be as low as :math:`\alpha`                 :func:`samples_needed`
distribution of the share of normal samples flagged:
Beta(k, m + 1 - k), :math:`k = \lfloor \alpha (m + 1) \rfloor`         :func:`false_alarm_distribution`
flagging in a batch at a false-discovery rate of at most q (Benjamini
& Hochberg 1995; valid for these p-values: Bates et al. 2023)          :func:`discoveries`
whether a batch of scores is still distributed as the :math:`c_i`      :func:`drift`
=====================================================================  ==================================
"""

from __future__ import annotations

import math
import sys
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from scipy import special, stats
from torch import Tensor


def p_value(scores: Float[Tensor, " b"], calibration: Float[Tensor, " m"]) -> Float[Tensor, " b"]:
    r"""Split-conformal p-value: :math:`(1 + \#\{c_i \le s\}) / (m + 1)`, in (0, 1].

    If the sample is exchangeable with the held-out normal samples behind ``calibration``, then
    :math:`P(p \le \alpha) \le \alpha` for every :math:`\alpha` (Vovk et al. 2005).
    """
    ordered = calibration.sort().values
    below: Int[Tensor, " b"] = torch.searchsorted(ordered, scores.contiguous(), right=True)
    return (1 + below).double() / (len(ordered) + 1)


DRIFT_LEVEL = 0.01  # a p-value of :func:`drift` up to it counts as drift
# Bounds on how far a score differs with the batch that it is computed in, relative to 1 + its magnitude, by the type of
# the arithmetic; several times what was found (1.4e-12, 1.4e-5 and 1.6e-5).
ROUNDING = {torch.float64: 1e-9, torch.float32: 1e-4, torch.bfloat16: 1e-3}


def calibration_scores(scores: Float[Tensor, " m"], arithmetic: torch.dtype) -> Float[Tensor, " m"]:
    """Scores of held-out normal samples, lowered by the rounding error of a score.

    The last digits of a score depend on the batch that it is computed in. The slack only increases p-values, and
    ensures that rounding alone never makes a sample more anomalous than an identical held-out one.

    Parameters
    ----------
    scores
        Scores of the held-out samples.
    arithmetic
        Type in which the scores were computed, a key of ``ROUNDING``.
    """
    return scores - ROUNDING[arithmetic] * (1 + scores.abs())


def scores_behind(calibration: Float[Tensor, " m"], arithmetic: torch.dtype) -> Float[Tensor, " m"]:
    """The scores that :func:`calibration_scores` lowered, up to rounding: these are exchangeable with new ones."""
    slack = ROUNDING[arithmetic]
    raised = calibration + slack  # s - slack |s|, of the sign of s
    return raised / (1 - slack * raised.sign())


def coarse(scores: Float[np.ndarray, " n"], arithmetic: torch.dtype) -> Float[np.ndarray, " n"]:
    """Scores in the same order, as whole numbers that are equal where only the rounding of a score differs.

    Equal samples tie, then, as a comparison of distributions expects.
    """
    return np.rint(np.sign(scores) * np.log1p(np.abs(scores)) / ROUNDING[arithmetic])


def offset(calibration: Float[Tensor, " m"], false_alarm_rate: float) -> float:
    r"""The threshold t for which ``score < t`` is equivalent to ``p_value <= false_alarm_rate``.

    With fewer held-out samples than :func:`samples_needed` no p-value is as low as :math:`\alpha`; the threshold is
    then that of the smallest possible rate, :math:`1/(m + 1)`.

    Raises
    ------
    ValueError
        If the rate is not between 0 and 1, or there are no calibration scores.
    """
    k = rank(len(calibration), false_alarm_rate)
    return calibration.sort().values[k - 1].item()


def samples_needed(false_alarm_rate: float) -> int:
    r"""Smallest number of held-out normal samples that can guarantee the rate: :math:`\lceil 1/\alpha \rceil - 1`.

    Raises
    ------
    ValueError
        If the rate is not between 0 and 1.
    """
    _check_rate(false_alarm_rate)
    return math.ceil(1 / false_alarm_rate - 1e-9) - 1


def reachable_rate(m: int, false_alarm_rate: float) -> float:
    """The rate or, with fewer than :func:`samples_needed`, the smallest rate that m samples can guarantee."""
    return max(false_alarm_rate, 1 / (m + 1))


def false_alarm_distribution(m: int, false_alarm_rate: float) -> Any:
    r"""Distribution of the share of normal samples below the threshold, over random draws of the m held-out ones.

    A frozen ``scipy.stats.beta``: Beta(k, m + 1 - k), with mean :math:`k / (m + 1) \le \alpha`. Exact for scores
    without ties; with ties, fewer samples are flagged.

    Raises
    ------
    ValueError
        As :func:`offset`.
    """
    k = rank(m, false_alarm_rate)
    return stats.beta(k, m + 1 - k)


def is_anomaly(scores: Float[Tensor, " b"], threshold: float) -> Bool[Tensor, " b"]:
    """True where the score is below the threshold."""
    return scores < threshold


def discoveries(p_values: Float[np.ndarray, " b"], false_discovery_rate: float) -> Bool[np.ndarray, " b"]:
    """Flag samples of a batch so that, on average, at most this share of the flagged samples is normal.

    To flag d of b samples takes ``samples_needed(false_discovery_rate * d / b)`` held-out normal samples.

    Parameters
    ----------
    p_values
        P-values of the batch, in (0, 1].
    false_discovery_rate
        The share, between 0 and 1, both excluded.

    Raises
    ------
    ValueError
        If the rate is not between 0 and 1.
    """
    _check_rate(false_discovery_rate, "false_discovery_rate")
    if not len(p_values):
        return np.zeros(0, dtype=bool)
    # The tolerance keeps samples whose p-value equals its limit, despite the rounding of n p / k.
    return stats.false_discovery_control(p_values, method="bh") <= false_discovery_rate * (1 + 1e-12)


FEW = 20  # scores; of fewer that all lie beyond the others, the limit distribution gives a p-value of 0


class Drift(NamedTuple):
    """Result of a two-sample Kolmogorov-Smirnov test of scores against the calibration scores."""

    distance: float  # largest difference between the two distribution functions, 0 to 1
    p_value: float
    lower: bool  # whether the median score is below the median calibration score


def drift(scores: Float[np.ndarray, " b"], calibration: Float[np.ndarray, " m"]) -> Drift:
    """Test whether scores still follow the distribution of the held-out normal samples' scores.

    Both are those that a model computes, without the slack of :func:`calibration_scores`, or both with it. A small
    p-value indicates that they do not: the data have changed, or many of the samples are anomalies. For batches of
    normal samples, the p-value is at most a in about a share a of the batches.

    Raises
    ------
    ValueError
        If either is empty.
    """
    few = min(len(scores), len(calibration)) < FEW
    found = stats.ks_2samp(scores, calibration, method="exact" if few else "asymp")
    lower = bool(np.median(scores) < np.median(calibration))
    # Where the samples do not overlap, the asymptotic p-value is 0; the true one is that of two orders among all.
    n, m = len(scores), len(calibration)
    least = max(2 * (n + m + 1) * float(special.beta(n + 1, m + 1)), sys.float_info.min)
    return Drift(float(found.statistic), max(float(found.pvalue), least), lower)


def rank(m: int, rate: float) -> int:
    """The largest k for which k / (m + 1) does not exceed the rate; at least 1.

    Raises
    ------
    ValueError
        As :func:`offset`.
    """
    _check_rate(rate)
    if m == 0:
        raise ValueError("calibration needs at least one held-out normal sample, found none")
    # p <= alpha means that at most k - 1 calibration scores are at or below s. The division is that of p_value, so
    # both round alike.
    reachable = torch.arange(1, m + 1).double() / (m + 1)
    return max(1, int((reachable <= rate).sum()))


def _check_rate(rate: float, name: str = "false_alarm_rate") -> None:
    if not 0 < rate < 1:
        raise ValueError(f"{name} must lie between 0 and 1, both excluded; found {rate}")
