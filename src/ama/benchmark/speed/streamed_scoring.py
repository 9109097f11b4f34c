"""``ama benchmark stream``: score a large Parquet file, and measure memory and whether the speed stays constant."""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch

from ama.benchmark.peak_memory import peak_gib
from ama.benchmark.speed.streamed_sources import prepare_images, prepare_rows
from ama.detectors.registry import load
from ama.detectors.score_tables import score_schema, score_table
from ama.errors import InputError
from ama.io.results_files import append_result
from ama.io.score_files import write_table
from ama.training.memory import freed_memory_kept

# So that the first tenth of the batches can be compared with the last.
FEWEST = {"images": 10_000, "rows": 40_000}


class Timing(NamedTuple):
    """When the scores of each chunk were written."""

    started: float  # seconds on the clock before the model is loaded
    clock: list[float]  # when the source was open, then after each chunk
    sizes: list[int]  # samples in each chunk


@freed_memory_kept()
def streamed_scoring(
    n: int, append_to: str | None, rows: bool = False, max_steps: int | None = None
) -> dict[str, int | float]:
    """Score a Parquet file of ``n`` samples by a model of such; print speed and memory.

    Parameters
    ----------
    n
        Number of samples, at least that of ``FEWEST``.
    append_to
        Results file to which the result is appended, or None.
    rows
        Whether they are rows of 20 columns in place of colour images of 32 x 32 pixels. Models are of the compact
        preset.
    max_steps
        Training steps of the model, or None for those of :mod:`ama.benchmark.speed.streamed_sources`.

    Raises
    ------
    InputError
        If there are fewer samples.
    """
    what = "rows" if rows else "images"
    if n < FEWEST[what]:
        raise InputError(f"--n must be a whole number of at least {FEWEST[what]}, found {n}")
    fit_seconds, timing = _prepared_and_scored(n, rows, max_steps)
    clock = timing.clock
    rates = np.array(timing.sizes) / np.diff(clock)
    tenth = len(rates) // 10
    found: dict[str, int | float] = {
        what: n,
        "processor_seconds_of_the_fit": round(fit_seconds, 2),
        "seconds_to_open": round(clock[0] - timing.started, 2),
        "seconds_to_score": round(clock[-1] - clock[0], 2),
        f"{what}_per_second": round(n / (clock[-1] - clock[0])),
        f"first_tenth_{what}_per_second": round(float(np.median(rates[:tenth]))),
        f"last_tenth_{what}_per_second": round(float(np.median(rates[-tenth:]))),
        "peak_resident_gib": round(peak_gib(), 3),
        "threads": torch.get_num_threads(),
    }
    for key, value in found.items():
        print(f"{key.replace('_', ' '):32}{value:,}")
    if append_to is not None:
        command = f"ama benchmark stream --n {n}{' --rows' if rows else ''}"
        append_result(Path(append_to), {"command": command, "kind": "stream", **found})
    return found


def _prepared_and_scored(n: int, rows: bool, max_steps: int | None) -> tuple[float, Timing]:
    with tempfile.TemporaryDirectory() as name:
        # In another process, so that the preparation does not count in this one's peak memory.
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            prepare = prepare_rows if rows else prepare_images
            fit_seconds = pool.submit(prepare, Path(name), n, max_steps).result()
        return fit_seconds, _score(Path(name), n)


def _score(folder: Path, n: int) -> Timing:
    started = time.perf_counter()
    detector = load(folder / "model", "cpu")
    source = detector.open(folder / "samples.parquet")
    clock, sizes = [time.perf_counter()], []

    def timed() -> Iterator[pa.Table]:
        for samples in source.batches():
            yield (table := score_table(detector, samples))
            clock.append(time.perf_counter())
            sizes.append(len(table))

    written = write_table(folder / "scores.parquet", score_schema(detector), timed())
    assert written == n == pq.ParquetFile(folder / "scores.parquet").metadata.num_rows
    return Timing(started, clock, sizes)
