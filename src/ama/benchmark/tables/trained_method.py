"""What the training of a cell gives: scores of test samples, parameters and time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int, Shaped
from torch import Tensor

from ama.benchmark.tables.cell import Cell
from ama.detectors.base import Detector
from ama.errors import InputError

Scores = dict[str, Float[np.ndarray, " m"]]

_UNRECORDED = ("checkpoints", "checkpoint_every", "progress")


class Trained(NamedTuple):
    """A finished training.

    Parameters
    ----------
    scores
        Maps test samples to their scores by name, higher = more normal: under the strict protocol, and under the
        paper's (empty if the cell is strict only).
    groups
        The group of each of n test samples; those of a group share a score.
    parameters
        The parameters of the training.
    seconds
        Time of the fit alone.
    """

    scores: Callable[[Shaped[Tensor, "m ..."]], tuple[Scores, Scores]]
    groups: Callable[[int], Int[np.ndarray, " n"]]
    parameters: dict[str, Any]
    seconds: float


def with_recorded(cell: Cell, known: dict[str, Any], recorded: dict[str, Any] | None) -> dict[str, Any]:
    """The parameters of a method, with those of a record in their places.

    Raises
    ------
    InputError
        If the record has a parameter that this version lacks.
    """
    if unknown := (recorded or {}).keys() - known.keys():
        raise InputError(f"{cell.name}: no parameter of this version of ama is {', '.join(sorted(unknown))}")
    return {**known, **(recorded or {})}


def recorded_parameters(detector: Detector) -> dict[str, Any]:
    """The parameters of a detector, without those that change no result."""
    return {name: value for name, value in detector.get_params().items() if name not in _UNRECORDED}
