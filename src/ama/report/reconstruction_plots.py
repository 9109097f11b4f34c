"""Pictures: reconstructions beside their originals, R-scores of several groups of samples, and curves."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from ama.report.figure import NotebookFigure
from ama.report.pictures import as_picture


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
    figure = NotebookFigure(figsize=(1.1 * columns + 1.6, 2.6 * len(groups)), layout="constrained")
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
                    as_picture(image, *value_range), cmap="gray", vmin=0, vmax=1, interpolation="nearest"
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
    figure = NotebookFigure(figsize=(columns + 1.2, 1.05 * len(rows)), layout="constrained")
    axes = figure.subplots(len(rows), columns, squeeze=False)
    for line, (name, images) in zip(axes, rows.items(), strict=True):
        for axis, image in zip(line, images, strict=True):
            axis.imshow(as_picture(image, *value_range), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            axis.set_xticks([])
            axis.set_yticks([])
            axis.set_frame_on(False)
        line[0].set_ylabel(name, fontsize=9)
    return figure
