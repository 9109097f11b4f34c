"""Charts: how scores are distributed, what they tell apart, and how a training went."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ama.decision.metrics import Band, precision_recall_band, roc_band
from ama.report.figure import NotebookFigure

Curve = list[tuple[float, float]]  # points (x, y)

SIZE = (5.0, 3.4)


def plot_densities(groups: dict[str, np.ndarray], label: str, threshold: float | None = None) -> Figure:
    """Histograms of a score for several groups over one axis, as Figure 4 of the paper.

    Parameters
    ----------
    groups
        Name -> scores (m,).
    label
        Of the horizontal axis.
    threshold
        Drawn as a dashed line; scores below it are flagged.
    """
    figure = NotebookFigure(figsize=(7, 3.4), layout="constrained")
    axis = figure.subplots()
    # The farthest few of a group would squeeze all others into one bar; they are counted in the outermost bars.
    ends = np.array([np.quantile(scores, [0.01, 0.99]) for scores in groups.values() if len(scores)])
    low, high = ends[:, 0].min(), ends[:, 1].max()
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        high = low + 1
    bins = np.linspace(low, high, 50).tolist()
    for name, scores in groups.items():
        axis.hist(
            np.clip(scores, low, high), bins, density=True, alpha=0.55, label=f"{name} ({len(scores):,})"
        )
    if threshold is not None:
        legend = f"threshold {threshold:.3g}"
        line = axis.axvline(
            threshold, color=rcParams["text.color"], linestyle="--", linewidth=1, label=legend
        )
        line.set_gid("threshold")
    axis.set_xlabel(label)
    axis.set_ylabel("density")
    _legend(axis)
    axis.spines[["top", "right"]].set_visible(False)
    return figure


def plot_curves(panels: dict[str, dict[str, Curve]], x_label: str, y_label: str) -> Figure:
    """Curves over a logarithmic axis, a panel for each experiment.

    Parameters
    ----------
    panels
        Title -> name of the curve -> its points. A curve of one point goes on as a dashed line: more time would not
        change it.
    x_label, y_label
        Of the axes.
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


def plot_roc(scores: Float[np.ndarray, " n"], anomalous: Bool[np.ndarray, " n"]) -> Figure:
    """Share of the anomalies found against the share of normal samples flagged, with a 95 % bootstrap band."""
    figure, axis = _axes("normal samples flagged", "anomalies flagged")
    axis.plot([0, 1], [0, 1], linestyle=":", linewidth=1, color="gray")
    _draw_band(axis, roc_band(scores, anomalous))
    return figure


def plot_precision_recall(scores: Float[np.ndarray, " n"], anomalous: Bool[np.ndarray, " n"]) -> Figure:
    """Share of anomalies among the flagged against the share of them found, with a 95 % bootstrap band."""
    figure, axis = _axes("recall", "precision")
    axis.axhline(anomalous.mean(), linestyle=":", linewidth=1, color="gray")
    _draw_band(axis, precision_recall_band(scores, anomalous))
    return figure


def plot_training(history: list[dict[str, int | float]]) -> Figure:
    """Every loss of a training against its steps, a panel for each, with its running mean over a tenth of them."""
    names = [name for name in history[0] if name != "step"] if history else []
    figure = NotebookFigure(figsize=(SIZE[0], 1.3 * max(1, len(names)) + 0.5), layout="constrained")
    axes = figure.subplots(max(1, len(names)), 1, squeeze=False, sharex=True)[:, 0]
    for axis, name in zip(axes, names, strict=False):
        steps, values = zip(*((line["step"], line[name]) for line in history if name in line), strict=True)
        smooth = pd.Series(values).rolling(max(1, len(values) // 10), center=True, min_periods=1).mean()
        axis.plot(steps, values, linewidth=0.8, alpha=0.35)
        axis.plot(steps, smooth, linewidth=1.6, color=axis.lines[0].get_color())
        axis.set_ylabel(name)
        axis.spines[["top", "right"]].set_visible(False)
    axes[-1].set_xlabel("step")
    return figure


def plot_norms(
    groups: dict[str, Float[np.ndarray, " m"]], latent_dim: int, shell: tuple[float, float] | None
) -> Figure:
    """How long the encodings are, beside the sphere that they are drawn to, as Figure 3 of the paper.

    Parameters
    ----------
    groups
        Name -> norms.
    latent_dim
        d; the sphere has the radius sqrt(d).
    shell
        Inner and outer radius of Atypical Selection, where the training had it.
    """
    figure = plot_densities(groups, "length of the encoding")
    [axis] = figure.axes
    radius = math.sqrt(latent_dim)
    axis.axvline(radius, color="gray", linestyle="--", linewidth=1, label=f"sphere of radius {radius:.3g}")
    if shell is not None:
        axis.axvspan(*shell, color="gray", alpha=0.2, linewidth=0, label="atypical shell")
    _legend(axis)
    return figure


def _legend(axis: Axes) -> None:
    """Above the bars, none of which it can hide there."""
    axis.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)


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
