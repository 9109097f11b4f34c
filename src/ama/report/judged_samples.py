"""The scores of any number of samples and the few samples that a report shows, from a single pass."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor

from ama.data.samples import Samples
from ama.data.tables.arrow_columns import shown_row
from ama.decision import conformal
from ama.detectors.base import Detector
from ama.errors import InputError

SHOWN = 16  # samples of each group
GROUPS = ("most anomalous", "borderline", "most normal", "false alarms", "missed anomalies")


@dataclass(eq=False)
class Example:
    """A sample that the report shows."""

    index: int
    id: str
    label: str
    score: float
    p_value: float
    anomalous: bool | None
    x: Shaped[Tensor, " ..."]
    values: list[str | float] | None = None  # of a row of an encoded table, its columns
    size: tuple[int, int] | None = None  # height and width of an image as it was given
    groups: list[str] = field(default_factory=list)


@dataclass(eq=False)
class Judged:
    """Scores of n samples, and examples of them.

    Parameters
    ----------
    score
        The deciding score of every sample.
    groups
        The group of every sample; those of a group share a score.
    anomalous
        Which samples are anomalies; None if that is unknown.
    norms
        Euclidean norms of the encodings; None if the detector has no encodings.
    examples
        In order of their scores, each with its groups, some of ``GROUPS``. The last two groups need known anomalies.
    """

    score: Float[np.ndarray, " n"]
    groups: Int[np.ndarray, " n"]
    anomalous: Bool[np.ndarray, " n"] | None
    norms: Float[np.ndarray, " n"] | None
    examples: list[Example]

    def __len__(self) -> int:
        return len(self.score)

    @property
    def normal_scores(self) -> Float[np.ndarray, " k"]:
        """Scores of the normal samples, or of all samples if the anomalies are unknown."""
        return self.score if self.anomalous is None else self.score[~self.anomalous]

    def by_class(self, values: Shaped[np.ndarray, " n"]) -> dict[str, np.ndarray]:
        """A value of each sample, apart for normal samples and anomalies if the anomalies are known."""
        if self.anomalous is None:
            return {"samples": values}
        return {"normal": values[~self.anomalous], "anomalies": values[self.anomalous]}


def judge(
    detector: Detector, samples: Iterable[tuple[Samples, Bool[np.ndarray, " c"] | None]], shown: int = SHOWN
) -> Judged:
    """Score samples chunk by chunk, and keep the few to be shown.

    Parameters
    ----------
    detector
        A fitted detector.
    samples
        Chunks of samples, each with a mask of its anomalies, or None if they are unknown.
    shown
        Maximum number of examples in each group.

    Raises
    ------
    InputError
        If there are no samples.
    """
    best: dict[str, list[tuple[float, int, Example]]] = {}
    scores: list[np.ndarray] = []
    groups: list[np.ndarray] = []
    truths: list[np.ndarray | None] = []
    norms: list[np.ndarray] = []
    n = 0
    for chunk, anomalous in samples:
        with detector.seen_once():
            score, lengths = detector.score_samples(chunk), detector.encoding_lengths(chunk)
        if lengths is not None:
            norms.append(lengths)
        for name, found in _best_of_chunk(detector, chunk, score, anomalous, n, shown).items():
            best[name] = heapq.nsmallest(shown, best.get(name, []) + found)
        scores.append(score)
        groups.append(n + detector.groups(len(chunk)))
        truths.append(anomalous)
        n += len(chunk)
    if not n:
        raise InputError("a report needs samples, found none")
    known = [truth for truth in truths if truth is not None]
    return Judged(
        np.concatenate(scores),
        np.concatenate(groups),
        np.concatenate(known) if len(known) == len(truths) else None,
        np.concatenate(norms) if norms else None,
        _grouped(best),
    )


def _best_of_chunk(
    detector: Detector,
    chunk: Samples,
    score: Float[np.ndarray, " c"],
    anomalous: Bool[np.ndarray, " c"] | None,
    start: int,
    shown: int,
) -> dict[str, list[tuple[float, int, Example]]]:
    """Key, index and example of the first few samples of each group; the chunk begins at sample ``start``."""
    p_value = conformal.p_value(torch.from_numpy(score), detector.model_.calibration.cpu()).numpy()
    examples: dict[int, Example] = {}
    best = {}
    for name, keys in _keys(score, anomalous, detector.offset_).items():
        chosen = [int(i) for i in np.argsort(keys, kind="stable")[:shown] if np.isfinite(keys[i])]
        for i in chosen:
            if i not in examples:
                examples[i] = _example(chunk, anomalous, score, p_value, i, start + i)
        best[name] = [(float(keys[i]), start + i, examples[i]) for i in chosen]
    return best


def _keys(
    score: Float[np.ndarray, " c"], anomalous: Bool[np.ndarray, " c"] | None, offset: float
) -> dict[str, Float[np.ndarray, " c"]]:
    """Sort keys of each group: the smallest are shown, infinity is not in the group."""
    keys = {"most anomalous": score, "borderline": np.abs(score - offset), "most normal": -score}
    if anomalous is not None:
        flagged = score < offset
        keys["false alarms"] = np.where(flagged & ~anomalous, score, np.inf)
        keys["missed anomalies"] = np.where(~flagged & anomalous, -score, np.inf)
    return keys


def _example(
    chunk: Samples,
    anomalous: Bool[np.ndarray, " c"] | None,
    score: Float[np.ndarray, " c"],
    p_value: Float[np.ndarray, " c"],
    i: int,
    index: int,
) -> Example:
    return Example(
        index,
        chunk.ids[i],
        "" if chunk.labels is None else str(chunk.labels[i]),
        float(score[i]),
        float(p_value[i]),
        None if anomalous is None else bool(anomalous[i]),
        chunk.x[i].clone(),  # a view would keep its whole chunk in memory
        None if chunk.values is None else shown_row(chunk.values, i),
        None if chunk.sizes is None else (int(chunk.sizes[i, 0]), int(chunk.sizes[i, 1])),
    )


def _grouped(best: dict[str, list[tuple[float, int, Example]]]) -> list[Example]:
    """Every example once, with the names of its groups, in order of the scores."""
    chosen: dict[int, Example] = {}
    for name, members in best.items():
        for _, index, example in members:
            chosen.setdefault(index, example).groups.append(name)
    return sorted(chosen.values(), key=lambda e: e.score)
