"""``ama demo``: the main job on data that scikit-learn ships."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import joblib
import numpy as np
import pyarrow as pa
from tqdm.auto import tqdm

from ama.benchmark.tables.digits import DigitSplit, leave_out, neighbour_auroc
from ama.data.sources import open_source
from ama.decision.metrics import Evaluation
from ama.detectors.ama import AMADetector
from ama.errors import InputError
from ama.io.model_folder import check_writable
from ama.io.results_files import append_result
from ama.io.score_files import write_table
from ama.io.whole_files import write_text
from ama.report.charts import plot_densities
from ama.report.judged_samples import judge
from ama.report.page_builder import build_report
from ama.report.reconstruction_plots import plot_reconstructions


def demo(
    out: str, digit: int, every_digit: bool, append_to: str | None, max_steps: int, random_state: int
) -> None:
    """Leave a digit out, learn the others, flag it; print AUROC and write the model and pictures.

    Raises
    ------
    InputError
        If ``digit`` is not 0 to 9 or ``out`` cannot be written to.
    """
    if digit not in range(10):
        raise InputError(f"--digit must be 0 to 9, found {digit}")
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot write the demo to {out}: {error.strerror or error}") from error
    check_writable(folder / "model")

    print(
        f"Learning scanned digits (8 x 8 pixels) without ever seeing the digit {digit} ...", file=sys.stderr
    )
    detector, split, evaluation = leave_out(digit, random_state, max_steps=max_steps)
    print(f"Trained on {len(split.train)} images of the other nine digits in {detector.fit_seconds_:.0f} s.")
    print(
        f"Tested on {evaluation.n_normal} unseen images of them and {evaluation.n_anomalous} of the digit {digit}:"
    )
    print(f"  AUROC                         {evaluation.auroc}")
    print(f"  average precision             {evaluation.average_precision}")
    print(f"  false alarms at 95 % recall   {evaluation.fpr_at_95_recall}")
    flagged = detector.predict(split.test) < 0
    print(
        f"  at the threshold for {detector.false_alarm_rate:.0%} false alarms it flags "
        f"{flagged[split.anomalous].mean():.0%} of the digit {digit} and "
        f"{flagged[~split.anomalous].mean():.1%} of the others"
    )
    for path in _write(detector, split, digit, folder):
        print(f"wrote {path}")
    print(f"open {folder / 'report.html'} in a browser to see all of it")

    if every_digit:
        _every_digit(
            (digit, evaluation, detector.fit_seconds_, neighbour_auroc(split)),
            append_to,
            random_state,
            max_steps,
        )


Row = tuple[int, Evaluation, float, float]  # digit, metrics, seconds, AUROC of a nearest-neighbour search


def _every_digit(done: Row, append_to: str | None, seed: int, max_steps: int) -> None:
    others = [digit for digit in range(10) if digit != done[0]]
    print("\nLeaving out each of the other digits in turn, two fits at a time ...", file=sys.stderr)
    work = joblib.Parallel(n_jobs=2, return_as="generator_unordered")(
        joblib.delayed(_row)(digit, seed, max_steps) for digit in others
    )
    rows = sorted(
        [done, *tqdm(work, total=len(others), desc="digits", unit="fit", disable=None)],
        key=lambda row: row[0],
    )
    print("\nAUROC with each digit left out       AMA    nearest neighbours on pixels    seconds to fit")
    for digit, evaluation, seconds, neighbours in rows:
        print(
            f"  {digit}                                {evaluation.auroc.value:.4f}   {neighbours:.4f}{seconds:33.0f}"
        )
        if append_to is not None:
            record = {
                "command": "ama demo --every-digit",
                "digit": digit,
                "seed": seed,
                "max_steps": max_steps,
                "metrics": evaluation.as_dict(),
                "fit_seconds": round(seconds, 1),
                "nearest_neighbours_auroc": neighbours,
            }
            append_result(Path(append_to), record)
    mean = np.mean([(evaluation.auroc.value, neighbours) for _, evaluation, _, neighbours in rows], axis=0)
    print(f"  average                          {mean[0]:.4f}   {mean[1]:.4f}")


def _row(digit: int, seed: int, max_steps: int) -> Row:
    detector, split, evaluation = leave_out(digit, seed, progress=False, threads=1, max_steps=max_steps)
    return digit, evaluation, detector.fit_seconds_, neighbour_auroc(split)


def _write(detector: AMADetector, split: DigitSplit, digit: int, folder: Path) -> list[Path]:
    """The model, the scores, pictures and a report."""
    scores = detector.scores(split.test)
    deciding, r = scores.score.numpy(), scores.r_score.numpy()
    reconstructions = detector.reconstruct(split.test)
    groups = {"other digits": ~split.anomalous, f"digit {digit}": split.anomalous}

    detector.save(folder / "model")
    pictures = {
        "reconstructions.png": plot_reconstructions(
            {name: (split.test[mask], reconstructions[mask], deciding[mask]) for name, mask in groups.items()}
        ),
        "r_scores.png": plot_densities(
            {name: r[mask] for name, mask in groups.items()}, "R-score (how badly the critic finds x rebuilt)"
        ),
        "scores.png": plot_densities(
            {name: deciding[mask] for name, mask in groups.items()},
            "score (lower = more unusual)",
            threshold=detector.offset_,
        ),
    }
    for name, figure in pictures.items():
        try:
            figure.savefig(folder / name, dpi=120)
        except OSError as error:
            raise InputError(f"cannot write {folder / name}: {error.strerror or error}") from error
    table = pa.table(
        {
            "anomalous": split.anomalous,
            "r_score": r,
            "score": deciding,
            "anomaly": deciding < detector.offset_,
        }
    )
    write_table(folder / "scores.csv", table.schema, [table])
    samples = open_source(split.test).read()
    labels = np.where(split.anomalous, f"digit {digit}", "other digits")
    judged = judge(detector, [(replace(samples, labels=labels), split.anomalous)])
    title = f"Scanned digits, learned without the digit {digit}"
    named = "a random fifth of the other digits, and all of this one"
    write_text(folder / "report.html", build_report(detector, judged, title, named, str(folder / "model")))
    return [folder / name for name in ("model", *pictures, "scores.csv", "report.html")]
