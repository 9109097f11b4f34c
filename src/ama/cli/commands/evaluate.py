"""``ama evaluate``: metrics of a model on labelled samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ama.cli import options
from ama.cli.parser import Command

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from jsonargparse import ArgumentParser, Namespace

    from ama.cli.mask_evaluation import MaskEvaluation
    from ama.decision.localisation_metrics import Localisation
    from ama.decision.metrics import Evaluation
    from ama.detectors.base import Detector


def _add_options(parser: ArgumentParser, words: list[str]) -> None:
    options.model_and_source(
        parser, "labelled samples (with --normal-label), or normal ones (with --anomalies)"
    )
    options.truth(parser)
    parser.add_argument(
        "--masks",
        type=str | None,
        metavar="FOLDER",
        help="masks of the defects: DEFECT/STEM_mask.png, DEFECT/STEM.png or images in DEFECT/STEM; adds pixel AUROC "
        "and PRO",
    )
    options.append_to(parser, "")
    options.device(parser)
    options.float32(parser)
    options.reading(parser)
    options.as_json(parser)


def _run(given: Namespace) -> None:
    from pathlib import Path

    from ama.cli.inspection_layout import with_layout
    from ama.cli.labelled_samples import EITHER
    from ama.cli.loaded_model import loaded
    from ama.cli.mask_evaluation import MaskEvaluation
    from ama.cli.told import found, show
    from ama.errors import InputError
    from ama.io.results_files import check_appendable

    detector = loaded(given)
    given = with_layout(given, "evaluating", detector.has_maps)
    if (given.normal_label is None) == (given.anomalies is None):
        raise InputError(EITHER)
    if given.append_to is not None:
        check_appendable(Path(given.append_to))
    places = None if given.masks is None else MaskEvaluation(detector, Path(given.masks), given.strict)
    table, anomalous, groups = _scored(detector, given, places)
    located = None if places is None else places.metrics()
    metrics = _metrics(detector, table, anomalous, groups)
    flagged = table["anomaly"].to_numpy()
    _show(detector, metrics)
    show(
        f"flagged at the threshold: {flagged[~anomalous].mean():.2%} of normal samples, "
        f"{flagged[anomalous].mean():.2%} of anomalies"
    )
    if located is not None:
        show(f"pixel AUROC                   {located.pixel_auroc:.4f}")
        regions = f"({located.n_regions} regions of defects)"
        show(f"PRO to {located.max_fpr:.0%} false positives   {located.pro:.4f}  {regions}")
    rate = float(flagged[~anomalous].mean())
    found(
        metrics={name: evaluation.as_dict() for name, evaluation in metrics.items()},
        flagged={"normal": rate, "anomalous": float(flagged[anomalous].mean())},
        localisation=None if located is None else located.as_dict(),
    )
    if given.append_to is not None:
        _append(given, detector, metrics, rate, located)


def _scored(
    detector: Detector, given: Namespace, places: MaskEvaluation | None
) -> tuple[pa.Table, np.ndarray, np.ndarray]:
    """The scores of all samples, which of them are anomalies, and the group of each; ``places`` sees them, too."""
    import numpy as np
    import pyarrow as pa

    from ama.cli.labelled_samples import check_both_classes, labelled_chunks
    from ama.detectors.score_tables import score_table

    tables, known, groups, n = [], [], [], 0
    for samples, anomalous in labelled_chunks(detector, given):
        with detector.seen_once():
            tables.append(score_table(detector, samples))
            if places is not None and anomalous is not None:
                places.add(samples, anomalous)
        known.append(anomalous)
        groups.append(n + detector.groups(len(samples)))
        n += len(samples)
    truth = np.concatenate([anomalous for anomalous in known if anomalous is not None])
    check_both_classes(truth, str(given.source), "an evaluation")
    return pa.concat_tables(tables), truth, np.concatenate(groups)


def _metrics(
    detector: Detector, table: pa.Table, anomalous: np.ndarray, groups: np.ndarray
) -> dict[str, Evaluation]:
    """The metrics of each score."""
    from ama.decision.metrics import evaluate

    signs = {column.name: 1 if column.higher == "normal" else -1 for column in detector.score_columns}
    return {
        name: evaluate(sign * table[name].to_numpy(), anomalous, groups=groups)
        for name, sign in signs.items()
    }


def _show(detector: Detector, metrics: dict[str, Evaluation]) -> None:
    from ama.cli.told import show

    decides = metrics["score"]
    show(f"{decides.n_normal} normal samples, {decides.n_anomalous} anomalies")
    show(f"AUROC                         {decides.auroc}")
    show(f"average precision             {decides.average_precision}")
    show(f"false alarms at 95 % recall   {decides.fpr_at_95_recall}")
    others = ", ".join(
        f"by {name.replace('_', '-').capitalize()} {metrics[name].auroc.value:.4f}"
        for name in reversed(metrics)
        if name != "score"
    )
    show(f"(by {detector.score_name()}{'; AUROC ' + others if others else ''})")


def _append(
    given: Namespace,
    detector: Detector,
    metrics: dict[str, Evaluation],
    false_alarm_rate: float,
    places: Localisation | None,
) -> None:
    """Add a line to the results file."""
    import shlex
    import sys
    from pathlib import Path

    from ama.data.names import clean_name
    from ama.io.results_files import append_result

    result = {
        "command": shlex.join(["ama", *sys.argv[1:]]),
        "source": [
            clean_name(str(source)) for source in (given.source, given.anomalies) if source is not None
        ],
        "normal_label": options.normal_labels(given),
        "method": type(detector).__name__,
        "parameters": detector.get_params(),
        "settings": detector.model_.description()["settings"],
        "steps": detector.n_steps_,
        "fit_seconds": round(detector.fit_seconds_, 1),
        "metrics": {name: evaluation.as_dict() for name, evaluation in metrics.items()},
        "false_alarm_rate": false_alarm_rate,
        **({} if places is None else {"masks": clean_name(given.masks), "localisation": places.as_dict()}),
    }
    append_result(Path(given.append_to), result)


COMMAND = Command(
    "ama evaluate MODEL SOURCE (--normal-label LABEL ... | --anomalies SOURCE) [options]",
    "Measure how well a model separates anomalies from normal samples.",
    _add_options,
    _run,
)
