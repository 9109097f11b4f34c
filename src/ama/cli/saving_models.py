"""Saving a model at the end of a command, whose work must not be lost."""

from __future__ import annotations

import os
import tempfile

from ama.detectors.base import Detector
from ama.errors import ModelFolderError, SavingError


def save(detector: Detector, folder: str) -> None:
    """Save a detector at a folder that could be written to before the work; if it no longer can, somewhere else.

    Raises
    ------
    SavingError
        If it is somewhere else, or nowhere; the message says where.
    """
    try:
        detector.save(folder)
    except ModelFolderError as error:
        raise SavingError(f"{error}; {_kept(detector)}") from error


def _kept(detector: Detector) -> str:
    try:
        elsewhere = tempfile.mkdtemp(prefix="ama-model-")
        try:
            detector.save(elsewhere)
        except ModelFolderError:
            os.rmdir(elsewhere)
            raise
    except (OSError, ModelFolderError) as error:
        return f"the model is lost, as no other place was found: {error}"
    return f"the model is kept in {elsewhere}"
