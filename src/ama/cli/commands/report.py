"""``ama report``: one page about a model and its scores of some samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ama.cli import options
from ama.cli.parser import Command

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser, Namespace


def _add_options(parser: ArgumentParser, words: list[str]) -> None:
    options.model_and_source(parser, "samples to report on; normal ones with --anomalies")
    parser.add_argument("--out", type=str, required=True, metavar="FILE", help=".html file to write")
    options.truth(parser)
    options.false_alarm_rate(parser)
    options.device(parser)
    options.float32(parser)
    options.reading(parser)
    options.as_json(parser)


def _run(given: Namespace) -> None:
    from pathlib import Path

    from ama.cli.inspection_layout import with_layout
    from ama.cli.labelled_samples import check_both_classes, labelled_chunks
    from ama.cli.loaded_model import loaded
    from ama.cli.told import found, say
    from ama.data.names import clean_name
    from ama.data.samples import count
    from ama.io.whole_files import check_file_path, write_text
    from ama.report.judged_samples import judge
    from ama.training.memory import freed_memory_kept
    from ama.utils.extras import needs_extra

    with needs_extra("report"):
        from ama.report.page_builder import build_report

    check_file_path(Path(given.out), (".html", ".htm"))
    detector = loaded(given)
    given = with_layout(given, "reporting on")
    with freed_memory_kept():
        judged = judge(detector, labelled_chunks(detector, given))
        if judged.anomalous is not None:
            check_both_classes(judged.anomalous, str(given.source), "a report with labels")
        named = (
            str(given.source) if given.anomalies is None else f"{given.source}, anomalies: {given.anomalies}"
        )
        title = f"Anomalies found by {Path(given.model).name}"
        page = build_report(detector, judged, *map(clean_name, (title, named, given.model)))
    write_text(Path(given.out), page)
    found(out=given.out, samples=len(judged), bytes=len(page.encode()))
    say(f"wrote {given.out}: {count(len(judged), 'sample')}, {len(page.encode()) / 1e6:.1f} MB")


COMMAND = Command(
    "ama report MODEL SOURCE [--anomalies SOURCE] --out FILE [options]",
    "Write one page: scores, threshold, samples worth a look, model card.",
    _add_options,
    _run,
    writes=("out",),
)
