"""What detectors that train networks have in common."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from ama.detectors.base import Detector
from ama.detectors.parameters import parameters
from ama.errors import InputError
from ama.training.run import Run
from ama.utils.declarations import FIRST, TRAINING, parameter
from ama.utils.durations import seconds


@parameters
class TrainedDetector(Detector):
    """Base of detectors that train networks."""

    # fmt: off
    max_time: str | float | None = parameter((
        "Time limit of each training with the features made for it: seconds, or text such as \"90s\", \"5m\", \"1h\". "
        "Reading, and what follows the training, such as a bank of places and the threshold, take their own time."),
        FIRST, default=None)
    checkpoints: str | None = parameter((
        "Folder for checkpoints. A fit that finds one of its own there resumes from it and ends in the same model."),
        TRAINING, default=None)
    checkpoint_every: str | float = parameter("Time between two checkpoints, as in max_time.", TRAINING,
        default="1m")
    # fmt: on

    trains_networks = True

    def check_parameters(self) -> None:
        """As of every detector; and the folder of checkpoints must be usable.

        Raises
        ------
        InputError
            For the first parameter that is not.
        """
        super().check_parameters()
        seconds(self.max_time)
        seconds(self.checkpoint_every, "checkpoint_every")
        if self.checkpoints is not None:
            from ama.training.checkpoint_folder import check_checkpoint_folder

            if not isinstance(self.checkpoints, str | os.PathLike) or not str(self.checkpoints):
                raise InputError(f"checkpoints must name a folder, found {self.checkpoints!r}")
            check_checkpoint_folder(Path(self.checkpoints))

    def _run(self, device: str) -> Run:
        return replace(
            super()._run(device),
            max_seconds=seconds(self.max_time),
            checkpoints=None if self.checkpoints is None else Path(self.checkpoints),
            checkpoint_seconds=seconds(self.checkpoint_every, "checkpoint_every") or Run.checkpoint_seconds,
        )
