"""Which normal samples a fit trains on, which its statistics are fitted to, and which calibrate."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Bool, Int, Shaped
from torch import Tensor

from ama.errors import InputError
from ama.scores.kinds.factory import kind_of
from ama.scores.kinds.kind import SampleKind
from ama.scores.terms.term_registry import TERMS, chosen_terms
from ama.settings import Settings
from ama.training.groups import MIN_DIVIDED, drawn_groups, groups_notice, n_groups
from ama.training.trimming import trimmed
from ama.utils.random_generators import generator_for
from ama.utils.user_warnings import warn_user

MIN_SAMPLES = 5
MIN_LEARNED = 3  # what is left of these without the largest share that is held out
MAX_UNSEEN = 2_000  # samples behind scale and weights of the terms: they determine an AUROC to 0.01


class Split(NamedTuple):
    """Raw normal samples by their use."""

    train: Shaped[Tensor, "n ..."]
    statistics: Shaped[Tensor, "s ..."]  # for the statistics of the terms
    unseen: Shaped[Tensor, "k ..."]  # not trained on, for scale and weights of the terms
    calibration: Shaped[Tensor, "m ..."]  # not trained on, for threshold and p-values
    doubtful: Shaped[Tensor, "e ..."]  # the same, but nothing is learned from them later either


def split(
    normal: Shaped[Tensor, "n ..."],
    settings: Settings,
    seed: int,
    known: bool = False,
    groups: Int[Tensor, " n"] | None = None,
    kind: SampleKind | None = None,
) -> Split:
    """Split the normal samples of a fit.

    ``known`` is whether some anomalies are known, and ``kind`` what the samples are, by default what their shape says.
    With ``groups``, the number of the group of each sample, whole groups are held out, and divided among their two uses
    if there are a few.

    Of samples that :func:`ama.training.trimming.trimmed` finds doubtful, as many calibrate as of the others.

    Raises
    ------
    InputError
        As :func:`check_learnable` and :func:`hold_out_places`; and if so few are left.
    """
    check_learnable(normal)
    terms = chosen_terms(settings, kind or kind_of(tuple(normal.shape[1:])), known)
    usual, doubtful = trimmed(normal, settings.contamination_share, seed)
    if len(usual) < MIN_SAMPLES:
        raise InputError(
            f"contamination_share={settings.contamination_share:g} leaves {len(usual)} of {len(normal)} rows to "
            f"learn from, expected at least {MIN_SAMPLES}"
        )
    if len(usual) < len(normal):
        check_learnable(normal[usual])
    # Whatever is fitted to the calibration samples themselves would make their p-values too large.
    own = settings.statistics == "held_out"
    divide = own or len(terms) > 1
    at_least, from_end = 2 if divide else 1, settings.held_out_from == "end"
    places = hold_out_places(len(usual), settings.held_out, seed, at_least, from_end, _of(groups, usual))
    train, held_out = (usual[place] for place in places)
    # The statistics need more samples than the scale of a few terms.
    n = len(held_out)
    is_unseen = _unseen(n, 2 if own else 3, seed, _of(groups, held_out)) if divide else torch.zeros(n).bool()
    unseen, calibration = held_out[is_unseen], held_out[~is_unseen]
    statistics = unseen if own else train
    limits = [limit for name in terms if (limit := TERMS[name].max_samples) is not None]
    if limits:
        statistics, unseen = statistics[: min(limits)], unseen[:MAX_UNSEEN]
    doubtful = _calibrating(doubtful, len(calibration) / len(usual), seed, groups, calibration)
    return Split(*(normal[part] for part in (train, statistics, unseen, calibration, doubtful)))


def hold_out(
    normal: Shaped[Tensor, "n ..."],
    share: float,
    seed: int,
    groups: Int[Tensor, " n"] | None = None,
    from_end: bool = False,
) -> tuple[Shaped[Tensor, "t ..."], Shaped[Tensor, "h ..."]]:
    """Samples to train on, and a share that is held out, as :func:`hold_out_places` finds them.

    Raises
    ------
    InputError
        As :func:`check_learnable` and :func:`hold_out_places`.
    """
    check_learnable(normal)
    train, held_out = hold_out_places(len(normal), share, seed, from_end=from_end, groups=groups)
    return normal[train], normal[held_out]


def hold_out_places(
    n: int,
    share: float,
    seed: int,
    at_least: int = 1,
    from_end: bool = False,
    groups: Int[Tensor, " n"] | None = None,
) -> tuple[Int[Tensor, " t"], Int[Tensor, " h"]]:
    """Places, in random order, of those of n samples to train on and of a share that is held out.

    These are drawn at random, the last ones (``from_end``), or those of whole ``groups``, which a warning reports.

    Raises
    ------
    InputError
        If too few samples are left to learn from, or the groups leave too few on one side.
    """
    order = torch.randperm(n, generator=generator_for(seed, 3))
    n_held_out = max(at_least, round(share * n))
    if groups is None and n - n_held_out < MIN_LEARNED:
        raise InputError(
            f"held_out={share:g} leaves {n - n_held_out} of {n} normal samples to learn from, expected at least "
            f"{MIN_LEARNED}: give a smaller share or more samples"
        )
    if groups is not None:
        chosen = drawn_groups(groups, n_held_out, seed, 14)
        n_held_out = int(chosen.sum())
        if n_held_out < at_least or n - n_held_out < MIN_LEARNED:
            raise InputError(
                f"the groups of {n} samples leave {n - n_held_out} to learn from and {n_held_out} held out, expected "
                f"at least {MIN_LEARNED} and {at_least}: give smaller groups"
            )
        warn_user(groups_notice(groups, chosen))
        order = torch.cat([order[chosen[order]], order[~chosen[order]]])
    elif from_end:
        order = torch.cat([order[order >= n - n_held_out], order[order < n - n_held_out]])
    return order[n_held_out:], order[:n_held_out]


def _of(groups: Int[Tensor, " n"] | None, places: Int[Tensor, " k"]) -> Int[Tensor, " k"] | None:
    return None if groups is None else groups[places]


def _unseen(n: int, part: int, seed: int, groups: Int[Tensor, " n"] | None) -> Bool[Tensor, " n"]:
    """Which of n held-out samples do not calibrate: one of each ``part``, as whole groups if there are a few."""
    if groups is not None and n_groups(groups) >= MIN_DIVIDED:
        return drawn_groups(groups, round(n / part), seed, 15)
    return torch.arange(n) % part == 0


def _calibrating(
    doubtful: Int[Tensor, " e"],
    share: float,
    seed: int,
    groups: Int[Tensor, " n"] | None,
    calibration: Int[Tensor, " m"],
) -> Int[Tensor, " k"]:
    """The doubtful samples that calibrate: a share of them, or those of the groups that do."""
    order = torch.randperm(len(doubtful), generator=generator_for(seed, 13))
    if groups is not None:
        return doubtful[torch.isin(groups[doubtful], groups[calibration])]
    return doubtful[order[: round(len(doubtful) * share)]]


def check_learnable(normal: Shaped[Tensor, "n ..."]) -> None:
    """Refuse samples that nothing can be learned from.

    Raises
    ------
    InputError
        If there are fewer than 5, or all are the same.
    """
    n = len(normal)
    if n < MIN_SAMPLES:
        turned = normal.ndim == 2 and normal.shape[1] >= MIN_SAMPLES
        raise InputError(
            f"a fit needs at least {MIN_SAMPLES} normal samples, found {n} sample{'s' if n != 1 else ''}"
            + (
                f" of {normal.shape[1]:,} columns: if these are the samples, transpose the table"
                if turned
                else ""
            )
        )
    if bool((normal == normal[:1]).all()):
        raise InputError(f"all {n} normal samples are identical, so there is nothing to learn from them")
