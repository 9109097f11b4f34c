"""``ama evaluate``."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa

from ama.cli.labelled_samples import check_both_kinds, labelled_chunks
from ama.cli.score_table import score_table
from ama.decision.metrics import Evaluation
from ama.decision.metrics import evaluate as evaluate_scores
from ama.detectors.ama import AMADetector
from ama.detectors.base import Detector
from ama.detectors.registry import load
from ama.errors import InputError
from ama.io.results_files import append_result, check_appendable


def evaluate(
    model: str,
    source: str,
    normal_label: list[str] | None,
    anomalies: str | None,
    append_to: str | None,
    device: str,
    label_column: str | None,
    strict: bool,
) -> None:
    """``ama evaluate``: metrics of the three scores on labelled samples."""
    if (normal_label is None) == (anomalies is None):
        raise InputError("give either --normal-label or --anomalies, to tell normal samples from anomalies")
    if append_to is not None:
        check_appendable(Path(append_to))
    detector = load(model, device)
    tables, anomalous = [], []
    for samples, flags in labelled_chunks(detector, source, normal_label, anomalies, label_column, strict):
        assert flags is not None
        tables.append(score_table(detector, samples))
        anomalous.append(flags)
    table = pa.concat_tables(tables)
    truth = np.concatenate(anomalous)
    check_both_kinds(truth, source, "an evaluation")
    # The R-score alone keeps the paper's direction in a table.
    found = {
        name: evaluate_scores((-1 if name == "r_score" else 1) * table[name].to_numpy(), truth)
        for name in table.column_names
        if name not in ("id", "p_value", "anomaly")
    }
    _print_evaluation(found, detector)
    flagged = table["anomaly"].to_numpy()
    rate = flagged[~truth].mean()
    print(f"flagged at the threshold: {rate:.2%} of normal samples, {flagged[truth].mean():.2%} of anomalies")
    if append_to is not None:
        result = {
            "command": shlex.join(["ama", *sys.argv[1:]]),
            "source": [source] if anomalies is None else [source, anomalies],
            "normal_label": normal_label,
            "method": type(detector).__name__,
            "parameters": detector.get_params(),
            "settings": detector.model_.description()["settings"],
            "steps": detector.n_steps_,
            "fit_seconds": round(detector.fit_seconds_, 1),
            "metrics": {name: evaluation.as_dict() for name, evaluation in found.items()},
            "false_alarm_rate": float(rate),
        }
        append_result(Path(append_to), result)


def _print_evaluation(found: dict[str, Evaluation], detector: Detector) -> None:
    decides = found["score"]
    print(f"{decides.n_normal} normal samples, {decides.n_anomalous} anomalies")
    print(f"AUROC                         {decides.auroc}")
    print(f"average precision             {decides.average_precision}")
    print(f"false alarms at 95 % recall   {decides.fpr_at_95_recall}")
    if isinstance(detector, AMADetector):
        print(f"(by {detector.model_.settings.scoring}; AUROC by ", end="")
        print(f"A-score {found['a_score'].auroc.value:.4f}, by R-score {found['r_score'].auroc.value:.4f})")
    else:
        print(f"(by {type(detector).__name__})")
