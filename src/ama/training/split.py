"""Which normal samples a fit trains on, which its statistics are fitted to, and which calibrate."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Shaped
from torch import Tensor

from ama.errors import InputError
from ama.scores.kinds.factory import kind_of
from ama.scores.kinds.kind import SampleKind
from ama.scores.terms.term_registry import TERMS, chosen_terms
from ama.settings import Settings
from ama.training.trimming import trimmed
from ama.utils.random_generators import generator_for

MIN_SAMPLES = 5
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
    from_end: bool = False,
    kind: SampleKind | None = None,
) -> Split:
    """Split the normal samples of a fit.

    ``known`` is whether some anomalies are known, ``from_end`` whether the last samples are held out, and ``kind`` what
    the samples are, by default what their shape says.

    Of samples that :func:`ama.training.trimming.trimmed` finds doubtful, as many calibrate as of the others.

    Raises
    ------
    InputError
        As :func:`check_learnable`; and if so few are left.
    """
    check_learnable(normal)
    terms = chosen_terms(settings, kind or kind_of(tuple(normal.shape[1:])), known)
    usual, doubtful = trimmed(normal, settings.contamination_share, seed)
    if len(usual) < MIN_SAMPLES:
        raise InputError(
            f"contamination_share={settings.contamination_share:g} leaves {len(usual)} of {len(normal)} rows to "
            f"learn from, expected at least {MIN_SAMPLES}"
        )
    # Whatever is fitted to the calibration samples themselves would make their p-values too large.
    own = settings.statistics == "held_out"
    divide = own or len(terms) > 1
    train, held_out = hold_out(usual, settings.held_out, seed, 2 if divide else 1, from_end)
    # The statistics need more samples than the scale of a few terms.
    n = len(held_out)
    is_unseen = torch.arange(n) % (2 if own else 3) == 0 if divide else torch.zeros(n).bool()
    unseen, calibration = held_out[is_unseen], held_out[~is_unseen]
    statistics = unseen if own else train
    limits = [limit for name in terms if (limit := TERMS[name].max_samples) is not None]
    if limits:
        statistics, unseen = statistics[: min(limits)], unseen[:MAX_UNSEEN]
    order = torch.randperm(len(doubtful), generator=generator_for(seed, 13))
    n_doubtful = round(len(doubtful) * len(calibration) / len(usual))
    return Split(train, statistics, unseen, calibration, doubtful[order[:n_doubtful]])


def hold_out(
    normal: Shaped[Tensor, "n ..."], share: float, seed: int, at_least: int = 1, from_end: bool = False
) -> tuple[Shaped[Tensor, "t ..."], Shaped[Tensor, "h ..."]]:
    """Shuffled samples to train on, and a share of all that is held out, drawn at random or ``from_end``.

    Raises
    ------
    InputError
        As :func:`check_learnable`.
    """
    check_learnable(normal)
    order = torch.randperm(len(normal), generator=generator_for(seed, 3))
    n_held_out = max(at_least, round(share * len(normal)))
    if from_end:
        order = torch.cat([order[order >= len(normal) - n_held_out], order[order < len(normal) - n_held_out]])
    return normal[order[n_held_out:]], normal[order[:n_held_out]]


def check_learnable(normal: Shaped[Tensor, "n ..."]) -> None:
    """Refuse samples that nothing can be learned from.

    Raises
    ------
    InputError
        If there are fewer than 5, or all are the same.
    """
    n = len(normal)
    if n < MIN_SAMPLES:
        raise InputError(
            f"a fit needs at least {MIN_SAMPLES} normal samples, found {n} sample{'s' if n != 1 else ''}"
        )
    if bool((normal == normal[:1]).all()):
        raise InputError(f"all {n} normal samples are identical, so there is nothing to learn from them")
