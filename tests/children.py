"""Work in a process of its own: forked, without the seconds of an interpreter's start, or a new one."""

from __future__ import annotations

import faulthandler
import gc
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

LONGEST = 120  # seconds of a process; one that hangs says where and ends, as others wait for it


class Ended(NamedTuple):
    """How a process ended: its exit status, minus the signal that killed it, and what it wrote."""

    status: int
    output: str
    errors: str


def environment() -> dict[str, str]:
    """For a new interpreter, which is to find the modules of the tests, too."""
    paths = [str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths)}


def start(work: Callable[[], int | None], folder: Path, written: Path) -> int:
    """Fork a process that works in a folder, and return its number.

    Parameters
    ----------
    work
        Returns an exit status; None is 0.
    folder
        The working folder.
    written
        Folder for what it writes to its standard streams.
    """
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # of threads of the parent, which the work does not need
        child = os.fork()
    if child:
        return child
    status = 70
    # What is garbage here belongs to threads that were not forked: to finalise it could wait for one of them.
    gc.freeze()
    # Python's own filters in place of pytest's.
    warnings.resetwarnings()
    for category in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
        warnings.simplefilter("ignore", category)
    try:
        os.chdir(folder)
        for descriptor, name in ((1, "output"), (2, "errors")):
            opened = os.open(written / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(opened, descriptor)
            os.close(opened)
        sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", buffering=1, closefd=False)  # noqa: SIM115
        faulthandler.dump_traceback_later(LONGEST, exit=True, file=sys.stderr)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        status = work() or 0
        sys.stdout.flush()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def end(child: int, written: Path) -> Ended:
    """Wait for the end of a process."""
    try:
        _, status = os.waitpid(child, 0)
    except (
        BaseException
    ):  # such as the time limit of the test: whoever reads from the parent would wait for the child
        os.kill(child, signal.SIGKILL)
        raise
    output, errors = ((written / name).read_text(errors="replace") for name in ("output", "errors"))
    return Ended(os.waitstatus_to_exitcode(status), output, errors)


def command(*words: object) -> Callable[[], int]:
    """The command line as the work of a process."""

    def work() -> int:
        from ama.__main__ import run

        sys.argv = ["ama", *map(str, words)]
        return run()

    return work


def called(folder: Path, written: Path, *words: object) -> Ended:
    """Run the command line in a forked process, which works in a folder."""
    return end(start(command(*words), folder, written), written)


def signalled_at(
    module: str, function: str, number: int, work: Callable[[], int | None]
) -> Callable[[], int | None]:
    """The same work, which sends itself a signal when it first calls a function."""

    def watch(frame, event, _) -> None:
        if frame.f_code.co_name == function and frame.f_globals.get("__name__") == module:
            sys.settrace(None)
            os.kill(os.getpid(), number)

    def watched() -> int | None:
        # A trace sees calls alone; a profile, which sees what C does, too, would double the time.
        sys.settrace(watch)
        return work()

    return watched
