"""Images beside their reconstructions."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ama.report.figure import NotebookFigure
from ama.report.pictures import as_picture

DPI = 100  # of a figure in a notebook
WIDEST = 16  # inches of a row of photographs


def plot_reconstructions(
    groups: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]],
    n: int = 10,
    value_range: tuple[float, float] = (0.0, 255.0),
) -> Figure:
    """Images above their reconstructions, a pair of rows for each group.

    Parameters
    ----------
    groups
        Name -> images (m, C, H, W), their reconstructions, and scores (m,), which are printed below each pair.
    n
        Maximum number of pairs shown of each group.
    value_range
        The values drawn black and white.
    """
    columns = min(n, max(len(images) for images, _, _ in groups.values()))
    figure = NotebookFigure(figsize=(1.1 * columns + 1.6, 2.6 * len(groups)), layout="constrained")
    axes = figure.subplots(2 * len(groups), columns, squeeze=False)
    for axis in axes.flat:
        _clear(axis)
    for row, (name, (images, reconstructions, scores)) in enumerate(groups.items()):
        top, bottom = axes[2 * row], axes[2 * row + 1]
        for column in range(min(columns, len(images))):
            _show(top[column], images[column], value_range)
            _show(bottom[column], reconstructions[column], value_range)
            bottom[column].set_xlabel(f"{scores[column]:.1f}", fontsize=8)
        top[0].set_ylabel(f"{name}\nx", fontsize=9, parse_math=False)
        bottom[0].set_ylabel("G(E(x))\nscore", fontsize=9)
    return figure


def plot_reconstruction_rows(
    rows: dict[str, np.ndarray],
    value_range: tuple[float, float] = (0.0, 255.0),
    sizes: Int[np.ndarray, "m 2"] | None = None,
) -> Figure:
    """The same images in several versions, a row for each, as in Figure 2 of the paper.

    Images of more than 100 pixels a side are drawn pixel by pixel, as far as they fit into :data:`WIDEST`.

    Parameters
    ----------
    rows
        Name -> images (m, C, H, W), all of the same shape.
    value_range
        The values drawn black and white.
    sizes
        Height and width of each image as it was given, in whose pixels the axes count; by default those here.
    """
    first = next(iter(rows.values()))
    columns, longest = len(first), max(first.shape[2:])
    own = np.tile(first.shape[2:], (columns, 1)) if sizes is None else sizes
    inches = max(1, min(longest / DPI, WIDEST / columns))
    height, width = (inches * own / own.max(1, keepdims=True)).max(0)
    figure = NotebookFigure(figsize=(columns * width + 1.2, 1.05 * height * len(rows)), layout="constrained")
    axes = figure.subplots(len(rows), columns, squeeze=False)
    for line, (name, images) in zip(axes, rows.items(), strict=True):
        for axis, image, size in zip(line, images, own, strict=True):
            _clear(axis)
            _show(axis, image, value_range, size)
        line[0].set_ylabel(name, fontsize=9, parse_math=False)
    return figure


def _clear(axis: Axes) -> None:
    """No ticks and no frame; labels stay."""
    axis.set_xticks([])
    axis.set_yticks([])
    axis.set_frame_on(False)


def _show(
    axis: Axes,
    image: np.ndarray,
    value_range: tuple[float, float],
    size: Int[np.ndarray, " 2"] | None = None,
) -> None:
    height, width = image.shape[1:] if size is None else size
    # The middle of the first pixel is at 0.
    extent = (-0.5, width - 0.5, height - 0.5, -0.5)
    picture = as_picture(image, *value_range)
    axis.imshow(picture, cmap="gray", vmin=0, vmax=1, interpolation="nearest", extent=extent)
