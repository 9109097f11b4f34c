"""Figures as SVG in a page's own colours, so that they are light where the page is and dark where it is dark."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import Any

import matplotlib
from cycler import cycler
from matplotlib.figure import Figure

# A colour that stands for one of the page's, which the style sheet gives: matplotlib knows no variables.
COLOURS = {
    "#010101": "var(--ink)",
    "#020202": "var(--series-1)",
    "#030303": "var(--series-2)",
    "#040404": "var(--series-3)",
}
INK, NORMAL, ANOMALOUS, HELD_OUT = COLOURS


@contextmanager
def page_colours() -> Iterator[None]:
    """Within it, new figures take the page's colours and letters."""
    ink = ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color")
    settings: dict[Any, Any] = {
        **dict.fromkeys(ink, INK),
        "axes.prop_cycle": cycler(color=[NORMAL, ANOMALOUS, HELD_OUT]),
        "axes.facecolor": "none",
        "figure.facecolor": "none",
        "svg.fonttype": "none",
        "svg.hashsalt": "ama",
        "font.family": "sans-serif",
        "font.size": 11,
    }
    with matplotlib.rc_context(settings):
        yield


def as_svg(figure: Figure, name: str, description: str) -> str:
    """An ``<svg>`` element to stand in a page.

    Parameters
    ----------
    figure
        Made within :func:`page_colours`.
    name
        Goes before every id of the element, so that several of them do not meet in one page.
    description
        What a person who cannot see it is told.
    """
    file = io.StringIO()
    with page_colours():
        figure.savefig(
            file, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
        )
    text = file.getvalue()
    text = text[text.index("<svg") :]
    for token, variable in COLOURS.items():
        text = text.replace(token, variable)
    for before in ('id="', "url(#", 'href="#'):
        text = text.replace(before, f"{before}{name}-")
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    # Its size is the page's to decide.
    for side in ("width", "height"):
        text = re.sub(rf'(<svg[^>]*?) {side}="[^"]*"', r"\1", text)
    return text.replace("<svg ", f'<svg id="{name}" role="img" aria-label="{escape(description)}" ', 1)
