"""Samples of a command, and which of them are known to be anomalies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
from jsonargparse import Namespace

from ama.cli.named_files import each
from ama.cli.options import normal_labels
from ama.cli.reading import chunks, say_assumed
from ama.data.normal_labels import (
    check_two_sources,
    first_of,
    is_normal,
    label_counts,
    normal_among_anomalies,
)
from ama.data.samples import Samples, count
from ama.detectors.base import Detector
from ama.errors import InputError

EITHER = "give either --normal-label or --anomalies, to distinguish anomalies from normal samples"


def labelled_chunks(detector: Detector, given: Namespace) -> Iterator[tuple[Samples, np.ndarray | None]]:
    """The samples chunk by chunk under a progress bar, each chunk with a mask of its anomalies.

    Parameters
    ----------
    detector
        The detector that is to score the samples.
    given
        The options ``source``, ``normal_label``, ``anomalies``, ``label_column``, ``strict`` and ``channels``. With
        ``normal_label``, samples of all other labels are anomalies; with ``anomalies``, all samples of that source
        and no others. Without either, the anomalies are unknown and the mask is None.

    Raises
    ------
    InputError
        If both are given, or a normal label does not occur in the source.
    """
    labels = normal_labels(given)
    if labels is not None and given.anomalies is not None:
        raise InputError(EITHER)
    for named in each(given.source):
        check_two_sources(named, given.anomalies)
    seen: list[Counter[str]] = []
    for name, of_anomalies in ((given.source, False), (given.anomalies, True)):
        if name is None:
            continue
        source = detector.open(
            name, label_column=given.label_column, strict=given.strict, channels=given.channels
        )
        seen.append(Counter())
        for samples in chunks(source, "scoring"):
            anomalous = None
            seen[-1].update(label_counts(samples.labels))
            if given.anomalies is not None:
                anomalous = np.full(len(samples), of_anomalies)
            elif labels is not None:
                if samples.labels is None:
                    is_normal(None, labels, str(name))  # raises
                else:
                    anomalous = ~np.isin(samples.labels, labels)
            yield samples, anomalous
    if labels is not None:
        is_normal(np.array(sorted(seen[0])), labels, str(given.source))  # raises if a label does not occur
    _say_how_taken(seen, given)


def _say_how_taken(seen: list[Counter[str]], given: Namespace) -> None:
    """Say which labels of the sources decided nothing, and how many samples lack one."""
    if given.normal_label is not None:
        if n := seen[0][""]:
            unlabelled = f"{given.source} has {count(n, 'sample')} without a label, taken as anomalies"
            say_assumed(unlabelled, given.strict)
        return
    if given.anomalies is None:
        return
    mixed = normal_among_anomalies(seen[0], seen[1], str(given.source), given.anomalies)
    if mixed is not None:
        say_assumed(mixed, given.strict)
    elif len(seen[0]) > 1:  # kinds of normal samples, perhaps
        shown = first_of(sorted(seen[0]))
        say_assumed(f"{given.source} has the labels {shown}; all samples were taken as normal", strict=False)


def check_both_classes(anomalous: np.ndarray, source: str, purpose: str) -> None:
    """Refuse samples of a single class.

    Raises
    ------
    InputError
        If all samples are anomalies, or none is.
    """
    if anomalous.all() or not anomalous.any():
        found = "anomalies" if anomalous.all() else "normal samples"
        raise InputError(f"{purpose} needs normal samples and anomalies, but {source} holds only {found}")
