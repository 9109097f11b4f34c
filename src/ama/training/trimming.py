"""Rows to learn from, chosen among rows of which a share may be anomalies.

In each round an isolation forest (Liu et al. 2008) and the distances to the nearest 15 % of the rows rank all rows, by
those that the round before kept, so that the anomalies shape the ranks less and less. With so many neighbours a cluster
of anomalies lies far from most of its own neighbours. Rows at the edge are not learned from but still calibrate: a
learned anomaly hides all that are like it, while one among the calibration rows only raises the threshold a little.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int, Shaped
from scipy.stats import rankdata
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler
from sklearn.utils import gen_batches
from torch import Tensor

from ama.utils.random_generators import generator_for

ROUNDS = 3
NEIGHBOURS = 0.15  # of the rows
MAX_SEARCHED = 2_000  # rows to which distances are measured, and from which at a time
CAUTION = 2.0  # times the share is not learned from


class Counts(NamedTuple):
    """How many of n rows are left out as possible anomalies, and how many more only calibrate."""

    left_out: int
    doubtful: int


class Trimmed(NamedTuple):
    """Positions of rows by their use, each in the order given."""

    usual: Int[Tensor, " u"]  # to learn from
    doubtful: Int[Tensor, " e"]  # at the edge: to calibrate with


def counts(n: int, share: float) -> Counts:
    """How n rows are divided if a ``share`` of them may be anomalies."""
    left_out = round(share * n)
    return Counts(left_out, round(CAUTION * share * n) - left_out)


def trimming_notice(n: int, share: float) -> str:
    """What becomes of n rows, in a sentence for the user."""
    left_out, doubtful = counts(n, share)
    return (
        f"contamination_share={share:g}: of {n:,} rows the {left_out:,} most unusual are left out as possible "
        f"anomalies, and {doubtful:,} more are not learned from; normal rows like those left out may be flagged, "
        "beyond the false-alarm rate"
    )


def trimmed(rows: Shaped[Tensor, "n ..."], share: float, seed: int) -> Trimmed:
    """Leave out the most unusual rows; none, and samples of any kind, without a ``share``.

    Parameters
    ----------
    rows
        Finite, (n, d).
    share
        Of anomalies among them, 0 to 0.4.
    seed
        Of the forests and of a sample of rows, if there are more than ``MAX_SEARCHED``.
    """
    n = len(rows)
    if share == 0:
        return Trimmed(torch.arange(n), torch.arange(0))
    left_out, doubtful = counts(n, share)
    x = _standard(rows.double().cpu().numpy())
    random = np.random.RandomState(int(torch.randint(2**31, (), generator=generator_for(seed, 12))))
    rank = np.zeros(n, int)
    for _ in range(ROUNDS):
        rank = _ranks(x, x[rank < n - left_out - doubtful], random)
    usual = rank < n - left_out - doubtful
    at_the_edge = ~usual & (rank < n - left_out)
    return Trimmed(*(torch.from_numpy(np.flatnonzero(chosen)) for chosen in (usual, at_the_edge)))


def _ranks(
    x: Float[np.ndarray, "n d"], kept: Float[np.ndarray, "m d"], random: np.random.RandomState
) -> Int[np.ndarray, " n"]:
    """0 for the row that is most usual among those kept, to n - 1."""
    isolation = -IsolationForest(random_state=random).fit(kept).score_samples(x)
    some = kept[random.permutation(len(kept))[:MAX_SEARCHED]]
    search = NearestNeighbors(n_neighbors=max(1, round(NEIGHBOURS * len(some)))).fit(some)
    # In parts, as every distance to so many neighbours would take gigabytes.
    distance = [search.kneighbors(x[part])[0].mean(1) for part in gen_batches(len(x), MAX_SEARCHED)]
    return rankdata(rankdata(isolation) + rankdata(np.concatenate(distance)), method="ordinal") - 1


def _standard(x: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n d"]:
    """Columns of mean 0 and variance 1, however large their values."""
    largest = np.abs(x).max(0)
    return StandardScaler().fit_transform(x / np.where(largest > 0, largest, 1.0))
