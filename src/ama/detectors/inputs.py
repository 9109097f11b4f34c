"""What users pass to ``fit`` and ``score_samples``, as samples."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from sklearn.utils.validation import validate_data

from ama.data.arrays.plain_arrays import EXPECTED, no_array, plain_array
from ama.data.arrays.whole_numbers import n_rounded_of, rounded_notice
from ama.data.counted_batches import counted_batches
from ama.data.encoding.table_encoding import TableEncoding
from ama.data.images.image_axes import AmbiguousAxesError, check_several
from ama.data.objects import is_source
from ama.data.samples import Samples, Wanted, described
from ama.data.sources import open_source
from ama.errors import InputError
from ama.scores.kinds.factory import kind_of
from ama.utils.user_warnings import warn_user


class TakesSamples:
    """What scikit-learn and the readers of sources need to know about the samples that a detector takes."""

    def reading(self) -> dict[str, Any]:
        """Keywords of ``open_source`` for a source to learn from, besides those that the user gives."""
        return {}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.input_tags.sparse = True
        return tags


def as_samples(detector: Any, X: Any, reset: bool, **reading: Any) -> Samples:
    """X as samples: of any shape at fit (``reset``), of the fitted shape afterwards.

    Parameters
    ----------
    detector
        An :class:`ama.detectors.base.Detector`, which stays as it is.
    X
        Samples, a source, or an array, tensor or DataFrame.
    **reading
        Keywords of ``open_source`` for a source to learn from.

    Raises
    ------
    InputError
        If they are not what the detector takes.
    """
    if isinstance(X, Samples):
        if not reset:
            check_like(X, detector.shape_, detector.encoding_)
        return X
    from_source = is_source(X)
    if not from_source:
        X = _array(X)
    n_axes = getattr(X, "ndim", None)
    if from_source or (n_axes is not None and n_axes > 2):
        # Later results are an array with a value for each sample, so none may be missing.
        reading = {**detector.reading(), **reading}
        try:
            source = open_source(X, **reading) if reset else detector.open(X, complete=True)
        except AmbiguousAxesError as error:  # fit has no such argument
            raise InputError(
                f"{error.question} Pass ama.data.sources.open_source(X, channels='first').read(), or 'last'"
            ) from None
        samples = source.read(progress=detector.progress is not False)
        for note in samples.notes():
            warn_user(note)
        return samples
    if not reset and kind_of(detector.shape_).pictured:
        check_several(X.shape, "X", Wanted(shape=detector.shape_))
        expected = kind_of(detector.shape_).describe()
        raise InputError(f"expected {expected}, found an array of {n_axes} ax{'i' if n_axes == 1 else 'e'}s")
    if not reset:
        Wanted(encoding=detector.encoding_).check_table("X")
    return _rows(detector, X, reset)


def sample_batches(detector: Any, X: Any) -> Iterator[Samples]:
    """X as samples like those of the fit, those of a source a part at a time, in constant memory.

    Parameters
    ----------
    detector
        A fitted :class:`ama.detectors.base.Detector`.
    X
        As in :func:`as_samples`.

    Raises
    ------
    InputError
        If they are not what the detector takes.
    """
    if isinstance(X, Samples) or not is_source(X):
        yield as_samples(detector, X, reset=False)
        return
    # Later results are an array with a value for each sample, so none may be missing.
    source = detector.open(X, complete=True)
    yield from counted_batches(source, "scoring", detector.progress, detector.scored_together)
    for remark in source.remarks:
        warn_user(remark)


def check_like(samples: Samples, shape: tuple[int, ...], encoding: TableEncoding | None) -> None:
    """Refuse samples in memory that are not of the shape and the encoding of a fit.

    Raises
    ------
    InputError
        The message says what was found and expected.
    """
    expected, found = described(shape, encoding), described(tuple(samples.x.shape[1:]), samples.encoding)
    if expected != found:
        raise InputError(f"expected {expected}, found {found}")
    if samples.encoding != encoding or tuple(samples.x.shape[1:]) != shape:
        raise InputError("the samples are encoded otherwise than at fit: read them by detector.open(source)")


def _array(X: Any) -> Any:
    """X as an array of numbers; a Series of pandas stays one."""
    if hasattr(type(X), "columns") or isinstance(X, Mapping):
        raise no_array(X)
    if hasattr(X, "iloc"):
        return X
    array = plain_array(X, "X")
    if array.shape[:1] == (0,):
        raise InputError(f"X has no samples (shape {array.shape}), {EXPECTED}")
    if array.ndim == 2 and (n := n_rounded_of(X, array)):
        warn_user(rounded_notice("X", n))
    return array


def _rows(detector: Any, X: Any, reset: bool) -> Samples:
    """Rows, checked by scikit-learn."""
    if getattr(X, "ndim", 2) < 2:
        frames = hasattr(X, "to_frame")  # a Series of pandas, such as frame.iloc[0]
        row, column = (
            ("X.to_frame().T", "X.to_frame()") if frames else ("X.reshape(1, -1)", "X.reshape(-1, 1)")
        )
        raise InputError(
            f"X has shape {X.shape}, expected rows (n, d). Reshape your data: {row} is one row, {column} one column"
        )
    # A copy, as a refused fit leaves the detector as it was.
    told = copy.copy(detector) if reset else detector
    rows = validate_data(told, X, reset=reset, dtype=np.float64, ensure_all_finite=False)
    named = getattr(told, "feature_names_in_", None)
    names = None if named is None else list(named)
    _check_finite(rows, names)
    return Samples(
        x=torch.from_numpy(np.array(rows)),
        ids=[str(i) for i in range(len(rows))],
        labels=None,
        columns=names,
        skipped=[],
    )


def _check_finite(rows: Float[np.ndarray, "n d"], names: Sequence[str] | None) -> None:
    """In scikit-learn's first words, and with the place."""
    finite = np.isfinite(rows)
    if not finite.all():
        row, column = np.argwhere(~finite)[0].tolist()
        found = "NaN" if np.isnan(rows[row, column]) else "infinity"
        where = f"column {column + 1}" if names is None else f"column {names[column]!r}"
        raise InputError(
            f"Input X contains {found} in row {row + 1} (counted from 1), {where}, expected a finite number: fill it "
            "in or drop the row"
        )


def keep_columns(detector: Any, samples: Samples) -> None:
    """Keep what the columns of a fit are, and what scikit-learn's own validation would: their number and names."""
    detector.columns_, detector.encoding_ = samples.columns, samples.encoding
    vars(detector).pop("feature_names_in_", None)
    vars(detector).pop("n_features_in_", None)
    if not kind_of(tuple(samples.x.shape[1:])).pictured:
        detector.n_features_in_ = samples.x.shape[1] if samples.encoding is None else len(samples.encoding)
        if samples.columns is not None:
            detector.feature_names_in_ = np.asarray(samples.columns, dtype=object)
