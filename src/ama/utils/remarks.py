"""Remarks and progress must never cost the work that they are about."""

from __future__ import annotations

import contextlib
import os
from typing import Any


class ForgivingStream:
    """A text stream whose text is lost where it cannot be written, as to a closed pipe or a full disk.

    Parameters
    ----------
    stream
        Where the text goes.
    silence
        Whether to point the stream's file at nothing after the first failure. Otherwise Python tries to write what is
        left in the buffer at exit, and ends with status 120.
    """

    def __init__(self, stream: Any, silence: bool = False):
        self._stream, self._silence = stream, silence

    def write(self, text: str) -> int:
        """Write text, or lose it."""
        try:
            return self._stream.write(text)
        except (OSError, ValueError):  # ValueError: the stream is closed
            self._give_up()
            return len(text)

    def flush(self) -> None:
        """Flush, or lose what is left."""
        try:
            self._stream.flush()
        except (OSError, ValueError):
            self._give_up()

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        try:
            return self._stream.isatty()
        except (OSError, ValueError):
            return False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _give_up(self) -> None:
        if self._silence:
            with contextlib.suppress(OSError, ValueError):
                discard(self._stream.fileno())


def discard(descriptor: int) -> None:
    """Let whatever is written to a file descriptor from now on go nowhere."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
