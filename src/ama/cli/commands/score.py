"""``ama score``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from ama.cli.reading import say
from ama.cli.score_table import score_schema, score_tables
from ama.data.samples import count
from ama.decision import conformal
from ama.detectors.registry import load
from ama.errors import InputError
from ama.io.score_files import check_table_path, write_table
from ama.report.verdict import drift_sentence
from ama.training.memory import freed_memory_kept


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
    say(
        f"scored {count(rows, 'sample')}, {flagged} flagged as anomalies"
        + ("" if out is None else f"; wrote {out}")
    )
    say(drift_sentence(detector.drift_of(np.concatenate(scores)), len(detector.model_.calibration), model))


def _with_discoveries(tables: Iterable[pa.Table], fdr: float) -> pa.Table:
    """The table of a whole source, as what is flagged depends on all of its p-values."""
    whole = pa.concat_tables(tables)
    found = conformal.discoveries(whole["p_value"].to_numpy(), fdr)
    return whole.set_column(whole.schema.get_field_index("anomaly"), "anomaly", pa.array(found))
