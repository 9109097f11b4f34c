"""``ama benchmark export``: exported detectors beside those in memory, on samples that neither has seen."""

from __future__ import annotations

import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnxruntime
from jaxtyping import Float, Shaped
from sklearn.datasets import load_breast_cancer, load_digits, load_sample_images

from ama.benchmark.selected_names import selected
from ama.detectors.ama import AMADetector
from ama.io.results_files import append_result
from ama.utils.progress import progress_bar

COMMAND = "ama benchmark export"
LEARNED, COMPARED = 600, 300  # samples of a fit, and of the comparison at the export
BATCHES = {1: 64, 7: 700, 256: 10_000}  # samples that are scored in batches of a size, at most
SPLITS, RATE = 20, 0.1
ALL_OF_IMAGES = "r_score+a_score+latent_density+mahalanobis+memory_bank+rotated_memory_bank+rotation"
ALL_OF_ROWS = (
    "r_score+a_score+latent_density+mahalanobis+memory_bank+nearest_rows+local_nearest_rows+row_density"
    "+symmetric_nearest_rows+symmetric_row_density+noise_level"
)
ALL_OF_PLACES = "r_score+mahalanobis+nearest_rows+nearest_places+place_densities"
FEW, SHORT = 1000, {"max_steps": 3, "batch_size": 8}

Draw = Callable[[int, np.random.Generator], Shaped[np.ndarray, "n ..."]]
Result = dict[str, Any]


class Case(NamedTuple):
    """A detector, and the samples of which it is made and on which it is compared."""

    samples: Draw
    given: dict[str, Any] = {}  # noqa: RUF012  # never changed
    n: int = 10_000  # compared
    maps: bool = False
    known: int = 0  # known anomalies: learned images upside down


def grey(n: int, random: np.random.Generator) -> Shaped[np.ndarray, "n 1 8 8"]:
    """Digits, with more and more noise."""
    chosen = load_digits().images[random.permutation(n) % 1797] * (255 / 16)
    noise = random.normal(size=chosen.shape) * np.linspace(0, 60, n)[:, None, None]
    return np.round(chosen + noise).clip(0, 255).astype(np.uint8)[:, None]


def floating(n: int, random: np.random.Generator) -> Float[np.ndarray, "n 1 8 8"]:
    """The same in [0, 1]."""
    return grey(n, random).astype(np.float32) / 255


def crops(height: int, width: int) -> Draw:
    """Random parts of a photograph of a temple."""

    def draw(n: int, random: np.random.Generator) -> Shaped[np.ndarray, "n 3 h w"]:
        photo = load_sample_images().images[0].transpose(2, 0, 1)
        rows, columns = (
            random.integers(0, side - own, n)
            for side, own in zip(photo.shape[1:], (height, width), strict=True)
        )
        return np.stack([photo[:, i : i + height, j : j + width] for i, j in zip(rows, columns, strict=True)])

    return draw


def table(n: int, random: np.random.Generator) -> Float[np.ndarray, "n 30"]:
    """Rows of the table of breast cancers, with more and more noise."""
    rows = load_breast_cancer().data
    noise = random.normal(size=(n, rows.shape[1])) * np.linspace(0, 1, n)[:, None]
    return rows[random.permutation(n) % len(rows)] + noise * rows.std(0)


CASES = {
    "digits": Case(grey, maps=True),
    "table": Case(table),
    "colour": Case(crops(16, 12), maps=True),
    "tiles": Case(crops(32, 24), {"tile_size": 16}, FEW, maps=True),
    "digits, every term": Case(grey, {"scoring": ALL_OF_IMAGES}, FEW),
    "table, every term": Case(table, {"scoring": ALL_OF_ROWS}, FEW),
    "digits, paper": Case(grey, {"preset": "paper", **SHORT}, FEW),
    "digits, authors": Case(grey, {"preset": "authors", **SHORT}, FEW),
    "table, paper": Case(table, {"preset": "paper", "max_steps": 20}, FEW),
    "digits, known anomalies": Case(grey, {}, FEW, known=20),
    "digits in [0, 1]": Case(floating, {}, FEW),
    "digits in bfloat16": Case(grey, {"scoring_precision": "bfloat16"}),
    "lite0": Case(crops(64, 48), {"features": "lite0"}, 300, maps=True),
    "lite0, places": Case(crops(160, 128), {"features": "lite0", "scoring": ALL_OF_PLACES}, 100),
    "lite0, tiles": Case(crops(160, 128), {"features": "lite0", "tile_size": 96}, 50, maps=True),
    "lite0, maps": Case(crops(64, 48), {"features": "lite0", "features_as": "maps", **SHORT}, 300),
}
FALSE_ALARMS = "false alarms"


def exported_scores(append_to: str | None, only: str | None) -> None:
    """Print how the scores, p-values and labels of exported detectors differ from those in memory.

    Parameters
    ----------
    append_to
        Results file to which a line per detector is appended, or None.
    only
        Measure only what has this text in its name.

    Raises
    ------
    InputError
        If nothing has.
    """
    names = selected((*CASES, FALSE_ALARMS), only)
    for name in progress_bar(iterable=names, desc="export", unit="detector"):
        record = false_alarms() if name == FALSE_ALARMS else measured(name, CASES[name])
        print(f"{name}: {as_text(record)}", flush=True)
        if append_to is not None:
            append_result(Path(append_to), record)


def as_text(record: Result) -> str:
    """A record in a line."""
    if record["kind"] == FALSE_ALARMS:
        return (
            f"{record['mean']:.4f} of normal samples flagged, standard error {record['standard_error']:.4f}"
        )
    return (
        f"scores differ by {record['difference']:.1e} of 1 + their size, bound {record['bound']:.1e}; of "
        f"{record['samples']:,} samples {record['smaller']} have a smaller p-value, {record['labels']} another label"
    )


def measured(name: str, case: Case, seed: int = 0) -> Result:
    """A detector beside its file, as a record."""
    started = time.monotonic()
    x = case.samples(LEARNED + COMPARED + case.n, np.random.default_rng(seed))
    order = np.random.default_rng(seed).permutation(len(x))
    learned, compared, new = np.split(x[order], [LEARNED, LEARNED + COMPARED])
    given = {"max_steps": 30, "scoring_precision": "float32", "held_out": 0.3, **case.given}
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        y = np.repeat([1, -1], [len(learned), case.known])
        samples = np.concatenate([learned, learned[: case.known, :, ::-1]]) if case.known else learned
        detector = AMADetector(**given, random_state=seed, progress=False).fit(samples, y)
        path = Path(folder) / "model.onnx"
        exported = detector.export(path, X=compared, terms=True, maps=case.maps)
        found = _differences(detector.score_in_float32(), path, new, case.maps)
    return {
        "command": COMMAND,
        "kind": name,
        "preset": detector.preset,
        "score": detector.score_weights() or detector.score_name(),
        "calibration_samples": len(detector.model_.calibration),
        "compared_at_export": exported.n_compared,
        "difference_at_export": exported.difference,
        "bound": exported.bound,
        "samples": len(new),
        **found,
        "onnxruntime": onnxruntime.__version__,
        "versions": detector.versions_,
        "seconds": round(time.monotonic() - started, 1),
    }


def _differences(detector: AMADetector, path: Path, x: Shaped[np.ndarray, "n ..."], with_map: bool) -> Result:
    """In batches of every size: the largest difference of a score and of a term, p-values and labels that differ."""
    score, terms = detector.scores(x)
    expected = score.numpy()
    p_value, flagged = detector.p_value(x), detector.predict(x) == -1
    smaller, labels = np.zeros(len(x), bool), np.zeros(len(x), bool)
    largest, of_terms = 0.0, dict.fromkeys(terms, 0.0)
    for size, n in BATCHES.items():
        found = run(path, x[:n], size, ["score", "p_value", "anomaly", *terms])
        here = slice(len(found["score"]))
        gap = np.abs(found["score"] - expected[here]) / (1 + np.abs(expected[here]))
        largest = max(largest, float(gap.max()))
        for name, values in terms.items():
            of_terms[name] = max(of_terms[name], float(np.abs(found[name] - values.numpy()[here]).max()))
        smaller[here] |= found["p_value"] < p_value[here]
        labels[here] |= found["anomaly"] != flagged[here]
    return {
        "batches": list(BATCHES),
        "difference": largest,
        "smaller": int(smaller.sum()),
        "labels": int(labels.sum()),
        "terms": of_terms,
        **(_of_map(detector, path, x[:32]) if with_map else {}),
    }


def _of_map(detector: AMADetector, path: Path, x: Shaped[np.ndarray, "n ..."]) -> Result:
    expected = detector.anomaly_map(x)
    gap = np.abs(run(path, x, 7, ["map"])["map"] - expected).max()
    return {"map_difference": float(gap), "map_maximum": float(expected.max())}


def run(
    path: Path, x: Shaped[np.ndarray, "n ..."], size: int, names: list[str]
) -> dict[str, Shaped[np.ndarray, "n ..."]]:
    """Outputs of a file for samples in batches of a size."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    parts = [session.run(names, {"x": x[i : i + size]}) for i in range(0, len(x), size)]
    return {name: np.concatenate(part) for name, part in zip(names, zip(*parts, strict=True), strict=True)}


def false_alarms(n_splits: int = SPLITS) -> Result:
    """The share of new digits that exported detectors flag at a rate of 10 %, over splits, as a record."""
    started, images = time.monotonic(), np.round(load_digits().images * (255 / 16)).astype(np.uint8)[:, None]
    shares = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        for seed in progress_bar(iterable=range(n_splits), desc="splits", unit="split"):
            order = np.random.default_rng(seed).permutation(len(images))
            learned, new = images[order[:LEARNED]], images[order[LEARNED:]]
            detector = AMADetector(
                max_steps=10, false_alarm_rate=RATE, held_out=0.3, scoring="r_score+mahalanobis",
                scoring_precision="float32", random_state=seed, progress=False,
            ).fit(learned)  # fmt: skip
            detector.export(path)
            shares.append(float(run(path, new, 256, ["anomaly"])["anomaly"].mean()))
    return {
        "command": COMMAND,
        "kind": FALSE_ALARMS,
        "rate": RATE,
        "splits": n_splits,
        "tested": len(images) - LEARNED,
        "mean": float(np.mean(shares)),
        "standard_error": float(np.std(shares, ddof=1) / n_splits**0.5),
        "shares": shares,
        "seconds": round(time.monotonic() - started, 1),
    }
