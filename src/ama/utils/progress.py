"""Progress bars with the time left, where a person looks on: in a terminal or in a notebook."""

from __future__ import annotations

import sys
import warnings
from typing import Any

from tqdm import TqdmWarning

with warnings.catch_warnings():
    # A notebook without widgets shows the terminal's bar, which is nothing to warn of.
    warnings.simplefilter("ignore", TqdmWarning)
    from tqdm.auto import tqdm


def progress_bar(show: bool | None = None, **words: Any) -> tqdm:
    """A bar on stderr, or a notebook's own.

    Parameters
    ----------
    show
        Whether to draw it; None draws it in a terminal and in a notebook, and not into a file or a pipe.
    **words
        As of ``tqdm``.
    """
    if show is None and _in_notebook():
        show = True
    return tqdm(disable=None if show is None else not show, **words)


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")
