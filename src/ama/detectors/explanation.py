"""What a detector says about its scores."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float, Shaped


class ScoreColumn(NamedTuple):
    """A column of a score table."""

    name: str
    higher: Literal["normal", "anomalous"]  # what higher values mean


@dataclass(frozen=True)
class Explanation:
    """Why n samples have their scores; None for what a detector does not know.

    Parameters
    ----------
    terms
        The terms of the score by name, each (n,): standard deviations from normal samples, higher = more anomalous.
    reconstruction
        (n, ...) in the units of the samples.
    anomaly_map
        Where the score comes from: images (n, h, w), rows (n, d).
    expected
        What each column of a row would normally be (n, d): numbers, or objects as
        :meth:`ama.data.encoding.table_encoding.TableEncoding.decode` has them.
    """

    terms: dict[str, Float[np.ndarray, " n"]] = field(default_factory=dict)
    reconstruction: Float[np.ndarray, "n ..."] | None = None
    anomaly_map: Float[np.ndarray, "n ..."] | None = None
    expected: Shaped[np.ndarray, "n d"] | None = None


class LatentSphere(NamedTuple):
    """The sphere to which the encodings of normal samples are drawn."""

    dimension: int
    shell: tuple[float, float] | None  # radii of the atypical shell, if there is one
