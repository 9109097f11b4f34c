"""What the metadata of an exported file says of its detector: names, units, versions, and the model card."""

from __future__ import annotations

from typing import Any

import torch

from ama.data.samples import described
from ama.detectors.base import Detector
from ama.report.model_card import model_card

OUTPUTS = {
    "score": "higher = more normal; no unit",
    "p_value": "in (0, 1]; small = anomalous",
    "anomaly": "whether p_value <= false_alarm_rate",
}
OF_MAPS = {"map": "(n, height, width), at least 0; higher = more anomalous; no unit"}
OF_TERMS = {"other outputs": "terms of the score; higher = more anomalous; no unit"}


def export_card(detector: Detector, rate: float, terms: bool, maps: bool) -> dict[str, Any]:
    """The card of a fitted detector, as JSON types.

    Parameters
    ----------
    detector
        An AMADetector.
    rate
        The default of ``false_alarm_rate``.
    terms, maps
        Whether the terms of the score and the map are outputs.
    """
    return {
        "method": type(detector).__name__,
        "learned_from": detector.learned_from_,
        "samples": described(detector.shape_, detector.encoding_),
        "x": _units(detector),
        "outputs": OUTPUTS | (OF_MAPS if maps else {}) | (OF_TERMS if terms else {}),
        **_columns(detector),
        "calibration_samples": len(detector.model_.calibration),
        "false_alarm_rate": rate,
        **_of_maps(detector),
        "score": detector.score_weights() or detector.score_name(),
        "parameters": detector._record()["parameters"],
        "model_card": {title: dict(lines) for title, lines in model_card(detector)},
        "versions": detector.versions_,
    }


def _units(detector: Detector) -> str:
    if not detector.kind_.pictured:
        if detector.encoding_ is not None:
            return f"(n, {detector.encoding_.width}), in the units of the encoding, finite"
        return "(n, columns), in the units of the columns that were learned, finite"
    depth = "0 to 255" if detector.model_.dtype == torch.uint8 else "0 to 1"
    return f"(n, channels, height, width), grey or red, green, blue, {depth}"


def _columns(detector: Detector) -> dict[str, Any]:
    encoding, names = detector.encoding_, detector.columns_
    if encoding is None:
        return {"columns": names}
    described = names or [str(i) for i in range(len(encoding))]
    return {"columns": names, "column_of_number": encoding.names(described), "encoding": encoding.to_json()}


def _of_maps(detector: Detector) -> dict[str, Any]:
    if (threshold := detector.map_threshold) is None:
        return {}
    return {"map_threshold": threshold, "map_false_alarm_rate": detector.map_false_alarm_rate}
