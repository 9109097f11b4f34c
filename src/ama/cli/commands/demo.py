"""``ama demo``: learn scikit-learn's scanned digits without one of them, and flag it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ama.cli import options
from ama.cli.parser import Command

if TYPE_CHECKING:
    import numpy as np
    from jsonargparse import ArgumentParser, Namespace

    from ama.benchmark.tables.digits import DigitSplit
    from ama.decision.metrics import Evaluation
    from ama.detectors.ama import AMADetector


class Row(NamedTuple):
    """A digit that was left out."""

    digit: int
    metrics: Evaluation
    fit_seconds: float
    neighbour_auroc: float  # of a nearest-neighbour search on pixels


def _add_options(parser: ArgumentParser, words: list[str]) -> None:
    from jsonargparse.typing import PositiveInt

    parser.add_argument(
        "--out",
        type=str,
        default="ama-demo",
        metavar="FOLDER",
        help="folder for model, scores, pictures and report",
    )
    parser.add_argument(
        "--digit",
        type=int,
        default=8,
        metavar="INT",
        help="digit left out of the training, 0 to 9",
    )
    parser.add_argument(
        "--every_digit",
        type=bool,
        nargs="?",
        const=True,
        default=False,
        metavar="BOOL",
        help="leave out each digit in turn, two at a time",
    )
    options.append_to(parser, "per digit ")
    parser.add_argument(
        "--max_steps",
        type=PositiveInt | None,
        metavar="INT",
        help="training steps, in place of the demo's number",
    )
    parser.add_argument("--random_state", type=int, default=0, metavar="INT", help="seed (default: 0)")


def _run(given: Namespace) -> None:
    """Leave a digit out, learn the others, flag it; print metrics and write model, scores, pictures and report."""
    from ama.errors import InputError
    from ama.io.model_writer import check_writable
    from ama.io.results_files import check_appendable
    from ama.utils.extras import needs_extra

    with needs_extra("train"), needs_extra("report"):
        from ama.benchmark.tables.digits import STEPS, leave_out, neighbour_auroc

    digit = given.digit
    if digit not in range(10):
        raise InputError(f"--digit must be 0 to 9, found {digit}")
    if given.append_to is not None:
        if not given.every_digit:
            raise InputError("--append-to needs --every-digit, whose results it keeps")
        check_appendable(Path(given.append_to))
    folder, max_steps = Path(given.out), given.max_steps or STEPS
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot write the demo to {folder}: {error.strerror or error}") from error
    check_writable(folder / "model")

    print(f"Learning scanned digits (8 x 8 pixels) without the digit {digit} ...", file=sys.stderr)
    detector, split, metrics = leave_out(digit, given.random_state, max_steps=max_steps)
    _print_metrics(detector, split, digit, metrics)
    for path in _write(detector, split, digit, folder):
        print(f"wrote {path}")
    print(f"open {folder / 'report.html'} in a browser to see everything")
    if given.every_digit:
        done = Row(digit, metrics, detector.fit_seconds_, neighbour_auroc(split))
        rows = _every_digit(done, given.random_state, max_steps)
        _print_rows(rows)
        if given.append_to is not None:
            _append(rows, Path(given.append_to), given.random_state, max_steps)


def _print_metrics(detector: AMADetector, split: DigitSplit, digit: int, metrics: Evaluation) -> None:
    flagged = detector.predict(split.test) < 0
    print(f"Trained on {len(split.train)} images of the other nine digits in {detector.fit_seconds_:.0f} s.")
    print(f"Tested on {metrics.n_normal} new images of them and {metrics.n_anomalous} of the digit {digit}:")
    print(f"  AUROC                         {metrics.auroc}")
    print(f"  average precision             {metrics.average_precision}")
    print(f"  false alarms at 95 % recall   {metrics.fpr_at_95_recall}")
    print(
        f"  at the threshold for {detector.false_alarm_rate:.0%} false alarms it flags "
        f"{flagged[split.anomalous].mean():.0%} of the digit {digit} and "
        f"{flagged[~split.anomalous].mean():.1%} of the others"
    )


def _every_digit(done: Row, seed: int, max_steps: int) -> list[Row]:
    """Rows of all digits, in order."""
    import joblib

    from ama.utils.progress import progress_bar

    others = [digit for digit in range(10) if digit != done.digit]
    print("\nLeaving out each of the other digits in turn, two fits at a time ...", file=sys.stderr)
    work = joblib.Parallel(n_jobs=2, return_as="generator_unordered")(
        joblib.delayed(_row)(digit, seed, max_steps) for digit in others
    )
    rows = progress_bar(iterable=work, total=len(others), desc="digits", unit="fit")
    return sorted([done, *rows], key=lambda row: row.digit)


def _row(digit: int, seed: int, max_steps: int) -> Row:
    from ama.benchmark.tables.digits import leave_out, neighbour_auroc

    detector, split, metrics = leave_out(digit, seed, progress=False, threads=1, max_steps=max_steps)
    return Row(digit, metrics, detector.fit_seconds_, neighbour_auroc(split))


def _print_rows(rows: list[Row]) -> None:
    print("\nAUROC with each digit left out       AMA    nearest neighbours on pixels    seconds to fit")
    for row in rows:
        auroc, neighbours = row.metrics.auroc.value, row.neighbour_auroc
        print(
            f"  {row.digit}                                {auroc:.4f}   {neighbours:.4f}{row.fit_seconds:33.0f}"
        )
    auroc = sum(row.metrics.auroc.value for row in rows) / len(rows)
    neighbours = sum(row.neighbour_auroc for row in rows) / len(rows)
    print(f"  average                          {auroc:.4f}   {neighbours:.4f}")


def _append(rows: list[Row], path: Path, seed: int, max_steps: int) -> None:
    """Add a line for each digit to a results file."""
    from ama.io.results_files import append_result

    for row in rows:
        record = {
            "command": "ama demo --every-digit",
            "digit": row.digit,
            "seed": seed,
            "max_steps": max_steps,
            "metrics": row.metrics.as_dict(),
            "fit_seconds": round(row.fit_seconds, 1),
            "nearest_neighbours_auroc": row.neighbour_auroc,
        }
        append_result(path, record)


def _write(detector: AMADetector, split: DigitSplit, digit: int, folder: Path) -> list[Path]:
    """Write the model, the pictures, the scores and a report."""
    import pyarrow as pa

    from ama.io.score_files import write_table

    scores = detector.score_table(split.test)
    groups = {"other digits": ~split.anomalous, f"digit {digit}": split.anomalous}
    detector.save(folder / "model")
    pictures = _draw(detector, split.test, scores, groups, folder)
    table = pa.table(
        {"anomalous": split.anomalous, **{k: scores[k] for k in ("r_score", "score", "anomaly")}}
    )
    write_table(folder / "scores.csv", table.schema, [table])
    _write_report(detector, split, digit, folder)
    return [folder / "model", *pictures, folder / "scores.csv", folder / "report.html"]


def _draw(
    detector: AMADetector,
    images: np.ndarray,
    scores: dict[str, np.ndarray],
    groups: dict[str, np.ndarray],
    folder: Path,
) -> list[Path]:
    """Save pictures of the groups, which are masks of the images."""
    from ama.io.whole_files import replacing
    from ama.report.charts import SCORE_LABEL, plot_densities
    from ama.report.reconstruction_plots import plot_reconstructions

    def grouped(values: np.ndarray) -> dict[str, np.ndarray]:
        return {name: values[mask] for name, mask in groups.items()}

    parts = [grouped(values) for values in (images, detector.reconstruct(images), scores["score"])]
    figures = {
        "reconstructions.png": plot_reconstructions(
            {name: (parts[0][name], parts[1][name], parts[2][name]) for name in groups}
        ),
        "r_scores.png": plot_densities(grouped(scores["r_score"]), "R-score (higher = more anomalous)"),
        "scores.png": plot_densities(grouped(scores["score"]), SCORE_LABEL, detector.offset_),
    }
    for name, figure in figures.items():
        with replacing(folder / name) as temporary:
            figure.savefig(temporary, format="png", dpi=120)
    return [folder / name for name in figures]


def _write_report(detector: AMADetector, split: DigitSplit, digit: int, folder: Path) -> None:
    from dataclasses import replace

    import numpy as np

    from ama.data.sources import open_source
    from ama.io.whole_files import write_text
    from ama.report.judged_samples import judge
    from ama.report.page_builder import build_report

    labels = np.where(split.anomalous, f"digit {digit}", "other digits")
    samples = replace(open_source(split.test).read(), labels=labels)
    judged = judge(detector, [(samples, split.anomalous)])
    title = f"Scanned digits, learned without the digit {digit}"
    named = f"a random fifth of the other digits, and all images of the digit {digit}"
    write_text(folder / "report.html", build_report(detector, judged, title, named, str(folder / "model")))


COMMAND = Command(
    "ama demo [options]",
    "Learn scikit-learn's scanned digits without one of them, and flag it.",
    _add_options,
    _run,
)
