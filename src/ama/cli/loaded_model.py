"""The model that a command scores with."""

from __future__ import annotations

import torch
from jsonargparse import Namespace

from ama.cli.told import say
from ama.detectors.base import Detector
from ama.detectors.registry import load
from ama.utils.processors import multiplies_bfloat16

EMULATED = (
    "the model scores in bfloat16, in which this processor takes longer than in float32: --float32 scores in that, "
    "with its own threshold and p-values"
)


def loaded(given: Namespace, device: str | None = None) -> Detector:
    """The detector of the options ``model``, ``device``, ``float32`` and ``false_alarm_rate``, if there is one.

    Parameters
    ----------
    given
        The options.
    device
        In place of the option.

    Raises
    ------
    InputError
        If it cannot be loaded, has no scores in float32, or the rate is not between 0 and 1.
    """
    detector = load(given.model, device or given.device, float32=given.float32)
    if detector.model_.arithmetic == torch.bfloat16:
        device = next(detector.model_.parameters()).device.type
        if not multiplies_bfloat16(device):
            say(EMULATED)
    if (rate := given.get("false_alarm_rate")) is not None:
        detector.set_threshold(rate)
    return detector
