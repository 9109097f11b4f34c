"""Standard streams that a command can rely on, even where its caller has closed them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ama.utils.remarks import ForgivingStream, discard

ERRORS = 2  # the file descriptor of standard error


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
    with _python_alone():
        sys.stderr = ForgivingStream(sys.stderr, silence=True)
        try:
            yield
            sys.stderr.flush()
        finally:
            sys.stdout, sys.stderr = output, errors


@contextmanager
def _python_alone() -> Iterator[None]:
    """Keep libraries in C off standard error: those of TIFF and JPEG write there what is wrong with an image.

    Python says it in a sentence of its own, through a copy of the stream.
    """
    errors = sys.stderr
    try:
        shared = errors.fileno() == ERRORS
    except (OSError, ValueError, AttributeError):
        shared = False
    if not shared:
        yield
        return
    errors.flush()
    own = os.dup(ERRORS)
    discard(ERRORS)
    with os.fdopen(own, "w", buffering=1, encoding=errors.encoding, errors=errors.errors) as copy:
        sys.stderr = copy
        try:
            yield
        finally:
            os.dup2(own, ERRORS)


def _occupy(descriptor: int) -> None:
    try:
        os.fstat(descriptor)
    except OSError:
        opened = os.open(os.devnull, os.O_RDWR)
        if opened != descriptor:
            os.dup2(opened, descriptor)
            os.close(opened)
