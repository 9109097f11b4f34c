"""``ama benchmark ray``: scores by two Ray workers, of which one is killed, against those of one process."""

from __future__ import annotations

import io
import os
import signal
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image
from sklearn.datasets import load_digits

from ama.detectors.ama import AMADetector
from ama.detectors.base import Detector
from ama.detectors.registry import load
from ama.detectors.score_tables import score_schema, score_table
from ama.distributed.ray_scores import RayScores
from ama.distributed.ray_session import LOCAL, ray_session
from ama.errors import ClusterError, InputError
from ama.io.results_files import append_result
from ama.io.score_files import write_table
from ama.utils.progress import progress_bar

WORKERS, NOISE = 2, 9  # the latter is the largest change of a grey value
WORKER = "MapWorker"  # in the title of the process of an actor of Ray Data


def ray_equality(append_to: str | None, n_images: int, n_files: int) -> dict[str, Any]:
    """Score noisy digits in Parquet files with one process and by Ray, and print whether the rows are the same.

    One of the workers gets SIGKILL when half of the rows are there.

    Parameters
    ----------
    append_to
        Results file to which a line is appended, or None.
    n_images, n_files
        Number of images in all, and of Parquet files.

    Raises
    ------
    InputError
        If there are more files than images.
    """
    if n_files > n_images:
        raise InputError(f"--files must be at most the number of images, {n_images}, found {n_files}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _prepare(folder, n_images, n_files)
        detector = load(folder / "model", "cpu")
        seconds = _one_process(detector, folder)
        seconds_by_ray, killed = _by_ray(detector, folder, n_images)
        found = {
            "command": f"ama benchmark ray --n {n_images} --files {n_files}",
            "images": n_images,
            "files": n_files,
            "workers": WORKERS,
            "killed": killed,
            **compared(pq.read_table(folder / "one.parquet"), pq.read_table(folder / "ray.parquet")),
            "seconds_one_process": round(seconds, 1),
            "seconds_ray": round(seconds_by_ray, 1),
        }
    for key, value in found.items():
        print(f"{key.replace('_', ' '):24}{value}")
    if append_to is not None:
        append_result(Path(append_to), found)
    return found


def compared(expected: pa.Table, found: pa.Table) -> dict[str, Any]:
    """How many rows are lost or doubled, and whether all are equal bit for bit, as sets and in their order."""
    expected_ids, ids = expected["id"].to_pylist(), found["id"].to_pylist()
    by_id = [table.sort_by("id").combine_chunks() for table in (expected, found)]
    return {
        "lost": len(set(expected_ids) - set(ids)),
        "doubled": len(ids) - len(set(ids)),
        "equal": by_id[0].equals(by_id[1]),
        "same_order": expected.equals(found),
    }


def _prepare(folder: Path, n_images: int, n_files: int) -> None:
    """Write the model of a short fit, and files of digits with noise, each with its own id."""
    digits = np.round(load_digits().data * (255 / 16)).astype(np.uint8).reshape(-1, 8, 8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        detector = AMADetector(max_steps=20, random_state=0, device="cpu", progress=False)
        detector.fit(digits[:600]).save(folder / "model")
    (folder / "images").mkdir()
    random = np.random.default_rng(0)
    kind = pa.struct({"bytes": pa.binary(), "path": pa.string()})
    bounds = np.linspace(0, n_images, n_files + 1).astype(int)
    for i in progress_bar(iterable=range(n_files), desc="images", unit="file"):
        rows = []
        for k in range(bounds[i], bounds[i + 1]):
            noisy = digits[k % len(digits)].astype(int) + random.integers(-NOISE, NOISE + 1, (8, 8))
            file = io.BytesIO()
            Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(file, "PNG")
            rows.append({"bytes": file.getvalue(), "path": f"{k}.png"})
        pq.write_table(pa.table({"image": pa.array(rows, kind)}), folder / "images" / f"{i:05}.parquet")


def _one_process(detector: Detector, folder: Path) -> float:
    """Write the scores as ``ama score`` does; returns the seconds."""
    started = time.monotonic()
    source = detector.open(folder / "images")
    tables = (score_table(detector, samples) for samples in source.batches())
    with progress_bar(total=len(source), desc="one process", unit="image") as bar:
        write_table(folder / "one.parquet", score_schema(detector), _counted(tables, bar))
    return time.monotonic() - started


def _by_ray(detector: Detector, folder: Path, n_images: int) -> tuple[float, int]:
    """The same by Ray; returns the seconds, with the start of Ray, and the number of workers that were killed."""
    started, killed = time.monotonic(), 0

    def tables(scores: RayScores) -> Iterator[pa.Table]:
        nonlocal killed
        n = 0
        source = detector.open(folder / "images", surveying=scores.survey)
        for chunk in scores.scores(source):
            if chunk.refused:
                raise ClusterError(chunk.refused)
            if chunk.table is not None:
                yield chunk.table
                n += len(chunk.table)
            if not killed and n >= n_images // 2:
                os.kill(_workers()[0], signal.SIGKILL)
                killed = 1

    with ray_session(LOCAL, WORKERS), progress_bar(total=n_images, desc="Ray", unit="image") as bar:
        scored = tables(RayScores(detector, "cpu", WORKERS))
        write_table(folder / "ray.parquet", score_schema(detector), _counted(scored, bar))
    return time.monotonic() - started, killed


def _counted(tables: Iterator[pa.Table], bar: Any) -> Iterator[pa.Table]:
    for table in tables:
        yield table
        bar.update(len(table))


def _workers() -> list[int]:
    """Processes of Ray's actors below this one; needs /proc."""
    parents: dict[int, int] = {}
    titles: dict[int, str] = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(place.name)] = int((place / "stat").read_text().rpartition(")")[2].split()[1])
            titles[int(place.name)] = (place / "cmdline").read_text()
        except OSError:  # it has ended
            continue
    below = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in below} - below:
        below |= more
    if not (found := sorted(pid for pid in below if WORKER in titles.get(pid, ""))):
        raise ClusterError("there is no Ray worker to kill")
    return found
