"""Progress bars with the remaining time, by default only in a terminal or a notebook."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Any

from tqdm import TqdmWarning

from ama.utils.remarks import ForgivingStream

with warnings.catch_warnings():
    # Without ipywidgets tqdm warns and draws its text bar, which serves a notebook well enough.
    warnings.simplefilter("ignore", TqdmWarning)
    from tqdm.auto import tqdm

DELAY = 1.0  # seconds that a phase takes before it has a bar: most phases of small data are shorter


class Counter:
    """Moves a bar by n samples at most."""

    def __init__(self, bar: tqdm, n: int):
        self.bar, self.n, self.done = bar, n, 0

    def reach(self, done: int) -> None:
        """Move it to so many of the n, if it is not as far yet."""
        done = min(done, self.n)
        if done > self.done:
            self.bar.update(done - self.done)
            self.done = done


_counter: ContextVar[Counter | None] = ContextVar("counter", default=None)
_show: ContextVar[bool | None] = ContextVar("show", default=False)


def progress_bar(show: bool | None = None, **options: Any) -> tqdm:
    """A progress bar, on standard error or as a notebook widget.

    Parameters
    ----------
    show
        Whether to draw it, if there is a standard error; None draws it in a terminal or a notebook, but not into a file
        or a pipe. A bar that cannot be written is lost without a word.
    **options
        Passed to ``tqdm``.
    """
    if show is False:
        return tqdm(disable=True, **options)  # at once: small work does not wait for a bar
    if _in_notebook():
        show = True
    elif sys.stderr is None:  # of a program without a console
        show = False
    else:
        options["file"] = ForgivingStream(sys.stderr)
    return tqdm(disable=None if show is None else not show, **options)


@contextmanager
def phase(show: bool | None, total: int, desc: str, unit: str = "sample") -> Iterator[Counter]:
    """A bar of the samples that the work inside calls :func:`advance` for; none if that takes less than ``DELAY``.

    Parameters
    ----------
    show
        As in :func:`progress_bar`.
    total
        How many samples there are.
    desc, unit
        What is done, and what a sample is called.
    """
    with (
        progress_bar(show, total=total, desc=desc, unit=unit, delay=DELAY) as bar,
        counting(bar, total) as counter,
    ):
        yield counter


@contextmanager
def showing(show: bool | None) -> Iterator[None]:
    """Let every :func:`inner_phase` meanwhile have a bar as in :func:`progress_bar`; without it, none has one."""
    before = _show.set(show)
    try:
        yield
    finally:
        _show.reset(before)


def inner_phase(total: int, desc: str, unit: str) -> AbstractContextManager[Counter]:
    """A :func:`phase` of code that is not told whether to show it: as :func:`showing` says."""
    return phase(_show.get(), total, desc, unit)


@contextmanager
def counting(bar: tqdm, n: int) -> Iterator[Counter]:
    """Let :func:`advance` move a bar meanwhile, by n at most; in the end it has moved by n."""
    before, counter = _counter.get(), Counter(bar, n)
    _counter.set(counter)
    try:
        yield counter
        counter.reach(n)
    finally:
        _counter.set(before)


def advance(n: int = 1) -> None:
    """Count samples in the bar of the phase that asked for them, wherever in the code their time is spent."""
    if (counter := _counter.get()) is not None:
        counter.reach(counter.done + n)


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")
