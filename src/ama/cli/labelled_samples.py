"""Samples of which it is known, or not, who is an anomaly."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ama.cli.reading import chunks
from ama.data.normal_labels import is_normal
from ama.data.samples import Samples
from ama.detectors.base import Detector
from ama.errors import InputError


def labelled_chunks(
    detector: Detector,
    source: str,
    normal_label: list[str] | None,
    anomalies: str | None,
    label_column: str | None,
    strict: bool,
) -> Iterator[tuple[Samples, np.ndarray | None]]:
    """The samples chunk by chunk under a progress bar, and which of them are anomalies.

    Parameters
    ----------
    detector
        Whose samples they must be like.
    source
        Labelled samples with ``normal_label``, normal ones with ``anomalies``; otherwise nothing is known of them.
    normal_label
        Labels taken as normal; all others are anomalies.
    anomalies
        A source of nothing but anomalies.
    label_column, strict
        As in :func:`ama.data.sources.open_source`, for both sources.

    Raises
    ------
    InputError
        If labels and a source of anomalies are both given, or no sample has a normal label.
    """
    if normal_label is not None and anomalies is not None:
        raise InputError("give either --normal-label or --anomalies, to tell normal samples from anomalies")
    for i, name in enumerate([source] if anomalies is None else [source, anomalies]):
        seen: set[str] = set()
        for samples in chunks(detector.open(name, label_column=label_column, strict=strict), "scoring"):
            truth = None if anomalies is None else np.full(len(samples), i == 1)
            if normal_label is not None:
                labels = samples.labels
                if labels is None:
                    is_normal(None, normal_label, name)  # says that there are none
                else:
                    seen |= set(labels)
                    truth = ~np.isin(labels, normal_label)
            yield samples, truth
        if normal_label is not None:
            is_normal(np.array(sorted(seen)), normal_label, name)  # says if none of the labels is there


def check_both_kinds(anomalous: np.ndarray, source: str, purpose: str) -> None:
    """Refuse samples of one kind where both are needed.

    Raises
    ------
    InputError
        If all are anomalies, or none is.
    """
    if anomalous.all() or not anomalous.any():
        kind = "anomalies" if anomalous.all() else "normal samples"
        raise InputError(f"{purpose} needs normal samples and anomalies, but {source} holds only {kind}")
