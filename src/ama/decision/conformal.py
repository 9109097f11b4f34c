r"""From scores to decisions that keep a promise: split-conformal p-values, thresholds, false discoveries, drift.

All of it rests on one thing: the m scores :math:`c_1, ..., c_m` of normal samples that were held out of the training
are *exchangeable* with the score :math:`s` of a further normal sample. docs/guarantee.md has the proofs.

=====================================================================  ==================================
what                                                                   here
=====================================================================  ==================================
:math:`p = (1 + \#\{c_i \le s\}) / (m + 1)` (Vovk et al. 2005)          :func:`p_value`
t with :math:`s < t` exactly where :math:`p \le \alpha`                 :func:`offset`
smallest m for which some p reaches :math:`\alpha`                      :func:`samples_needed`
share of normal samples flagged, given the held-out ones:
Beta(k, m + 1 - k), :math:`k = \lfloor \alpha (m + 1) \rfloor`          :func:`false_alarm_distribution`
anomalies in a batch, false ones at most a share q of them (Benjamini  :func:`discoveries`
& Hochberg 1995; valid for these p-values: Bates et al. 2023)
whether the scores of a batch are still distributed as the :math:`c_i`  :func:`drift`
=====================================================================  ==================================
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from scipy import stats
from torch import Tensor


def p_value(scores: Float[Tensor, " b"], calibration: Float[Tensor, " m"]) -> Float[Tensor, " b"]:
    r"""Split-conformal p-value: :math:`(1 + \#\{c_i \le s\}) / (m + 1)`, in (0, 1].

    If the sample is exchangeable with the held-out normal samples behind ``calibration``, then
    :math:`P(p \le \alpha) \le \alpha` for every :math:`\alpha` (Vovk et al. 2005).
    """
    ordered = calibration.sort().values
    below: Int[Tensor, " b"] = torch.searchsorted(ordered, scores.contiguous(), right=True)
    return (1 + below).double() / (len(ordered) + 1)


def calibration_scores(scores: Float[Tensor, " m"], rounding: float) -> Float[Tensor, " m"]:
    """Scores of held-out normal samples as p-values are counted against them.

    A score's last digits depend on the batch it comes in. With this slack, which only makes p-values larger, no sample
    is flagged for differing from its own twin.

    Parameters
    ----------
    scores
        Of the held-out samples.
    rounding
        Bound on the relative rounding error of a score.
    """
    return scores - rounding * (1 + scores.abs())


def offset(calibration: Float[Tensor, " m"], false_alarm_rate: float) -> float:
    r"""The threshold t for which ``score < t`` says the same as ``p_value <= false_alarm_rate``.

    With fewer held-out samples than :func:`samples_needed` no p-value reaches :math:`\alpha`; then the smallest
    reachable rate, :math:`1/(m + 1)`, takes its place.

    Raises
    ------
    ValueError
        If the rate is not between 0 and 1, or there is nothing to calibrate on.
    """
    k = rank(len(calibration), false_alarm_rate)
    return calibration.sort().values[k - 1].item()


def samples_needed(false_alarm_rate: float) -> int:
    r"""The fewest held-out normal samples that can keep a false-alarm rate: :math:`\lceil 1/\alpha \rceil - 1`.

    Raises
    ------
    ValueError
        If the rate is not between 0 and 1.
    """
    _check_rate(false_alarm_rate)
    return math.ceil(1 / false_alarm_rate - 1e-9) - 1


def reachable_rate(m: int, false_alarm_rate: float) -> float:
    """The rate itself or, with fewer than :func:`samples_needed`, the smallest that m samples can keep."""
    return max(false_alarm_rate, 1 / (m + 1))


def false_alarm_distribution(m: int, false_alarm_rate: float) -> Any:
    r"""How the share of normal samples below the threshold is distributed, over the draws of the m held-out ones.

    A frozen ``scipy.stats.beta``: Beta(k, m + 1 - k), of mean :math:`k / (m + 1) \le \alpha`. Exact where scores
    have no ties; with ties, fewer are flagged.

    Raises
    ------
    ValueError
        As :func:`offset`.
    """
    k = rank(m, false_alarm_rate)
    return stats.beta(k, m + 1 - k)


def is_anomaly(scores: Float[Tensor, " b"], threshold: float) -> Bool[Tensor, " b"]:
    """True where the score lies below the threshold."""
    return scores < threshold


def discoveries(p_values: Float[np.ndarray, " b"], false_discovery_rate: float) -> Bool[np.ndarray, " b"]:
    """The samples of a batch that are flagged so that, on average, at most this share of the flagged is normal.

    Parameters
    ----------
    p_values
        In (0, 1], of samples judged together.
    false_discovery_rate
        Between 0 and 1.

    Raises
    ------
    ValueError
        If the rate is not between 0 and 1.
    """
    _check_rate(false_discovery_rate, "false_discovery_rate")
    if not len(p_values):
        return np.zeros(0, dtype=bool)
    # The rounding of n p / k must not lose a sample whose p-value is exactly at its limit.
    return stats.false_discovery_control(p_values, method="bh") <= false_discovery_rate * (1 + 1e-12)


class Drift(NamedTuple):
    """A two-sample Kolmogorov-Smirnov test of scores against the calibration's."""

    distance: float  # largest difference of the two distribution functions, 0 to 1
    p_value: float
    lower: bool  # whether the scores' median is below the calibration's


def drift(scores: Float[np.ndarray, " b"], calibration: Float[np.ndarray, " m"]) -> Drift:
    """Whether scores are still distributed as those of the held-out normal samples.

    A small p-value says that they are not: the data have changed, or many of the samples are anomalies. Of normal
    samples alone, a share a of batches has a p-value up to a.

    Raises
    ------
    ValueError
        If one of the two is empty.
    """
    found = stats.ks_2samp(scores, calibration, method="asymp")
    lower = bool(np.median(scores) < np.median(calibration))
    return Drift(float(found.statistic), float(found.pvalue), lower)


def rank(m: int, rate: float) -> int:
    """k: the largest for which k / (m + 1) does not exceed the rate; at least 1.

    Raises
    ------
    ValueError
        As :func:`offset`.
    """
    _check_rate(rate)
    if m == 0:
        raise ValueError("no held-out normal samples to calibrate on")
    # p <= alpha means at most k - 1 calibration scores at or below s. Divided as p_value divides, so that both round
    # alike.
    reachable = torch.arange(1, m + 1).double() / (m + 1)
    return max(1, int((reachable <= rate).sum()))


def _check_rate(rate: float, name: str = "false_alarm_rate") -> None:
    if not 0 < rate < 1:
        raise ValueError(f"{name} must lie between 0 and 1, found {rate}")
