"""What users pass to ``fit`` and ``score_samples``, as samples."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import check_consistent_length, column_or_1d, validate_data

from ama.data.image_axes import check_several
from ama.data.objects import is_source
from ama.data.plain_arrays import plain_array
from ama.data.samples import Samples, Wanted
from ama.data.sources import open_source
from ama.errors import InputError
from ama.scores.kinds.factory import kind_of


def as_samples(detector: Any, X: Any, reset: bool) -> Samples:
    """X as samples: of any shape at fit (``reset``), of the fitted shape afterwards.

    Parameters
    ----------
    detector
        An :class:`ama.detectors.base.Detector`; at fit it gets the names and the number of the columns.
    X
        Samples, a source, or an array, tensor or DataFrame.

    Raises
    ------
    InputError
        If they are not what the detector takes.
    """
    if isinstance(X, Samples):
        if reset:
            _keep_columns(detector, X)
        elif tuple(X.x.shape[1:]) != detector.shape_:
            found, expected = (kind_of(tuple(s)).describe() for s in (X.x.shape[1:], detector.shape_))
            raise InputError(f"expected {expected}, found {found}")
        return X
    if not is_source(X) and not hasattr(X, "iloc"):  # of pandas, whose columns have names
        X = plain_array(X, "X")
    n_axes = getattr(X, "ndim", None)
    if is_source(X) or (n_axes is not None and n_axes > 2):
        # Later results are an array with a value for each sample, so none may be missing.
        source = open_source(X) if reset else detector.open(X, complete=True)
        samples = source.read(progress=detector.progress is not False)
        for note in samples.notes():
            warnings.warn(note, stacklevel=4)
        if reset:
            _keep_columns(detector, samples)
        return samples
    if not reset and kind_of(detector.shape_).pictured:
        check_several(X.shape, "X", Wanted(shape=detector.shape_))
        expected = kind_of(detector.shape_).describe()
        raise InputError(f"expected {expected}, found an array of {n_axes} axes")
    if n_axes is not None and n_axes < 2 and not hasattr(X, "iloc"):
        raise InputError(
            f"X has shape {X.shape}, expected rows (n, d). Reshape your data: X.reshape(1, -1) is one row, "
            "X.reshape(-1, 1) one column"
        )
    rows = validate_data(detector, X, reset=reset, dtype=np.float64)
    names = getattr(detector, "feature_names_in_", None)
    return Samples(
        x=torch.from_numpy(np.array(rows)),
        ids=[str(i) for i in range(len(rows))],
        labels=None,
        columns=None if names is None else list(names),
        skipped=[],
    )


def _keep_columns(detector: Any, samples: Samples) -> None:
    """What scikit-learn's own validation keeps of a table."""
    vars(detector).pop("feature_names_in_", None)
    vars(detector).pop("n_features_in_", None)
    if not kind_of(tuple(samples.x.shape[1:])).pictured:
        detector.n_features_in_ = samples.x.shape[1]
        if samples.columns is not None:
            detector.feature_names_in_ = np.asarray(samples.columns, dtype=object)


def known_anomalies(y: Any, n: int) -> np.ndarray:
    """Which of n samples are marked as anomalies, shape (n,).

    Parameters
    ----------
    y
        None, or a label for each sample; -1 marks an anomaly.

    Raises
    ------
    InputError
        If the labels are not numbers.
    """
    if y is None:
        return np.zeros(n, dtype=bool)
    given = column_or_1d(y)
    check_consistent_length(np.empty(n), given)
    try:
        y = given.astype(float)
    except (TypeError, ValueError) as error:
        raise InputError(
            "Unknown label type: y must hold +1 for normal samples and -1 for known anomalies, found "
            f"{given[0]!r}"
        ) from error
    if others := sorted(set(np.unique(y).tolist()) - {1, -1}):
        warnings.warn(
            f"y holds {', '.join(f'{label:g}' for label in others[:3])}: only -1 marks a known anomaly, so "
            "these samples are taken as normal",
            stacklevel=3,
        )
    return y == -1
