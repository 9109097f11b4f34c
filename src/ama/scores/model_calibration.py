"""What a model keeps of held-out normal samples, behind its threshold, its p-values and the threshold of its maps."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from jaxtyping import Shaped
from torch import Tensor

from ama.decision import conformal
from ama.errors import InputError
from ama.io.storable import empty
from ama.scores.densities import some
from ama.utils.progress import phase, progress_bar

if TYPE_CHECKING:
    from ama.scores.model import Model

MAP_IMAGES = 200  # held-out images behind the threshold of the map: enough for false-alarm rates from 0.5 %
MAPS_AT_A_TIME = 8


def calibration_of(
    model: Model, raw: Shaped[Tensor, "m ..."], progress: bool | None = False
) -> dict[str, Tensor]:
    """The calibration of a model by the names of its buffers.

    ``calibration`` holds the scores of the samples. ``float32_calibration`` holds those in float32, as an exported file
    computes them, if the model scores in bfloat16. ``map_calibration`` holds the largest values in the maps of at most
    :data:`MAP_IMAGES` images.

    Parameters
    ----------
    model
        Fitted, but for this.
    raw
        Raw normal samples that nothing was fitted to.
    progress
        As in :func:`ama.utils.progress.progress_bar`.
    """
    found = {}
    with model.seen_once():
        with phase(progress, len(raw), "calibration"):
            found["calibration"] = conformal.calibration_scores(model.score(raw), model.arithmetic)
        if model.arithmetic == torch.bfloat16:
            with phase(progress, len(raw), "calibration in float32"), _in_float32(model):
                scores = model.score(raw)
            found["float32_calibration"] = conformal.calibration_scores(scores, torch.float32)
        if model.kind.pictured:
            parts = some(raw, MAP_IMAGES, 0).split(MAPS_AT_A_TIME)
            shown = progress_bar(progress, iterable=parts, desc="maps", unit=f"{MAPS_AT_A_TIME} images")
            highest = torch.cat([model.anomaly_map(images).flatten(1).amax(1) for images in shown])
            # As of scores, rounding alone puts no image above an identical held-out one.
            found["map_calibration"] = highest.double() * (1 + conformal.ROUNDING[torch.float32])
    return found


def score_in_float32(model: Model) -> None:
    """Have a model score in float32 from now on, with the calibration of these scores.

    Raises
    ------
    InputError
        If it scores in bfloat16 and has no such calibration.
    """
    if model.arithmetic != torch.bfloat16:
        return
    if not len(model.float32_calibration):
        raise InputError(
            "the model scores in bfloat16 and has no calibration in float32, as an older ama saved it: calibrate it on "
            "normal samples first"
        )
    model.settings = dataclasses.replace(model.settings, scoring_precision="float32")
    model.calibration, model.float32_calibration = model.float32_calibration, empty(0)


@contextmanager
def _in_float32(model: Model) -> Iterator[None]:
    before = model.settings
    model.settings = dataclasses.replace(before, scoring_precision="float32")
    try:
        yield
    finally:
        model.settings = before
