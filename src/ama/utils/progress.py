"""Progress bars with the remaining time, by default only in a terminal or a notebook."""

from __future__ import annotations

import sys
import warnings
from typing import Any

from tqdm import TqdmWarning

with warnings.catch_warnings():
    # Without ipywidgets tqdm warns and draws its text bar, which serves a notebook well enough.
    warnings.simplefilter("ignore", TqdmWarning)
    from tqdm.auto import tqdm


def progress_bar(show: bool | None = None, **options: Any) -> tqdm:
    """A progress bar, on standard error or as a notebook widget.

    Parameters
    ----------
    show
        Whether to draw it; None draws it in a terminal or a notebook, but not into a file or a pipe.
    **options
        Passed to ``tqdm``.
    """
    if show is None and _in_notebook():
        show = True
    return tqdm(disable=None if show is None else not show, **options)


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")
