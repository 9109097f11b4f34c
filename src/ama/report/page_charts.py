"""The charts of a report, as SVG."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from ama.detectors.base import Detector
from ama.report.charts import (
    SCORE_LABEL,
    plot_densities,
    plot_norms,
    plot_precision_recall,
    plot_roc,
    plot_training,
)
from ama.report.judged_samples import Judged
from ama.report.theme import as_svg, page_colours

WIDTH = 5.0  # inches: narrower than most pages, so that the text is readable on a phone


def page_charts(
    detector: Detector, judged: Judged, scores: dict[str, np.ndarray]
) -> tuple[dict[str, str], dict[str, float]]:
    """The charts that the samples and the detector allow.

    Parameters
    ----------
    detector
        A fitted detector.
    judged
        Its scores of the samples.
    scores
        Name -> scores (m,) of the groups in the histogram of scores.

    Returns
    -------
    charts
        Name -> ``<svg>`` element.
    axis
        :func:`score_axis` of the histogram of scores.
    """
    with page_colours():
        figures = _figures(detector, judged, scores)
    for figure, _ in figures.values():
        figure.set_figwidth(WIDTH)
    charts = {name: as_svg(figure, f"chart-{name}", text) for name, (figure, text) in figures.items()}
    return charts, score_axis(figures["scores"][0])


def score_axis(figure: Figure) -> dict[str, float]:
    """Position of a drawn figure's horizontal axis: both ends in the units of the SVG, and their values."""
    [axis] = figure.axes
    place = axis.get_position()
    width = 72 * figure.get_figwidth()
    low, high = axis.get_xlim()
    return {"left": width * place.x0, "right": width * place.x1, "low": low, "high": high}


def _figures(
    detector: Detector, judged: Judged, scores: dict[str, np.ndarray]
) -> dict[str, tuple[Figure, str]]:
    """Figures and their descriptions."""
    figures: dict[str, tuple[Figure, str]] = {
        "scores": (
            plot_densities(scores, SCORE_LABEL, detector.offset_),
            f"Histogram of the scores with the threshold; groups: {', '.join(scores)}",
        )
    }
    if judged.anomalous is not None:
        figures["roc"] = (
            plot_roc(judged.score, judged.anomalous, judged.groups),
            "ROC curve: share of anomalies flagged against share of normal samples flagged",
        )
        figures["precision"] = (
            plot_precision_recall(judged.score, judged.anomalous, judged.groups),
            "Precision against recall",
        )
    if detector.history_:
        figures["training"] = plot_training(detector.history_), "Losses against training steps"
    sphere = detector.latent_sphere()
    if judged.norms is not None and sphere is not None:
        figures["norms"] = (
            plot_norms(judged.by_class(judged.norms), sphere.dimension, sphere.shell),
            "Histogram of the norms of the encodings, with the sphere to which they are drawn",
        )
    return figures
