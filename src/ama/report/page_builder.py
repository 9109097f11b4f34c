"""``ama report``: everything about a model and a set of samples in one file that opens anywhere."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np
import torch
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure

from ama.decision.metrics import Evaluation, evaluate
from ama.detectors.ama import AMADetector
from ama.detectors.base import Detector
from ama.report.charts import plot_densities, plot_norms, plot_precision_recall, plot_roc, plot_training
from ama.report.judged_samples import Example, Judged
from ama.report.model_card import model_card
from ama.report.pictures import as_pixels, data_uri, full_heat, heated, value_range
from ama.report.theme import as_svg, page_colours
from ama.report.verdict import drift_sentence, verdict

EMBEDDED = 20_000  # scores of a group that the page carries; of more, as many quantiles
GROUPS = ("most anomalous", "borderline", "most normal", "false alarms", "missed anomalies")
CHART_WIDTH = 5.0  # inches: narrower than most pages, so that its letters are readable on a phone
COLUMNS_SHOWN = 5  # of a row, those that say most


@dataclass
class Card:
    """An example as the page shows it."""

    example: Example
    pictures: dict[str, str]  # name -> address
    columns: list[tuple[str, float, float, float]]  # of a row: name, value, expected value, contribution
    terms: list[tuple[str, float]]  # of the score: name, standard deviations from normal samples


def build_report(detector: Detector, judged: Judged, title: str, source: str, model: str) -> str:
    """The page.

    Parameters
    ----------
    detector
        Fitted.
    judged
        Its scores and examples, by :func:`ama.report.judged_samples.judge`.
    title
        Heading.
    source, model
        What the samples and the model folder are called.

    Returns
    -------
    str
        HTML that asks for nothing outside itself.
    """
    held_out = detector.model_.calibration.cpu().numpy()
    metrics = None if judged.anomalous is None else evaluate(judged.score, judged.anomalous)
    charts, axis = _charts(detector, judged, held_out)
    environment = Environment(
        loader=PackageLoader("ama.report", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    return environment.get_template("report.html").render(
        title=title,
        source=source,
        verdict=verdict(detector, judged),
        drift=drift_sentence(detector.drift_of(judged.normal_scores), len(held_out), model),
        tiles=_tiles(metrics, judged, detector),
        charts={name: Markup(svg) for name, svg in charts.items()},
        cards=_cards(detector, judged),
        groups=[g for g in GROUPS if any(g in e.groups for e in judged.examples)],
        labels=sorted({e.label for e in judged.examples} - {""}),
        rows=len(detector.shape_) == 1,
        labelled=judged.anomalous is not None,
        threshold=detector.offset_,
        card=model_card(detector),
        data=Markup(_as_json(_page_data(detector, judged, held_out, axis))),
        style=Markup(_part("report.css")),
        script=Markup(_part("report.js")),
    )


def named_groups(judged: Judged, values: np.ndarray) -> dict[str, np.ndarray]:
    """Values of normal samples and of anomalies, or of all samples where nothing is known of them."""
    if judged.anomalous is None:
        return {"samples": values}
    return {"normal": values[~judged.anomalous], "anomalies": values[judged.anomalous]}


def _charts(
    detector: Detector, judged: Judged, held_out: np.ndarray
) -> tuple[dict[str, str], dict[str, float]]:
    figures: dict[str, tuple[Figure, str]] = {}
    with page_colours():
        groups = named_groups(judged, judged.score)
        figures["scores"] = (
            plot_densities(
                {**groups, "held-out normal": held_out}, "score (lower = more unusual)", detector.offset_
            ),
            "Histogram of the scores of "
            + ", ".join(groups)
            + " and the held-out normal samples, with the threshold",
        )
        if judged.anomalous is not None:
            figures["roc"] = (
                plot_roc(judged.score, judged.anomalous),
                "ROC curve: share of anomalies flagged against the share of normal samples flagged",
            )
            figures["precision"] = (
                plot_precision_recall(judged.score, judged.anomalous),
                "Precision against recall",
            )
        if detector.history_:
            figures["training"] = (
                plot_training(detector.history_),
                "Losses of the training against its steps",
            )
        if judged.norms is not None and isinstance(detector, AMADetector):
            figures["norms"] = (
                plot_norms(
                    named_groups(judged, judged.norms), detector.model_.settings.latent_dim, _shell(detector)
                ),
                "Histogram of the lengths of the encodings beside the sphere they are drawn to",
            )
    for figure, _ in figures.values():
        figure.set_figwidth(CHART_WIDTH)
    svgs = {name: as_svg(figure, f"chart-{name}", text) for name, (figure, text) in figures.items()}
    return svgs, score_axis(figures["scores"][0])


def score_axis(figure: Figure) -> dict[str, float]:
    """Where a drawn figure's horizontal axis lies: its ends in the SVG's units, and their values."""
    [axis] = figure.axes
    place = axis.get_position()
    width = 72 * figure.get_figwidth()
    low, high = axis.get_xlim()
    return {"left": width * place.x0, "right": width * place.x1, "low": low, "high": high}


def _shell(detector: AMADetector) -> tuple[float, float] | None:
    settings = detector.model_.settings
    if settings.negatives != "atypical":
        return None
    radius = settings.latent_dim**0.5
    ends = (
        (radius - settings.delta, radius)
        if settings.direction == "inward"
        else (radius, radius + settings.delta)
    )
    return max(0.0, ends[0]), ends[1]


def _tiles(metrics: Evaluation | None, judged: Judged, detector: Detector) -> list[tuple[str, str, str]]:
    """Name, value and interval of the figures that stand first."""
    if metrics is None:
        flagged = (judged.score < detector.offset_).sum()
        return [("samples", f"{len(judged):,}", ""), ("flagged", f"{flagged:,}", "")]
    named = {
        "AUROC": metrics.auroc,
        "average precision": metrics.average_precision,
        "false alarms at 95 % recall": metrics.fpr_at_95_recall,
    }
    return [(name, f"{m.value:.3f}", f"{m.low:.3f} to {m.high:.3f}") for name, m in named.items()]


def _cards(detector: Detector, judged: Judged) -> list[Card]:
    samples = torch.stack([example.x for example in judged.examples])
    pictures: list[dict[str, str]] = [{} for _ in judged.examples]
    columns: list[list[tuple[str, float, float, float]]] = [[] for _ in judged.examples]
    terms: list[list[tuple[str, float]]] = [[] for _ in judged.examples]
    rebuilt = heat = expected = None
    if isinstance(detector, AMADetector):
        model = detector.model_
        rebuilt = model.reconstruct(samples).double().cpu().numpy()
        heat = model.anomaly_map(samples).double().cpu().numpy()
        expected = model.expected(samples).cpu().numpy() if len(detector.shape_) == 1 else None
        found = model.scores(samples)
        deviations = ((found.terms - model.term_mean) / model.term_std).cpu().numpy()
        terms = [list(zip(model.terms, map(float, row), strict=True)) for row in deviations]
    if len(detector.shape_) == 3:
        x = samples.cpu().numpy()
        low, high = value_range(x)
        top = full_heat(heat) if heat is not None else 0.0
        for i, shown in enumerate(pictures):
            shown["sample"] = data_uri(as_pixels(x[i], low, high))
            if rebuilt is not None and heat is not None:
                shown["reconstruction"] = data_uri(as_pixels(rebuilt[i], low, high))
                shown["map"] = data_uri(heated(as_pixels(x[i], low, high), heat[i], top))
    elif expected is not None and heat is not None:
        names = detector.columns_ or [f"column {i}" for i in range(detector.shape_[0])]
        columns = [
            [(names[j], float(samples[i, j]), float(expected[i, j]), float(heat[i, j])) for j in order]
            for i, order in enumerate(np.argsort(-heat, axis=1)[:, :COLUMNS_SHOWN])
        ]
    return [Card(*parts) for parts in zip(judged.examples, pictures, columns, terms, strict=True)]


def _page_data(
    detector: Detector, judged: Judged, held_out: np.ndarray, axis: dict[str, float]
) -> dict[str, Any]:
    groups = {**named_groups(judged, judged.score), "held-out normal": held_out}
    return {
        "threshold": detector.offset_,
        "axis": axis,
        "groups": [
            {"name": name, "size": len(scores), "scores": _quantiles(scores)}
            for name, scores in groups.items()
        ],
    }


def _quantiles(scores: np.ndarray) -> list[float]:
    """The scores in their order, or evenly spaced quantiles of very many."""
    ordered = np.sort(scores)
    if len(ordered) > EMBEDDED:
        ordered = np.quantile(ordered, np.linspace(0, 1, EMBEDDED))
    return ordered.tolist()


def _as_json(data: dict[str, Any]) -> str:
    """JSON that cannot end the element it stands in."""
    return json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def _part(name: str) -> str:
    return resources.files("ama.report").joinpath("page", name).read_text(encoding="utf-8")
