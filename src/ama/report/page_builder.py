"""The report: a single HTML file about a detector and its scores of some samples."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ama.decision.metrics import evaluate
from ama.detectors.base import Detector
from ama.report.example_cards import example_cards
from ama.report.judged_samples import GROUPS, Judged
from ama.report.model_card import model_card
from ama.report.page_charts import page_charts
from ama.report.verdict import boxes_sentence, drift_sentence, scope_sentence, verdict

EMBEDDED = 20_000  # scores of a group in the page; larger groups are represented by as many quantiles


def build_report(detector: Detector, judged: Judged, title: str, source: str, model: str) -> str:
    """The page.

    Parameters
    ----------
    detector
        A fitted detector.
    judged
        Its scores and examples, from :func:`ama.report.judged_samples.judge`.
    title
        Heading.
    source, model
        Names of the samples and of the model folder.

    Returns
    -------
    str
        HTML that loads nothing else.
    """
    held_out = detector.model_.calibration.cpu().numpy()
    drift = detector.drift_of(judged.normal_scores)
    told = (drift_sentence(drift, len(held_out), model), scope_sentence(drift, detector))
    groups = {**judged.by_class(judged.score), "held-out normal": held_out}
    charts, axis = page_charts(detector, judged, groups)
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
        drift="; ".join(filter(None, told)),
        tiles=_tiles(detector, judged),
        charts={name: Markup(svg) for name, svg in charts.items()},
        cards=example_cards(detector, judged.examples),
        boxes=boxes_sentence(detector),
        groups=[g for g in GROUPS if any(g in e.groups for e in judged.examples)],
        labels=sorted({e.label for e in judged.examples} - {""}),
        rows=not detector.kind_.pictured,
        labelled=judged.anomalous is not None,
        threshold=detector.offset_,
        card=model_card(detector),
        data=Markup(_as_json(_page_data(detector, groups, axis))),
        style=Markup(_part("report.css")),
        script=Markup(_part("report.js")),
    )


def _tiles(detector: Detector, judged: Judged) -> list[tuple[str, str, str]]:
    """Name, value and interval of the numbers at the top of the page."""
    if judged.anomalous is None:
        flagged = (judged.score < detector.offset_).sum()
        return [("samples", f"{len(judged):,}", ""), ("flagged", f"{flagged:,}", "")]
    metrics = evaluate(judged.score, judged.anomalous, groups=judged.groups)
    named = {
        "AUROC": metrics.auroc,
        "average precision": metrics.average_precision,
        "false alarms at 95 % recall": metrics.fpr_at_95_recall,
    }
    return [(name, f"{m.value:.3f}", f"{m.low:.3f} to {m.high:.3f}") for name, m in named.items()]


def _page_data(detector: Detector, groups: dict[str, np.ndarray], axis: dict[str, float]) -> dict[str, Any]:
    """What the script of the page needs to count the flagged samples at any threshold."""
    return {
        "threshold": detector.offset_,
        "axis": axis,
        "groups": [
            {"name": name, "size": len(scores), "scores": _quantiles(scores)}
            for name, scores in groups.items()
        ],
    }


def _quantiles(scores: np.ndarray) -> list[float]:
    """The sorted scores, or evenly spaced quantiles of a large group."""
    ordered = np.sort(scores)
    if len(ordered) > EMBEDDED:
        ordered = np.quantile(ordered, np.linspace(0, 1, EMBEDDED))
    return ordered.tolist()


def _as_json(data: dict[str, Any]) -> str:
    """JSON that cannot end the ``<script>`` element around it."""
    return json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def _part(name: str) -> str:
    return (resources.files("ama.report") / "page" / name).read_text(encoding="utf-8")
