"""What the commands do, once their arguments are read."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from tqdm.auto import tqdm

from ama import conformal, storage
from ama.data.protocols import is_normal
from ama.data.sources import Samples, Source, open_source
from ama.detector import AMADetector
from ama.errors import InputError
from ama.estimator import Detector
from ama.evaluation import Evaluation
from ama.evaluation import evaluate as evaluate_scores
from ama.memory import freed_memory_kept
from ama.methods import load
from ama.methods import method as detector_class
from ama.results import append_result
from ama.tables import check_table_path, write_table

DRIFT_LEVEL = 0.01  # p-values up to it are spoken of


def fit(
    method: str,
    source: str,
    out: str,
    normal_label: list[str] | None,
    anomalies: str | None,
    validation: str | None,
    image_size: int | None,
    label_column: str | None,
    strict: bool,
    parameters: dict[str, Any],
) -> None:
    """``ama fit``: read the sources, train, save."""
    storage.check_writable(Path(out))
    detector = detector_class(method)(**parameters)
    if not isinstance(detector, AMADetector) and (anomalies or validation):
        option = "--anomalies" if anomalies else "--validation"
        raise InputError(f"{option} is for AMADetector: {method} learns from normal samples alone")
    samples = _read(open_source(source, image_size=image_size, label_column=label_column, strict=strict))
    if normal_label is not None:
        samples = samples.select(is_normal(samples.labels, normal_label, source))
    _say(f"learning from {_describe(samples)} of {source}")
    alike = partial(
        open_source,
        shape=tuple(samples.x.shape[1:]),
        columns=samples.columns,
        dtype=samples.x.dtype,
        strict=strict,
    )
    x, y = samples.x, None
    if anomalies is not None:
        known = _read(alike(anomalies))
        x = torch.cat([x, known.x])
        y = np.concatenate([np.ones(len(samples)), -np.ones(len(known))])
    labelled = None
    if validation is not None:
        if normal_label is None:
            raise InputError(
                "--validation needs --normal-label to tell its normal samples from its anomalies"
            )
        chosen = _read(alike(validation, label_column=label_column))
        labelled = (chosen.x, np.where(is_normal(chosen.labels, normal_label, validation), 1, -1))
    if labelled is None:
        detector.fit(x, y)
    else:
        detector.fit(x, y, validation=labelled)  # type: ignore[call-arg]
    if samples.columns is not None:
        detector.columns_ = samples.columns
    detector.save(out)
    _say(
        f"saved {out}: {_count(detector.n_steps_, 'step')} in {detector.fit_seconds_:.0f} s; "
        f"flags about {_flagged_rate(detector):.0%} of normal samples"
    )


@freed_memory_kept()
def score(
    model: str,
    source: str,
    out: str | None,
    false_alarm_rate: float | None,
    fdr: float | None,
    device: str,
    label_column: str | None,
    strict: bool,
) -> None:
    """``ama score``: stream the source through the model into a table."""
    path = None if out is None else Path(out)
    check_table_path(path)
    if fdr is not None and false_alarm_rate is not None:
        raise InputError("give either --fdr or --false-alarm-rate: each decides on its own what is flagged")
    if fdr is not None and not 0 < fdr < 1:
        raise InputError(f"--fdr must lie between 0 and 1, both excluded; found {fdr:g}")
    detector = load(model, device)
    if false_alarm_rate is not None:
        detector.set_threshold(false_alarm_rate)
    opened = detector.open(source, label_column=label_column, strict=strict)
    tables = score_tables(detector, opened)
    scores: list[np.ndarray] = []
    flagged = 0

    def counted() -> Iterator[pa.Table]:
        nonlocal flagged
        for table in tables if fdr is None else [_with_discoveries(tables, fdr)]:
            scores.append(table["score"].to_numpy())
            flagged += table["anomaly"].to_numpy().sum()
            yield table

    rows = write_table(path, score_schema(detector), counted())
    _say(
        f"scored {_count(rows, 'sample')}, {flagged} flagged as anomalies"
        + ("" if out is None else f"; wrote {out}")
    )
    _say(drift_sentence(np.concatenate(scores), detector, model))


def _with_discoveries(tables: Iterable[pa.Table], fdr: float) -> pa.Table:
    """The table of a whole source, as what is flagged depends on all of its p-values."""
    whole = pa.concat_tables(tables)
    found = conformal.discoveries(whole["p_value"].to_numpy(), fdr)
    return whole.set_column(whole.schema.get_field_index("anomaly"), "anomaly", pa.array(found))


def drift_sentence(scores: np.ndarray, detector: Detector, model: str) -> str:
    """Whether scores are still distributed as the held-out normal samples' were, and what to do if they are not."""
    # Samples of a group have the group's score: one of them stands for all.
    found = conformal.drift(
        scores[:: getattr(detector, "group", 1)], detector.model_.calibration.cpu().numpy()
    )
    held_out = len(detector.model_.calibration)
    test = f"Kolmogorov-Smirnov test against {held_out} held-out normal samples: p = {found.p_value:.2g}"
    if found.p_value > DRIFT_LEVEL:
        return f"no sign of drift ({test})"
    return (
        f"the scores are {'lower' if found.lower else 'higher'} than they should be ({test}): unless many of these "
        f"samples are anomalies, normal data have changed; look at some, and if they are normal, "
        f"`ama calibrate {model} SOURCE` with such samples, or fit anew"
    )


def calibrate(
    model: str,
    source: str,
    out: str | None,
    normal_label: list[str] | None,
    false_alarm_rate: float | None,
    device: str,
    label_column: str | None,
    strict: bool,
) -> None:
    """``ama calibrate``: threshold and p-values from new normal samples, without training."""
    target = model if out is None else out
    storage.check_writable(Path(target))
    detector = load(model, device)
    before = detector.model_.calibration.cpu().numpy()
    samples = _read(detector.open(source, label_column=label_column, strict=strict))
    if normal_label is not None:
        samples = samples.select(is_normal(samples.labels, normal_label, source))
    detector.calibrate(samples.x, false_alarm_rate)
    detector.save(target)
    moved = conformal.drift(detector.model_.calibration.cpu().numpy(), before)
    _say(
        f"saved {target}: calibrated on {_count(len(samples), 'normal sample')} in place of {len(before)}; flags about "
        f"{_flagged_rate(detector):.0%} of normal samples; their scores differ from the former ones with "
        f"p = {moved.p_value:.2g} (Kolmogorov-Smirnov test)"
    )


def _flagged_rate(detector: Detector) -> float:
    """With few held-out samples the threshold cannot be as strict as asked for."""
    return max(detector.false_alarm_rate, 1 / (len(detector.model_.calibration) + 1))


def score_tables(detector: Detector, source: Source) -> Iterator[pa.Table]:
    """The scores of a source chunk by chunk, in constant memory, under a progress bar."""
    for samples in _chunks(source, "scoring"):
        yield _score_table(detector, samples)


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
    detector = load(model, device)
    sources = [source] if anomalies is None else [source, anomalies]
    tables, anomalous = [], []
    for i, name in enumerate(sources):
        opened = detector.open(name, label_column=label_column, strict=strict)
        for samples in _chunks(opened, "scoring"):
            tables.append(_score_table(detector, samples))
            if normal_label is None:
                anomalous.append(np.full(len(samples), i == 1))
            elif samples.labels is None:
                is_normal(None, normal_label, name)
            else:
                anomalous.append(samples.labels)
    table = pa.concat_tables(tables)
    truth = np.concatenate(anomalous)
    if normal_label is not None:
        truth = ~is_normal(truth, normal_label, source)
    if truth.all() or not truth.any():
        kind = "anomalies" if truth.all() else "normal samples"
        raise InputError(f"an evaluation needs normal samples and anomalies, but {source} holds only {kind}")
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
            "source": sources,
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


def score_schema(detector: Detector) -> pa.Schema:
    """Columns of a table of scores: those of the paper where the detector has them, and the one that decides."""
    own = ["r_score", "a_score", "score"] if isinstance(detector, AMADetector) else ["score"]
    numbers = [(name, pa.float64()) for name in (*own, "p_value")]
    return pa.schema([("id", pa.string()), *numbers, ("anomaly", pa.bool_())])


def _score_table(detector: Detector, samples: Samples) -> pa.Table:
    scores = {name: values.cpu() for name, values in detector.model_.named_scores(samples.x).items()}
    deciding = scores["score"]
    if isinstance(detector, AMADetector):
        scores["r_score"] = -scores["r_score"]
    columns = {
        **{name: values.numpy() for name, values in scores.items()},
        "id": samples.ids,
        "p_value": conformal.p_value(deciding, detector.model_.calibration.cpu()).numpy(),
        "anomaly": conformal.is_anomaly(deciding, detector.offset_).numpy(),
    }
    schema = score_schema(detector)
    return pa.table({name: columns[name] for name in schema.names}, schema=schema)


def _read(source: Source) -> Samples:
    samples = source.read(progress=True)
    _report_skipped(samples.skipped)
    return samples


def _chunks(source: Source, title: str) -> Iterator[Samples]:
    """The source chunk by chunk under a progress bar, its unreadable samples told at the end."""
    skipped: list[str] = []
    with tqdm(total=len(source), desc=title, unit="sample", disable=None) as bar:
        for samples in source.batches():
            skipped += samples.skipped
            bar.update(len(samples) + len(samples.skipped))
            yield samples
    _report_skipped(skipped)


def _report_skipped(skipped: list[str]) -> None:
    for sentence in skipped[:10]:
        _say(f"skipped: {sentence}")
    if skipped:
        _say(f"skipped {_count(len(skipped), 'unreadable sample')} in all; --strict refuses them")


def _describe(samples: Samples) -> str:
    shape = samples.x.shape[1:]
    if len(shape) == 1:
        return f"{_count(len(samples), 'row')} of {_count(shape[0], 'column')}"
    return (
        f"{_count(len(samples), 'image')} of {shape[1]} x {shape[2]} pixels, {_count(shape[0], 'channel')},"
    )


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _say(sentence: str) -> None:
    print(f"ama: {sentence}", file=sys.stderr)
