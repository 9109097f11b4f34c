"""The ways in which a case is read: the real command line, and Python. Each runs in a process of its own."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.csv

import ama
from ama.cli.main import main
from ama.data.samples import Samples
from ama.data.sources import open_source
from ama.errors import DivergenceError, InputError
from ama.utils.remarks import discard
from fuzz.cases import Case


@dataclass
class Outcome:
    """What became of a case.

    Parameters
    ----------
    status
        The exit status, or the one that an exception stands for.
    told
        Of an accepted case: what was read, as a person wants to know it.
    lines
        What Python was told by warnings and exceptions, as the command line would print it.
    wrong
        Of an accepted case: what is wrong with the result.
    """

    status: int
    told: str = ""
    lines: list[str] = field(default_factory=list)
    wrong: str = ""


def _score(case: Case, here: Path) -> Outcome:
    out = here / "scores.csv"
    status = main(
        ["score", str(case.model), str(case.source), "--out", str(out), "--device", "cpu", *case.options]
    )
    if status:
        return Outcome(status)
    if not out.is_file():
        return Outcome(0, wrong="no file of scores")
    table = pyarrow.csv.read_csv(out)
    return Outcome(
        0,
        f"{table.num_rows} scores",
        wrong=_wrong_scores(table["score"].to_numpy(), table["p_value"].to_numpy()),
    )


def _fit(case: Case, here: Path) -> Outcome:
    steps = [] if "--method" in case.options else ["--max-steps", "2"]
    status = main(
        ["fit", str(case.source), "--out", str(here / "fitted"), *case.options, *steps, "--device", "cpu"]
    )
    if status:
        return Outcome(status)
    try:
        detector = ama.load(here / "fitted")
    except Exception as error:
        return Outcome(0, wrong=f"a saved model that does not load: {type(error).__name__}: {error}")
    return Outcome(
        0,
        detector.learned_from_,
        wrong="" if np.isfinite(detector.offset_) else f"the threshold {detector.offset_}",
    )


def _open(case: Case, here: Path) -> Outcome:
    return _in_python(case, lambda keywords: _of_samples(open_source(str(case.source), **keywords).read()))


def _describe(case: Case, here: Path) -> Outcome:
    return _in_python(
        case, lambda keywords: _of_samples(next(open_source(str(case.source), **keywords).batches()))
    )


def _predict(case: Case, here: Path) -> Outcome:
    assert case.model is not None
    return _in_python(case, lambda _: _of_scores(ama.load(case.model, "cpu"), str(case.source)))


def _in_python(case: Case, read: Callable[[dict[str, Any]], Outcome]) -> Outcome:
    discard(2)  # libraries in C write there what they think of an image; the command line keeps them off
    keywords: dict[str, Any] = {"strict": "--strict" in case.options}
    if "--label-column" in case.options:
        keywords["label_column"] = case.options[case.options.index("--label-column") + 1]
    with warnings.catch_warnings(record=True) as caught:
        for category in (UserWarning, RuntimeWarning, FutureWarning):
            warnings.simplefilter("always", category)
        try:
            outcome = read(keywords)
        except InputError as error:
            outcome = Outcome(2, lines=[f"ama: {error}"])
        except DivergenceError as error:
            outcome = Outcome(1, lines=[f"ama: {error}"])
    for warning in caught:
        name = "ama: note" if warning.category is UserWarning else warning.category.__name__
        outcome.lines.insert(0, f"{name}: {warning.message}")
    return outcome


def _of_samples(samples: Samples) -> Outcome:
    n, x = len(samples), samples.x
    labels = None if samples.labels is None else [str(label)[:20] for label in samples.labels[:3]]
    told = (
        f"{samples.describe()}, {x.dtype} from {x.min():g} to {x.max():g}; "
        f"ids {[i[:20] for i in samples.ids[:3]]}; labels {labels}"
    )
    if len(x) != n or (samples.labels is not None and len(samples.labels) != n):
        return Outcome(0, told, wrong="ids, labels and samples differ in number")
    lines = [f"ama: note: {note}" for note in samples.notes()]
    return Outcome(0, told, lines, "" if bool(x.isfinite().all()) else "values that are not finite")


def _of_scores(detector: Any, source: str) -> Outcome:
    scores = detector.score_samples(source)
    told = f"{len(scores)} scores: {', '.join(f'{s:.4g}' for s in scores[:3])}"
    wrong = "" if np.isfinite(detector.offset_) else f"the threshold {detector.offset_}"
    return Outcome(0, told, wrong=wrong or _wrong_scores(scores, detector.p_value(source)))


def _wrong_scores(scores: np.ndarray, p_values: np.ndarray) -> str:
    if not len(scores):
        return "no scores"
    if not np.isfinite(scores.astype(float)).all():
        return "scores that are not finite"
    return (
        ""
        if ((p_values > 0) & (p_values <= 1)).all()
        else f"p-values from {p_values.min()} to {p_values.max()}"
    )


DOORS: dict[str, Callable[[Case, Path], Outcome]] = {
    "score": _score, "fit": _fit, "open": _open, "describe": _describe, "predict": _predict, "load": _predict,
}  # fmt: skip
