"""Which samples of a labelled source are normal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ama.data.inspection_folders import GOOD
from ama.data.samples import Samples
from ama.errors import InputError

MOST_SHOWN = 12  # labels in a message


def is_normal(labels: np.ndarray | None, normal_labels: Sequence[str], source: str) -> np.ndarray:
    """True for samples whose label is among ``normal_labels``; the rest are anomalies.

    Parameters
    ----------
    labels
        Labels of the samples, or None if the source has none.
    normal_labels
        The labels of normal samples.
    source
        Name of the source, for messages.

    Raises
    ------
    InputError
        If the source has no labels, or a normal label does not occur.
    """
    if labels is None:
        raise InputError(f"{source} has no labels, expected sub-folders, a label column, or an array y")
    found = sorted(set(labels.tolist()))
    for label in normal_labels:
        if label not in found:
            shown = ", ".join(found[:MOST_SHOWN]) + (", ..." if len(found) > MOST_SHOWN else "")
            raise InputError(f"no sample of {source} has the label {label!r}; its labels are {shown}")
    return np.isin(labels, list(normal_labels))


def all_taken_as_normal(samples: Samples) -> str | None:
    """The sentence on labels that decided nothing; None if there are not several."""
    if samples.labels is None:
        return None
    found = Counter(samples.labels.tolist())
    if len(found) < 2:
        return None
    shown = ", ".join(f"{label or '(none)'} ({n})" for label, n in found.most_common(MOST_SHOWN))
    more = ", ..." if len(found) > MOST_SHOWN else ""
    return (
        f"{samples.source or 'the source'} has the labels {shown}{more}, and all samples were taken as normal: "
        "choose with --normal-label"
    )


def normal_among_anomalies(
    found: Mapping[str, int], source: str, normal_labels: Sequence[str] | None = None
) -> str | None:
    """The sentence on samples of a normal label in a source of anomalies; None if there are none.

    Parameters
    ----------
    found
        How many samples there are of each label.
    source
        Name of the source.
    normal_labels
        By default that of :mod:`MVTec's layout <ama.data.inspection_folders>`.
    """
    shown = [f"{label} ({found[label]})" for label in normal_labels or [GOOD] if label in found]
    if not shown:
        return None
    return (
        f"{source} has samples of the label {', '.join(shown)}, which are taken as anomalies, too: "
        "give a source of anomalies alone"
    )


def check_one_part(source: Any) -> None:
    """Refuse a folder that holds training and test samples side by side, as those of MVTec and ImageNet do.

    Raises
    ------
    InputError
        If the source is such a folder; the message names the part to give.
    """
    if not isinstance(source, str | Path) or not (folder := Path(source)).is_dir():
        return
    parts = {part.name.lower(): part for part in folder.iterdir() if part.is_dir()}
    if {"train", "test"} <= parts.keys():
        train = parts["train"]
        good = next((train / part for part in ("good", "normal") if (train / part).is_dir()), train)
        raise InputError(
            f"{folder} holds training and test samples, in {train.name} and {parts['test'].name}: name one of them, "
            f"such as {good}, or choose by --normal-label"
        )
