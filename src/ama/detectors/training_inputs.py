"""What users pass to ``fit``: samples, which of them are known anomalies, and their groups; validation samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Int, Shaped
from sklearn.utils.validation import column_or_1d
from torch import Tensor

from ama.data.encoding.missing_marks import marks_notice
from ama.data.grouping import Grouping, group_numbers
from ama.data.images.inspection_folders import part_to_learn
from ama.data.labels import as_labels
from ama.data.normal_labels import IN_PYTHON, all_taken_as_normal, check_one_part
from ama.data.samples import Samples
from ama.data.sources import open_source
from ama.detectors.inputs import as_samples, check_like
from ama.errors import InputError
from ama.training.near_duplicates import copied
from ama.utils.user_warnings import warn_user


def training_samples(
    detector: Any, X: Any, y: Any, groups: Any = None
) -> tuple[Samples, np.ndarray, Int[Tensor, " m"] | None]:
    """X as samples, which of them are marked as anomalies, shape (n,), and the groups of the others by number.

    Labels of a source decide nothing without y, which is said in a warning; so is what is learned of a folder in
    :mod:`MVTec's layout <ama.data.images.inspection_folders>`, and that a number such as -999 may mark missing values.

    Parameters
    ----------
    detector
        An :class:`ama.detectors.base.Detector`, which stays as it is.
    X
        As in :func:`ama.detectors.inputs.as_samples`.
    y
        None, or a label for each sample; -1 marks an anomaly.
    groups
        None, the group of each sample, or a rule as :class:`ama.data.grouping.Grouping` describes them.

    Raises
    ------
    InputError
        If the samples, the labels or the groups cannot be used.
    """
    if y is None:
        X, remark = part_to_learn(X)
        if remark is not None:
            warn_user(remark)
        check_one_part(X)
    rule = Grouping.parsed(groups, "groups=") if isinstance(groups, str) else None
    anomalous = None if y is None else _known_anomalies(y)
    learn_from = None if anomalous is None else ~anomalous
    samples = as_samples(detector, X, reset=True, group_by=rule, learn_from=learn_from)
    if anomalous is not None:
        _check_length("y", len(anomalous), len(samples))
    else:
        if (unheeded := all_taken_as_normal(samples, IN_PYTHON)) is not None:
            warn_user(unheeded)
        anomalous = np.zeros(len(samples), dtype=bool)
    if (notice := marks_notice(samples, ~anomalous)) is not None:
        warn_user(notice)
    return samples, anomalous, None if groups is None else _groups(groups, rule, samples, ~anomalous)


def parted(
    x: Shaped[Tensor, "n ..."], anomalous: Bool[np.ndarray, " n"]
) -> tuple[Shaped[Tensor, "m ..."], Shaped[Tensor, "a ..."] | None]:
    """The normal samples, and the known anomalies, None if there are none; a warning tells of those that are both."""
    known = torch.from_numpy(anomalous)
    normal = x[~known]
    if not anomalous.any():
        return normal, None
    anomalies = x[known]
    if n := int(copied(normal, anomalies).sum()):
        warn_user(
            f"{n:,} of {len(anomalies):,} known anomalies also found among the normal samples: leave them out of one "
            "of the two"
        )
    return normal, anomalies


def without_known(detector: Any, samples: Samples, anomalous: Bool[np.ndarray, " n"]) -> Samples:
    """The normal samples, for a detector that learns from no known anomalies; a warning says how many there are."""
    if not anomalous.any():
        return samples
    warn_user(
        f"y marks {anomalous.sum()} of {len(samples)} samples as anomalies, from which {type(detector).__name__} does "
        "not learn",
    )
    return samples.select(~anomalous)


def shown_numbers(samples: Samples) -> Callable[[Tensor, int], str]:
    """How a number of a row is told, given the row and its place: with its column, and as it was before encoding."""
    columns, encoding = samples.columns, samples.encoding

    def shown(row: Tensor, place: int) -> str:
        values = row.cpu().numpy()
        if encoding is not None:
            place = next(j for j, group in enumerate(encoding.groups) if place in group)
            values = encoding.decode(values[None])[0]
        value, name = values[place], place + 1 if columns is None else repr(columns[place])
        return f"column {name} holds {value if isinstance(value, str) else format(value, 'g')}"

    return shown


def check_held_out_from(chosen: str | None, groups: Any) -> None:
    """Refuse groups with another choice of what is held out, and that choice without groups.

    Raises
    ------
    InputError
        The message names both.
    """
    if groups is not None and chosen in ("anywhere", "end"):
        raise InputError(
            f"groups and held_out_from='{chosen}' both choose what is held out: give one of them"
        )
    if groups is None and chosen == "groups":
        raise InputError("held_out_from is 'groups', which needs groups, found none")


def _groups(
    groups: Any, rule: Grouping | None, samples: Samples, normal: np.ndarray
) -> Int[Tensor, " m"] | None:
    """The number of the group of each normal sample; None if all are anomalies, which is refused elsewhere."""
    ids = [samples.ids[i] for i in np.flatnonzero(normal)]
    if not ids:
        return None
    if rule is not None:
        values = None if samples.group_values is None else samples.group_values[normal]
        return torch.from_numpy(group_numbers(rule.labels(ids, values, warn_user), ids, rule.said, warn_user))
    try:
        given = column_or_1d(groups)
    except (TypeError, ValueError) as error:
        kind = type(groups).__name__
        found = (
            f"an array of shape {groups.shape}" if hasattr(groups, "shape") else f"an object of type {kind}"
        )
        raise InputError(
            f"groups cannot be used: expected a value for each sample, or a rule, found {found}"
        ) from error
    _check_length("groups", len(given), len(normal))
    return torch.from_numpy(group_numbers(as_labels(given.tolist())[normal], ids, "groups", warn_user))


def _check_length(argument: str, found: int, expected: int) -> None:
    if found != expected:
        raise InputError(f"{argument} holds {found} values for {expected} samples, expected one for each")


def validation_samples(validation: Any, samples: Samples) -> tuple[Tensor, Tensor] | None:
    """Validation samples that are like those of a fit, and +1 or -1 for each.

    Raises
    ------
    InputError
        If they are not, or are not of both kinds, or are no pair (X, y).
    """
    if validation is None:
        return None
    if not isinstance(validation, tuple | list) or len(validation) != 2:
        raise InputError(
            "validation must be (X, y), samples and +1 or -1 for each, found an object of type "
            f"{type(validation).__name__}"
        )
    X, y = validation
    shape, encoding = tuple(samples.x.shape[1:]), samples.encoding
    if isinstance(X, Samples):
        check_like(X, shape, encoding)
    else:
        names, dtype = samples.columns, samples.x.dtype
        # Complete, as y has a label for each.
        X = open_source(X, shape=shape, columns=names, dtype=dtype, encoding=encoding, complete=True).read()
        for remark in X.remarks:
            warn_user(f"validation: {remark}")
    x = X.x
    labels = torch.from_numpy(label_numbers(y))
    if len(labels) != len(x):
        raise InputError(f"validation holds {len(x)} samples and {len(labels)} labels")
    if set(labels.tolist()) != {1, -1}:
        raise InputError(
            "validation needs both normal samples (y = 1) and anomalies (y = -1), and no other label; found "
            f"{sorted(set(labels.tolist()))}"
        )
    return x, labels


def _known_anomalies(y: Any) -> Bool[np.ndarray, " n"]:
    numbers = label_numbers(y)
    if others := sorted(set(np.unique(numbers).tolist()) - {1, -1}):
        warn_user(
            f"y holds {', '.join(f'{label:g}' for label in others[:3])}: only -1 marks a known anomaly, so "
            "these samples are taken as normal",
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
