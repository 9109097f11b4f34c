"""Figures in a page's colours."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from ama.report.charts import plot_densities
from ama.report.theme import COLOURS, as_svg, page_colours


def drawn() -> Figure:
    with page_colours():
        groups = {"a": np.array([1.0, 2.0, 2.5]), "b": np.array([2.0, 3.0, 3.1])}
        return plot_densities(groups, "score <low>", threshold=2.0)


def test_a_figure_is_one_svg_element_in_variables_and_letters():
    text = as_svg(drawn(), "chart", 'said "so" & <thus>')
    root = ET.fromstring(text)
    assert root.tag.endswith("svg")
    assert root.get("role") == "img"
    assert root.get("aria-label") == 'said "so" & <thus>'
    assert root.get("width") is None is root.get("height")
    assert root.get("viewBox")
    assert not any(token in text for token in COLOURS)
    for variable in ("var(--ink)", "var(--series-1)", "var(--series-2)"):
        assert variable in text
    assert "score &lt;low&gt;" in text  # letters, not outlines
    assert "metadata" not in text
    assert "black" not in text
    assert "#000000" not in text


def test_two_figures_share_no_id():
    first, second = (set(re.findall(r'\bid="([^"]+)"', as_svg(drawn(), name, ""))) for name in ("one", "two"))
    assert first
    assert not first & second
    text = as_svg(drawn(), "one", "")
    for reference in re.findall(r'(?:url\(#|href="#)([^)"]+)', text):
        assert reference in first
    assert "one-threshold" in first


def test_the_colours_end_with_the_block():
    figure = Figure()
    figure.subplots().plot([0, 1])
    assert to_hex(figure.axes[0].lines[0].get_color()) == "#1f77b4"
