"""Charts of scores, of how well they separate anomalies, of encodings and of a training."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ama.decision.metrics import Band, precision_recall_band, roc_band
from ama.report.figure import NotebookFigure

Curve = list[tuple[float, float]]  # points (x, y)

SCORE_LABEL = "score (lower = more anomalous)"
SIZE = (5.0, 3.4)  # inches
# Interquartile ranges: a histogram of more than FAR is cut to NEAR on either side of the median.
FAR, NEAR = 1000, 15


def plot_densities(groups: dict[str, np.ndarray], label: str, threshold: float | None = None) -> Figure:
    """Histograms of the scores of several groups on one axis, as in Figure 4 of the paper.

    Parameters
    ----------
    groups
        Name -> scores (m,).
    label
        Label of the horizontal axis.
    threshold
        Drawn as a dashed line; scores below it are flagged.
    """
    figure, axis, shown = _histograms(groups, label)
    if threshold is not None:
        line = axis.axvline(threshold, color=rcParams["text.color"], linestyle="--", linewidth=1)
        line.set_gid("threshold")
        shown[f"threshold {threshold:.3g}"] = line
    _legend(axis, shown)
    return figure


def plot_curves(panels: dict[str, dict[str, Curve]], x_label: str, y_label: str) -> Figure:
    """Curves on a logarithmic horizontal axis, a panel for each experiment.

    Parameters
    ----------
    panels
        Title -> name of the curve -> its points. A curve of a single point, which more time would not change, is
        extended as a dashed line.
    x_label, y_label
        Labels of the axes.
    """
    figure = NotebookFigure(figsize=(4.6 * len(panels), 3.6), layout="constrained")
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for axis, (title, curves) in zip(axes, panels.items(), strict=True):
        end = max(x for points in curves.values() for x, _ in points)
        for name, points in curves.items():
            x, y = (list(values) for values in zip(*sorted(points), strict=True))
            [line] = axis.plot(x, y, marker="o", markersize=4, label=name)
            if len(points) == 1:
                axis.plot([x[0], end], [y[0], y[0]], linestyle="--", linewidth=1, color=line.get_color())
        axis.set_xscale("log")
        axis.set_title(title, fontsize=10)
        axis.set_xlabel(x_label)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel(y_label)
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=len(names), frameon=False)
    return figure


def plot_roc(
    scores: Float[np.ndarray, " n"],
    anomalous: Bool[np.ndarray, " n"],
    groups: Int[np.ndarray, " n"] | None = None,
) -> Figure:
    """ROC curve with a 95 % bootstrap band: share of anomalies flagged against share of normal samples flagged."""
    figure, axis = _axes("normal samples flagged", "anomalies flagged")
    axis.plot([0, 1], [0, 1], linestyle=":", linewidth=1, color="gray")
    _draw_band(axis, roc_band(scores, anomalous, groups=groups))
    return figure


def plot_precision_recall(
    scores: Float[np.ndarray, " n"],
    anomalous: Bool[np.ndarray, " n"],
    groups: Int[np.ndarray, " n"] | None = None,
) -> Figure:
    """Precision against recall, with a 95 % bootstrap band."""
    figure, axis = _axes("recall", "precision")
    axis.axhline(anomalous.mean(), linestyle=":", linewidth=1, color="gray")
    _draw_band(axis, precision_recall_band(scores, anomalous, groups=groups))
    return figure


def plot_training(history: list[dict[str, int | float]]) -> Figure:
    """Losses against training steps, a panel for each loss, with a running mean over a tenth of the steps."""
    names = [name for name in history[0] if name != "step"] if history else []
    figure = NotebookFigure(figsize=(SIZE[0], 1.3 * max(1, len(names)) + 0.5), layout="constrained")
    axes = figure.subplots(max(1, len(names)), 1, squeeze=False, sharex=True)[:, 0]
    for axis, name in zip(axes, names, strict=False):
        steps, values = zip(*((line["step"], line[name]) for line in history if name in line), strict=True)
        smooth = pd.Series(values).rolling(max(1, len(values) // 10), center=True, min_periods=1).mean()
        axis.plot(steps, values, linewidth=0.8, alpha=0.35)
        alone = "o" if len(steps) == 1 else None  # a line through one point shows nothing
        axis.plot(steps, smooth, marker=alone, linewidth=1.6, color=axis.lines[0].get_color())
        axis.set_ylabel(name)
        axis.spines[["top", "right"]].set_visible(False)
    axes[-1].set_xlabel("step")
    return figure


def plot_norms(
    groups: dict[str, Float[np.ndarray, " m"]], latent_dim: int, shell: tuple[float, float] | None
) -> Figure:
    """Norms of the encodings, and the sphere to which they are drawn, as in Figure 3 of the paper.

    Parameters
    ----------
    groups
        Name -> norms (m,).
    latent_dim
        d; the radius of the sphere is sqrt(d).
    shell
        Inner and outer radius of the atypical shell, if there is one.
    """
    figure, axis, shown = _histograms(groups, "norm of the encoding")
    radius = math.sqrt(latent_dim)
    sphere = axis.axvline(radius, color="gray", linestyle="--", linewidth=1)
    shown[f"sphere of radius {radius:.3g}"] = sphere
    if shell is not None:
        shown["atypical shell"] = axis.axvspan(*shell, color="gray", alpha=0.2, linewidth=0)
    _legend(axis, shown)
    return figure


def _histograms(groups: dict[str, np.ndarray], label: str) -> tuple[Figure, Axes, dict[str, Any]]:
    """A histogram of each group on one axis, and what the legend says of which."""
    figure = NotebookFigure(figsize=(7, 3.4), layout="constrained")
    axis = figure.subplots()
    low, high = _ends([scores for scores in groups.values() if len(scores)])
    bins = np.linspace(low, high, 50).tolist()
    shown = {}
    for name, scores in groups.items():
        bars = axis.hist(np.clip(scores, low, high), bins, density=True, alpha=0.55)[2]
        shown[f"{name} ({len(scores):,})"] = bars
    axis.set_xlabel(label)
    axis.set_ylabel("density")
    axis.spines[["top", "right"]].set_visible(False)
    return figure, axis, shown


def _ends(groups: list[np.ndarray]) -> tuple[float, float]:
    """Ends of a histogram: outliers are counted in the outermost bars, or all others would share a single bar."""
    found = np.array([np.quantile(scores, [0.01, 0.25, 0.5, 0.75, 0.99]) for scores in groups])
    low, high = found[:, 0].min(), found[:, 4].max()
    # A score that overflowed is 1e30 away; then the narrowest group shows what the others are.
    spread = np.where(found[:, 3] > found[:, 1], found[:, 3] - found[:, 1], np.inf)
    narrow = np.argmin(spread)
    if high - low > FAR * spread[narrow]:
        middle, reach = found[narrow, 2], NEAR * spread[narrow]
        low, high = max(low, middle - reach), min(high, middle + reach)
    return low, (high if high - low > 1e-9 * max(abs(low), abs(high)) else low + 1)


def _legend(axis: Axes, shown: dict[str, Any]) -> None:
    """Above the axis, where it hides no bars, with names as they are: no formulas, and none left out."""
    legend = axis.legend(
        shown.values(), shown, frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2
    )
    for text in legend.get_texts():
        text.set_parse_math(False)


def _axes(x_label: str, y_label: str) -> tuple[Figure, Axes]:
    figure = NotebookFigure(figsize=SIZE, layout="constrained")
    axis = figure.subplots()
    axis.set_xlabel(x_label)
    axis.set_ylabel(y_label)
    axis.set_xlim(-0.02, 1.02)
    axis.set_ylim(-0.02, 1.02)
    axis.spines[["top", "right"]].set_visible(False)
    return figure, axis


def _draw_band(axis: Axes, band: Band) -> None:
    [line] = axis.plot(band.x, band.y)
    axis.fill_between(band.x, band.low, band.high, alpha=0.25, linewidth=0, color=line.get_color())
