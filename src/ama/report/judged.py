"""Samples as a report shows them: everyone's scores, and the few that are worth a look, by one pass over any number."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Bool, Float, Shaped
from torch import Tensor

from ama import conformal
from ama.data.samples import Samples
from ama.detector import AMADetector
from ama.errors import InputError
from ama.estimator import Detector

SHOWN = 16  # of each group


@dataclass(eq=False)
class Example:
    """A sample that is looked at closely."""

    index: int
    id: str
    label: str
    score: float
    anomalous: bool | None
    x: Shaped[Tensor, ...]
    groups: list[str] = field(default_factory=list)


@dataclass(eq=False)
class Judged:
    """Scores of n samples, and examples of them.

    Parameters
    ----------
    score, p_value
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
    p_value: Float[np.ndarray, " n"]
    anomalous: Bool[np.ndarray, " n"] | None
    norms: Float[np.ndarray, " n"] | None
    examples: list[Example]

    def __len__(self) -> int:
        return len(self.score)


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
    # What makes a sample more worth showing is a smaller key; others are not in the group at all.
    keys: dict[str, Callable[[Example], float | None]] = {
        "most anomalous": lambda e: e.score,
        "borderline": lambda e: abs(e.score - detector.offset_),
        "most normal": lambda e: -e.score,
        "false alarms": lambda e: e.score if e.anomalous is False and e.score < detector.offset_ else None,
        "missed anomalies": lambda e: -e.score if e.anomalous and e.score >= detector.offset_ else None,
    }
    groups: dict[str, list[tuple[float, int, Example]]] = {name: [] for name in keys}
    scores, truths, norms, n = [], [], [], 0
    for chunk, anomalous in samples:
        score = detector.model_.score(chunk.x).cpu().numpy()
        if isinstance(detector, AMADetector):
            norms.append(detector.model_.encode(chunk.x).norm(dim=1).double().cpu().numpy())
        found = [
            Example(
                n + i,
                chunk.ids[i],
                "" if chunk.labels is None else str(chunk.labels[i]),
                float(score[i]),
                None if anomalous is None else bool(anomalous[i]),
                chunk.x[i],
            )
            for i in range(len(chunk))
        ]
        for name, key in keys.items():
            new = [(value, e.index, e) for e in found if (value := key(e)) is not None]
            groups[name] = heapq.nsmallest(shown, groups[name] + new)
        for example in {
            e.index: e for group in groups.values() for _, _, e in group if e.index >= n
        }.values():
            example.x = example.x.clone()  # a view would keep its whole chunk
        scores.append(score)
        truths.append(anomalous)
        n += len(chunk)
    if not n:
        raise InputError("a report needs samples, found none")
    examples: dict[int, Example] = {}
    for name, members in groups.items():
        for _, index, example in members:
            examples.setdefault(index, example).groups.append(name)
    score = np.concatenate(scores)
    calibration = detector.model_.calibration.cpu()
    return Judged(
        score,
        conformal.p_value(torch.from_numpy(score), calibration).numpy(),
        None
        if any(truth is None for truth in truths)
        else np.concatenate([t for t in truths if t is not None]),
        np.concatenate(norms) if norms else None,
        sorted(examples.values(), key=lambda e: e.score),
    )
