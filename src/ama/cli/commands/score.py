"""``ama score``: the scores of a source as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ama.cli import options
from ama.cli.parser import Command

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    import pyarrow as pa
    from jsonargparse import ArgumentParser, Namespace

    from ama.cli.place_outputs import PlaceOutputs
    from ama.cli.ray_scoring import RayScoring
    from ama.data.samples import Source
    from ama.detectors.base import Detector


def _add_options(parser: ArgumentParser, words: list[str]) -> None:
    options.model_and_source(parser, "samples to score")
    parser.add_argument(
        "--out", type=str | None, metavar="FILE", help=".parquet or .csv file; by default CSV on stdout"
    )
    options.places(parser)
    options.false_alarm_rate(parser)
    parser.add_argument(
        "--fdr",
        type=float | None,
        metavar="FLOAT",
        help="instead limit the average share of normal samples among the flagged (Benjamini-Hochberg); the scores "
        "of the whole source are kept in memory",
    )
    parser.add_argument(
        "--watch_state",
        type=str | None,
        metavar="FILE",
        help=".json file of a drift watch over all runs, which this run continues or starts: at most 1 % of streams "
        "without drift ever alarm, however many runs there are",
    )
    options.cluster(parser)
    options.device(parser)
    options.float32(parser)
    options.reading(parser)
    options.as_json(parser)


def _run(given: Namespace) -> None:
    """Stream the source through the model into a table."""
    from ama.cli.ray_scoring import ray_scoring
    from ama.training.memory import freed_memory_kept

    with freed_memory_kept(), ray_scoring(given) as cluster:
        _score(given, cluster)


def _score(given: Namespace, cluster: RayScoring | None) -> None:
    from contextlib import closing
    from pathlib import Path

    from ama.cli.loaded_model import loaded
    from ama.cli.place_outputs import PlaceOutputs
    from ama.errors import InputError
    from ama.io.score_files import check_table_path

    path = None if given.out is None else Path(given.out)
    check_table_path(path)
    if given.json and path is None:
        raise InputError("--json needs --out: standard output holds one JSON object")
    _check_rates(given)
    detector = loaded(given, "cpu" if cluster else None)
    _check_watch(detector, given.watch_state)
    reading = {"label_column": given.label_column, "strict": given.strict, "channels": given.channels}
    source = cluster.open(detector, reading) if cluster else detector.open(given.source, **reading)
    with closing(PlaceOutputs(detector, given)) as places:
        tables = cluster.tables(source) if cluster else _tables(detector, source, places)
        scores, flagged = _written(detector, tables, places, path, given.fdr)
        places.finish()
    _tell(detector, given, scores, flagged, places)


def _tell(
    detector: Detector, given: Namespace, scores: np.ndarray, flagged: int, places: PlaceOutputs
) -> None:
    """Say what was found, and whether the scores have drifted."""
    from ama.cli.told import found, say
    from ama.data.samples import count
    from ama.report.verdict import drift_sentence, scope_sentence, undiscovered_sentence

    drift = detector.drift_of(scores)
    found(
        samples=len(scores),
        flagged=flagged,
        out=given.out,
        false_alarm_rate=detector.guaranteed_rate if given.fdr is None else None,
        fdr=given.fdr,
        threshold=float(detector.offset_) if given.fdr is None else None,
        drift={"p_value": drift.p_value, "lower": bool(drift.lower)},
    )
    written = "" if given.out is None else f"; wrote {given.out}"
    judged = "an anomaly" if flagged == 1 else "anomalies"
    say(f"scored {count(len(scores), 'sample')}, {flagged} flagged as {judged}{written}")
    for text in places.told():
        say(text)
    if given.fdr is not None and not flagged:
        held_out_scores = detector.model_.calibration.cpu().numpy()
        if (why := undiscovered_sentence(scores, held_out_scores, given.fdr)) is not None:
            say(why)
    held_out = len(detector.model_.calibration)
    say(drift_sentence(drift, held_out, given.model))
    if (scope := scope_sentence(drift, detector)) is not None:
        say(scope)
    if given.watch_state is not None:
        say(_watched(detector, given.watch_state, scores))


def _check_watch(detector: Detector, path: str | None) -> None:
    """Find out before the work whether the drift watch can be continued and written."""
    from pathlib import Path

    from ama.detectors.drift_watch import DriftWatch
    from ama.io.whole_files import check_file_path

    if path is not None:
        check_file_path(Path(path), [".json"])
        DriftWatch.open(detector, path)


def _watched(detector: Detector, path: str, scores: np.ndarray) -> str:
    """Feed the scores to the drift watch of a file; returns what it has found.

    The file is read again, as another run may have written it meanwhile; one that does so now is waited for.
    """
    from pathlib import Path

    from ama.cli.told import found
    from ama.detectors.drift_watch import DriftWatch
    from ama.io.turns import in_turn
    from ama.report.verdict import watch_sentence

    with in_turn(Path(path)):
        watch = DriftWatch.open(detector, path)
        verdict = watch.update(scores)
        watch.save(path)
    found(watch=verdict._asdict())
    return watch_sentence(verdict)


def _tables(detector: Detector, source: Source, places: PlaceOutputs) -> Iterator[pa.Table]:
    """The table chunk by chunk; what is wanted of places is written meanwhile."""
    from ama.cli.reading import chunks
    from ama.detectors.score_tables import score_table

    for samples in chunks(source, "scoring"):
        with detector.seen_once():
            table = places.add(samples, score_table(detector, samples))
        yield table


def _written(
    detector: Detector, tables: Iterator[pa.Table], places: PlaceOutputs, path: Path | None, fdr: float | None
) -> tuple[np.ndarray, int]:
    """Write the table chunk by chunk; returns the scores, and how many samples are flagged."""
    import numpy as np

    from ama.detectors.score_tables import score_schema, with_discoveries
    from ama.io.score_files import write_table

    scores: list[np.ndarray] = []
    flagged = 0

    def counted() -> Iterator[pa.Table]:
        nonlocal flagged
        for table in tables if fdr is None else [with_discoveries(tables, fdr)]:
            scores.append(table["score"].to_numpy())
            flagged += int(table["anomaly"].to_numpy().sum())
            yield table

    write_table(path, places.schema(score_schema(detector)), counted())
    return np.concatenate(scores), flagged


def _check_rates(given: Namespace) -> None:
    from ama.errors import InputError

    if given.fdr is None:
        return
    if given.false_alarm_rate is not None:
        raise InputError("give either --fdr or --false-alarm-rate: each decides what is flagged")
    if not 0 < given.fdr < 1:
        raise InputError(f"--fdr must be a number between 0 and 1, both excluded, found {given.fdr:g}")


COMMAND = Command(
    "ama score MODEL SOURCE [--out FILE] [options]",
    "Score samples with a model.",
    _add_options,
    _run,
    writes=("out", "maps", "coco", "watch_state"),
)
