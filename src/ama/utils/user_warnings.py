"""Warnings that name the line of the user's program."""

from __future__ import annotations

import inspect
import warnings
from itertools import count


def warn_user(message: str) -> None:
    """Warn at the line that called ama, however deep in ama the reason for it was found.

    A fixed ``stacklevel`` would name a line of ama where a call can take several ways.

    Parameters
    ----------
    message
        One sentence.
    """
    frame, found = inspect.currentframe(), 1
    for level in count(1):
        if frame is None:
            break
        if frame.f_globals.get("__name__", "").partition(".")[0] == __name__.partition(".")[0]:
            found = level
        frame = frame.f_back
    warnings.warn(message, stacklevel=found + 1)
