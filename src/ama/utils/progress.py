"""Progress bars with the remaining time, by default only in a terminal or a notebook."""

from __future__ import annotations

import sys
import warnings
from typing import Any

from tqdm import TqdmWarning

from ama.utils.remarks import ForgivingStream

with warnings.catch_warnings():
    # Without ipywidgets tqdm warns and draws its text bar, which serves a notebook well enough.
    warnings.simplefilter("ignore", TqdmWarning)
    from tqdm.auto import tqdm


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
    if _in_notebook():
        show = show is not False
    elif sys.stderr is None:  # of a program without a console
        show = False
    else:
        options["file"] = ForgivingStream(sys.stderr)
    return tqdm(disable=None if show is None else not show, **options)


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")
