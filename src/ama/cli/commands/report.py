"""``ama report``."""

from __future__ import annotations

from pathlib import Path

from ama.cli.labelled_samples import check_both_kinds, labelled_chunks
from ama.cli.reading import say
from ama.data.samples import count
from ama.detectors.registry import load
from ama.io.whole_files import check_file_path, write_text
from ama.report.judged_samples import judge
from ama.report.page_builder import build_report
from ama.training.memory import freed_memory_kept


@freed_memory_kept()
def report(
    model: str,
    source: str,
    out: str,
    normal_label: list[str] | None,
    anomalies: str | None,
    false_alarm_rate: float | None,
    device: str,
    label_column: str | None,
    strict: bool,
) -> None:
    """``ama report``: score the samples and write the page."""
    check_file_path(Path(out), (".html", ".htm"))
    detector = load(model, device)
    if false_alarm_rate is not None:
        detector.set_threshold(false_alarm_rate)
    judged = judge(detector, labelled_chunks(detector, source, normal_label, anomalies, label_column, strict))
    if judged.anomalous is not None:
        check_both_kinds(judged.anomalous, source, "a report with labels")
    named = source if anomalies is None else f"{source}, and anomalies of {anomalies}"
    page = build_report(detector, judged, f"Anomalies found by {Path(model).name}", named, model)
    write_text(Path(out), page)
    say(f"wrote {out}: {count(len(judged), 'sample')}, {len(page.encode()) / 1e6:.1f} MB")
