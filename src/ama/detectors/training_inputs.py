"""What users pass to ``fit``: samples, and which of them are known anomalies."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.utils.validation import check_consistent_length, column_or_1d

from ama.data.inspection_folders import part_to_learn
from ama.data.normal_labels import all_taken_as_normal, check_one_part
from ama.data.samples import Samples
from ama.detectors.inputs import as_samples
from ama.errors import InputError


def training_samples(detector: Any, X: Any, y: Any) -> tuple[Samples, np.ndarray]:
    """X as samples, and which of them are marked as anomalies, shape (n,).

    Labels of a source decide nothing without y, which is said in a warning; so is what is learned of a folder in
    :mod:`MVTec's layout <ama.data.inspection_folders>`.

    Parameters
    ----------
    detector
        An :class:`ama.detectors.base.Detector`; it gets the names and the number of the columns.
    X
        As in :func:`ama.detectors.inputs.as_samples`.
    y
        None, or a label for each sample; -1 marks an anomaly.

    Raises
    ------
    InputError
        If the samples or the labels cannot be used.
    """
    if y is None:
        X, remark = part_to_learn(X)
        if remark is not None:
            warnings.warn(remark, stacklevel=3)
        check_one_part(X)
    samples = as_samples(detector, X, reset=True)
    if y is not None:
        return samples, _known_anomalies(y, len(samples))
    if (unheeded := all_taken_as_normal(samples)) is not None:
        warnings.warn(unheeded, stacklevel=3)
    return samples, np.zeros(len(samples), dtype=bool)


def _known_anomalies(y: Any, n: int) -> np.ndarray:
    numbers = label_numbers(y)
    check_consistent_length(np.empty(n), numbers)
    if others := sorted(set(np.unique(numbers).tolist()) - {1, -1}):
        warnings.warn(
            f"y holds {', '.join(f'{label:g}' for label in others[:3])}: only -1 marks a known anomaly, so "
            "these samples are taken as normal",
            stacklevel=4,
        )
    return numbers == -1


def label_numbers(y: Any) -> np.ndarray:
    """Labels +1 and -1 as an array of numbers (n,).

    Raises
    ------
    InputError
        If they are not numbers; the message names the first that is none.
    """
    try:
        given = column_or_1d(y)
    except (TypeError, ValueError) as error:
        raise InputError(f"y cannot be used: {str(error).splitlines()[0]}") from error
    try:
        return _as_numbers(given)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(
            "Unknown label type: y must hold +1 for normal samples and -1 for known anomalies, found "
            f"{_first_odd(given)}"
        ) from error


def _as_numbers(given: np.ndarray) -> np.ndarray:
    if given.dtype.kind not in "biufOSU":  # NumPy would convert dates
        raise TypeError
    return given.astype(float)


def _first_odd(given: np.ndarray) -> str:
    """The first label that is no number, and its row."""
    for row, value in enumerate(given.tolist(), 1):
        try:
            _as_numbers(np.array([value]))
        except (TypeError, ValueError, OverflowError):
            return f"{value!r} in row {row} (counted from 1)"
    return f"values of type {given.dtype}"
