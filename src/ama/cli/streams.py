"""Standard streams that a command can rely on, even where its caller has closed them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ama.utils.remarks import ForgivingStream


@contextmanager
def usable_streams() -> Iterator[None]:
    """Standard error never fails, and no file of the command takes the place of a stream that is closed."""
    output, errors = sys.stdout, sys.stderr
    for descriptor in range(3):
        _occupy(descriptor)
    if sys.stdout is None:
        # Results would be lost: writing fails with a message, as it does on a full disk.
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w")
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = ForgivingStream(sys.stderr, silence=True)
    try:
        yield
        sys.stderr.flush()
    finally:
        sys.stdout, sys.stderr = output, errors


def _occupy(descriptor: int) -> None:
    try:
        os.fstat(descriptor)
    except OSError:
        opened = os.open(os.devnull, os.O_RDWR)
        if opened != descriptor:
            os.dup2(opened, descriptor)
            os.close(opened)
