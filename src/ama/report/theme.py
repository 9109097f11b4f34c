"""Figures as SVG in the colours of a page, light or dark as the page is."""

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

# matplotlib has no CSS variables: these placeholders are replaced by those of the style sheet.
COLOURS = {
    "#010101": "var(--ink)",
    "#020202": "var(--series-1)",
    "#030303": "var(--series-2)",
    "#040404": "var(--series-3)",
}
INK, NORMAL, ANOMALOUS, HELD_OUT = COLOURS


@contextmanager
def page_colours() -> Iterator[None]:
    """Within this context, new figures use the colours and the font of the page."""
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
    """An ``<svg>`` element to embed in a page.

    Parameters
    ----------
    figure
        A figure made within :func:`page_colours`.
    name
        Prefix of every id in the element, so that ids are unique in a page of several figures.
    description
        Text for screen readers.
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
    # The page sets the size.
    for side in ("width", "height"):
        text = re.sub(rf'(<svg[^>]*?) {side}="[^"]*"', r"\1", text)
    return text.replace("<svg ", f'<svg id="{name}" role="img" aria-label="{escape(description)}" ', 1)
