"""Which samples of a labelled source are normal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ama.errors import InputError


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
            shown = ", ".join(found[:12]) + (", ..." if len(found) > 12 else "")
            raise InputError(f"no sample of {source} has the label {label!r}; its labels are {shown}")
    return np.isin(labels, list(normal_labels))
