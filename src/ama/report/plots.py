"""Pictures: reconstructions beside their originals, R-scores of several groups of samples, and curves."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

Curve = list[tuple[float, float]]  # points (x, y)


def plot_reconstructions(
    groups: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]],
    n: int = 10,
    value_range: tuple[float, float] = (0.0, 255.0),
) -> Figure:
    """Originals above their reconstructions, one pair of rows a group.

    Parameters
    ----------
    groups
        Name of a group -> (images, reconstructions, scores): (m, C, H, W) twice, and (m,) with the score shown
        under each pair.
    n
        Pairs shown of each group.
    value_range
        The values drawn black and white.
    """
    columns = min(n, max(len(images) for images, _, _ in groups.values()))
    figure = Figure(figsize=(1.1 * columns + 1.6, 2.6 * len(groups)), layout="constrained")
    axes = figure.subplots(2 * len(groups), columns, squeeze=False)
    for axis in axes.flat:
        axis.set_xticks([])
        axis.set_yticks([])
        axis.set_frame_on(False)
    for row, (name, (images, reconstructions, scores)) in enumerate(groups.items()):
        for column in range(min(columns, len(images))):
            top, bottom = axes[2 * row, column], axes[2 * row + 1, column]
            for axis, image in ((top, images[column]), (bottom, reconstructions[column])):
                axis.imshow(
                    _as_picture(image, value_range), cmap="gray", vmin=0, vmax=1, interpolation="nearest"
                )
            bottom.set_xlabel(f"{scores[column]:.1f}", fontsize=8)
        axes[2 * row, 0].set_ylabel(f"{name}\nx", fontsize=9)
        axes[2 * row + 1, 0].set_ylabel("G(E(x))\nscore", fontsize=9)
    return figure


def plot_reconstruction_rows(
    rows: dict[str, np.ndarray], value_range: tuple[float, float] = (0.0, 255.0)
) -> Figure:
    """The same images, a row for each way of rebuilding them, as Figure 2 of the paper.

    Parameters
    ----------
    rows
        Name -> images (m, C, H, W), all of the same shape.
    value_range
        The values drawn black and white.
    """
    columns = len(next(iter(rows.values())))
    figure = Figure(figsize=(columns + 1.2, 1.05 * len(rows)), layout="constrained")
    axes = figure.subplots(len(rows), columns, squeeze=False)
    for line, (name, images) in zip(axes, rows.items(), strict=True):
        for axis, image in zip(line, images, strict=True):
            axis.imshow(_as_picture(image, value_range), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            axis.set_xticks([])
            axis.set_yticks([])
            axis.set_frame_on(False)
        line[0].set_ylabel(name, fontsize=9)
    return figure


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
    figure = Figure(figsize=(7, 3.4), layout="constrained")
    axis = figure.subplots()
    every = np.concatenate(list(groups.values()))
    # The farthest few would squeeze all others into one bar; they are counted in the outermost bars.
    low, high = np.quantile(every, [0.005, 0.995])
    bins = np.linspace(low, high if high > low else low + 1, 50).tolist()
    for name, scores in groups.items():
        axis.hist(np.clip(scores, low, high), bins, density=True, alpha=0.55, label=f"{name} ({len(scores)})")
    if threshold is not None:
        axis.axvline(
            threshold, color="black", linestyle="--", linewidth=1, label=f"threshold {threshold:.3g}"
        )
    axis.set_xlabel(label)
    axis.set_ylabel("density")
    axis.legend(frameon=False)
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
    figure = Figure(figsize=(4.6 * len(panels), 3.6), layout="constrained")
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
    axes[0].legend(frameon=False)
    return figure


def _as_picture(image: np.ndarray, value_range: tuple[float, float]) -> np.ndarray:
    """(C, H, W) as (H, W) grey or (H, W, 3) colour in [0, 1]; of other channel counts the mean is shown."""
    low, high = value_range
    scaled = np.clip((np.asarray(image, dtype=np.float64) - low) / (high - low), 0, 1)
    return scaled.transpose(1, 2, 0) if len(scaled) == 3 else scaled.mean(0)
