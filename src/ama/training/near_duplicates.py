r"""Held-out samples that have near-duplicates among the learned ones.

Let d_1 <= d_2 <= ... be the distances from a held-out sample to its nearest learned samples. Where the density of the
samples is locally a power of the distance, whatever the dimension, the spacings j log(d_{j+1} / d_j) are independent
and exponentially distributed with one mean (Renyi 1953; Levina and Bickel, "Maximum likelihood estimation of intrinsic
dimension", 2004). Copies, or a few shots of one object, are a small cluster of their own: past the last of them, one of
the first spacings is far longer than the others. A sample counts if such a spacing exceeds ``LONG`` times the mean of
its other spacings, which about 3 % of exchangeable samples exceed, too; and if its distance to the nearest learned
sample is at most ``WITHIN`` times that of this sample to its own nearest, as clusters of learned samples show the same
spacings to a sample outside them.

In a few columns, or where values repeat, rows come close by chance and some are equal. There, copies tell something
only if the samples are repeated evenly, as by a join or by files that were read twice: independent samples of any
distribution recur with counts whose variance is at least that of a Poisson distribution without its zero.

A cluster of more than ``MOST`` learned samples is not seen as duplicates: honest samples have clusters as well. So long
series are found by their order instead (:mod:`ama.training.series`).
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import torch
from jaxtyping import Bool, Float, Shaped
from scipy.special import lambertw
from torch import Tensor

from ama.utils.user_warnings import warn_user

MOST = 5  # near-duplicates of a sample among the learned ones
SPACINGS = 15
LONG, WITHIN = 6.0, 2.0
HARMFUL = 0.25  # of the held-out samples: a rate of 5 % becomes 7 %
MIN_LEARNED, MIN_HELD_OUT = 4 * SPACINGS, 10  # fewer spacings tell nothing
MAX_HELD_OUT = 100  # whose neighbours are searched
MIN_COLUMNS = 4  # that hold many values: in fewer, or where values repeat, rows come close by chance
DISTINCT = 0.5  # of the different rows must differ in such a column
MAX_LOOKED_AT = 2_000  # rows, to find these columns
MIN_DIFFERENT = 20  # rows: the counts of fewer tell nothing
EVEN = 0.3  # of the Poisson distribution's variance: even counts have less
SAME = 1e-6  # of a standard deviation: rows that are no further apart are equal


def copied(learned: Shaped[Tensor, "n ..."], held_out: Shaped[Tensor, "m ..."]) -> Bool[Tensor, " m"]:
    """Which held-out samples are equal to a learned one."""
    known = set(_keys(learned))
    return torch.tensor([key in known for key in _keys(held_out)])


def repeated_evenly(samples: Shaped[Tensor, "n ..."]) -> bool:
    """Whether samples are repeated more evenly than independent ones recur."""
    counts = np.array(list(Counter(_keys(samples)).values()))
    mean = counts.mean()
    if len(counts) < MIN_DIFFERENT or mean == 1:
        return False
    # The rate of the Poisson distribution that has this mean without its zero.
    rate = mean + lambertw(-mean * np.exp(-mean)).real
    return bool(counts.var() < EVEN * mean * (1 + rate - mean))


def _keys(samples: Shaped[Tensor, "n ..."]) -> list[int]:
    """A number for each sample, which equal ones share: 64 bits of its bytes."""
    return [hash(x.tobytes()) for x in samples.cpu().numpy()]


def nearly_copied(learned: Float[Tensor, "n d"], held_out: Float[Tensor, "m d"]) -> Bool[Tensor, " m"]:
    """Which held-out rows have near-duplicates among the learned ones; columns are standardised first."""
    x, y = _standardised(learned, learned), _standardised(held_out, learned)
    nearest, places = torch.cdist(y, x).topk(SPACINGS + 1, largest=False)
    same = SAME * x.shape[1] ** 0.5
    nearest = nearest.clamp_min(same)
    # The second distance, as the first is that of a row to itself.
    between_learned = torch.cdist(x[places[:, 0]], x).topk(2, largest=False).values[:, 1].clamp_min(same)
    spacings = torch.arange(1, SPACINGS + 1) * (nearest[:, 1:] / nearest[:, :-1]).log()
    longest = spacings[:, :MOST].amax(1)
    others = (spacings.sum(1) - longest) / (SPACINGS - 1)
    return (longest > LONG * others) & (nearest[:, 0] <= WITHIN * between_learned)


def duplicated_share(
    learned: Shaped[Tensor, "n ..."],
    held_out: Shaped[Tensor, "m ..."],
    rows: tuple[Float[Tensor, "n d"], Float[Tensor, "_ d"]] | None,
) -> float:
    """Share of the held-out samples of which copies or near-duplicates are among the learned ones.

    Parameters
    ----------
    learned, held_out
        Samples.
    rows
        The same as rows, of the first held-out samples, if they are seen so.
    """
    first = held_out[:MAX_HELD_OUT]
    if len(learned) < MIN_LEARNED or len(held_out) < MIN_HELD_OUT:
        # Of images, copies tell something in any number.
        return copied(learned, first).double().mean().item() if learned.ndim > 2 and len(first) else 0.0
    nearly = torch.zeros(len(first), dtype=torch.bool)
    if rows is not None:
        telling = _telling_columns(rows[0])
        if int(telling.sum()) >= MIN_COLUMNS:
            nearly = nearly_copied(rows[0][:, telling], rows[1][:MAX_HELD_OUT, telling])
        elif not repeated_evenly(torch.cat([learned, held_out])):
            return 0.0
    return (nearly | copied(learned, first)).double().mean().item()


def warn_of_duplicates(
    learned: Shaped[Tensor, "n ..."],
    held_out: Shaped[Tensor, "m ..."],
    rows: tuple[Float[Tensor, "n d"], Float[Tensor, "_ d"]] | None,
    held_out_from: str,
) -> None:
    """Warn by :func:`duplicates_notice` if :func:`duplicated_share` is harmful."""
    if (notice := duplicates_notice(duplicated_share(learned, held_out, rows), held_out_from)) is not None:
        warn_user(notice)


def duplicates_notice(share: float, held_out_from: str) -> str | None:
    """What near-duplicates do to the threshold, and what to do about them, in a sentence for the user; if they do.

    Parameters
    ----------
    share
        Of the held-out samples.
    held_out_from
        As in :class:`ama.settings.Settings`.
    """
    if share < HARMFUL:
        return None
    remedy = "hold out whole groups (--group-by, fit(groups=...))"
    if held_out_from == "groups":
        remedy = "give coarser groups"
    return (
        f"for {share:.0%} of the held-out samples a learned one is a copy or nearly one, such as another shot of the "
        f"same object: unless new samples have such, too, too many of them may be flagged; {remedy}"
    )


def _standardised(rows: Float[Tensor, "m d"], learned: Float[Tensor, "n d"]) -> Float[Tensor, "m d"]:
    """Rows in standard deviations of the learned ones."""
    x, of = rows.double().cpu(), learned.double().cpu()
    largest = of.abs().amax(0).clamp_min(torch.finfo(x.dtype).tiny)
    spread = (of / largest).std(0, correction=0).clamp_min(torch.finfo(x.dtype).eps)
    return x / largest / spread


def _telling_columns(rows: Float[Tensor, "n d"]) -> Bool[Tensor, " d"]:
    """Columns in which different rows mostly have different values."""
    x = _standardised(rows[:MAX_LOOKED_AT], rows)
    # Equal rows may differ by a rounding in a few of their columns.
    again = (torch.cdist(x, x) <= SAME * x.shape[1] ** 0.5).tril(-1).any(1)
    different = x[~again]
    ordered = different.sort(0).values
    n_values = 1 + (ordered[1:] != ordered[:-1]).sum(0)
    return n_values >= DISTINCT * len(different)
