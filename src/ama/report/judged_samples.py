"""Samples as a report shows them: everyone's scores, and the few that are worth a look, by one pass over any number."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float, Shaped
from torch import Tensor

from ama.data.samples import Samples
from ama.decision import conformal
from ama.detectors.ama import AMADetector
from ama.detectors.base import Detector
from ama.errors import InputError

SHOWN = 16  # of each group


@dataclass(eq=False)
class Example:
    """A sample that is looked at closely."""

    index: int
    id: str
    label: str
    score: float
    p_value: float
    anomalous: bool | None
    x: Shaped[Tensor, ...]
    groups: list[str] = field(default_factory=list)


@dataclass(eq=False)
class Judged:
    """Scores of n samples, and examples of them.

    Parameters
    ----------
    score
        Of every sample.
    anomalous
        Which are anomalies, if that is known.
    norms
        Of the encodings, where the detector has them.
    examples
        By group: "most anomalous", "borderline", "most normal" and, where anomalies are known, "false alarms" and
        "missed anomalies". One sample may be in several.
    """

    score: Float[np.ndarray, " n"]
    anomalous: Bool[np.ndarray, " n"] | None
    norms: Float[np.ndarray, " n"] | None
    examples: list[Example]

    def __len__(self) -> int:
        return len(self.score)

    @property
    def normal_scores(self) -> Float[np.ndarray, " k"]:
        """Of the samples that may be normal: all of them, where nothing is known of anomalies."""
        return self.score if self.anomalous is None else self.score[~self.anomalous]


def judge(
    detector: Detector, samples: Iterable[tuple[Samples, Bool[np.ndarray, " c"] | None]], shown: int = SHOWN
) -> Judged:
    """Score samples chunk by chunk and keep the few that are shown.

    Parameters
    ----------
    detector
        Fitted.
    samples
        Chunks, and which of their samples are anomalies, where that is known.
    shown
        Examples of each group.

    Raises
    ------
    InputError
        If there is no sample.
    """
    calibration = detector.model_.calibration.cpu()
    groups: dict[str, list[tuple[float, int, Example]]] = {}
    scores, truths, norms, n = [], [], [], 0
    for chunk, anomalous in samples:
        scored = detector.model_.score(chunk.x).cpu()
        score, p_value = scored.numpy(), conformal.p_value(scored, calibration).numpy()
        if isinstance(detector, AMADetector):
            norms.append(detector.model_.encode(chunk.x).norm(dim=1).double().cpu().numpy())
        examples: dict[int, Example] = {}
        for name, keys in _keys(score, anomalous, detector.offset_).items():
            best = [int(i) for i in np.argsort(keys, kind="stable")[:shown] if np.isfinite(keys[i])]
            for i in best:
                if i not in examples:
                    examples[i] = _example(chunk, anomalous, score, p_value, i, n + i)
            new = [(float(keys[i]), n + i, examples[i]) for i in best]
            groups[name] = heapq.nsmallest(shown, groups.get(name, []) + new)
        scores.append(score)
        truths.append(anomalous)
        n += len(chunk)
    if not n:
        raise InputError("a report needs samples, found none")
    chosen: dict[int, Example] = {}
    for name, members in groups.items():
        for _, index, example in members:
            chosen.setdefault(index, example).groups.append(name)
    return Judged(
        np.concatenate(scores),
        None
        if any(truth is None for truth in truths)
        else np.concatenate([t for t in truths if t is not None]),
        np.concatenate(norms) if norms else None,
        sorted(chosen.values(), key=lambda e: e.score),
    )


def _keys(
    score: Float[np.ndarray, " c"], anomalous: Bool[np.ndarray, " c"] | None, offset: float
) -> dict[str, Float[np.ndarray, " c"]]:
    """What makes a sample more worth showing in a group is a smaller key; infinity keeps it out."""
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
        chunk.x[i].clone(),  # a view would keep its whole chunk
    )
