"""SIGINT (Ctrl-C), SIGTERM and SIGHUP end a command in order: it cleans up, says one line and has the usual status."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from ama.cli.told import say_error

WORDS = {
    getattr(signal, name): word
    for name, word in {"SIGINT": "interrupted", "SIGTERM": "terminated", "SIGHUP": "terminated"}.items()
    if hasattr(signal, name)
}
CLEANING = 5.0  # seconds in which further signals are ignored, so that they do not cut the cleaning short


class Stopped(KeyboardInterrupt):
    """A signal asks the process to end.

    A class of its own: Python ends by SIGINT, whatever status it is given, once a plain KeyboardInterrupt has passed an
    ``exec``, of which there are many in imports.
    """


_received: list[tuple[int, float]] = []


@contextmanager
def stop_signals() -> Iterator[None]:
    """While active, each of the signals raises Stopped in the main thread; ignored ones stay ignored."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in WORDS}
    if _raise not in before.values():
        _received.clear()
    for number, handler in before.items():
        if handler not in (signal.SIG_IGN, None):
            signal.signal(number, _raise)
    try:
        yield
    finally:
        for number, handler in before.items():
            if signal.getsignal(number) is _raise:
                signal.signal(number, handler)


def is_stop(error: BaseException) -> bool:
    """Whether an exception comes of a signal; a library may have turned KeyboardInterrupt into one of its own."""
    return bool(_received) or isinstance(error, KeyboardInterrupt)


def say_stopped() -> int:
    """Say what ended the command; returns its exit status."""
    number = _received[0][0] if _received else signal.SIGINT
    say_error(WORDS[number])
    return 128 + number


def _raise(number: int, frame: FrameType | None) -> None:
    now = time.monotonic()
    if _received and now - _received[-1][1] < CLEANING:
        return
    _received.append((number, now))
    raise Stopped
