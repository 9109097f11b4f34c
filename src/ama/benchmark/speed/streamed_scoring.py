"""``ama benchmark stream``: score a large Parquet file, and measure memory and whether the speed stays constant."""

from __future__ import annotations

import io
import multiprocessing
import resource
import tempfile
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from ama.detectors.ama import AMADetector
from ama.detectors.registry import load
from ama.detectors.score_tables import score_schema, score_table
from ama.errors import InputError
from ama.io.results_files import append_result
from ama.io.score_files import write_table
from ama.training.memory import freed_memory_kept

FEWEST = 10_000  # images, so that the first tenth can be compared with the last
DISTINCT = 5000  # number of different images, which the file repeats
SIDE = 32


class Timing(NamedTuple):
    """When the scores of each chunk were written."""

    started: float  # seconds on the clock before the model is loaded
    clock: list[float]  # when the source was open, then after each chunk
    sizes: list[int]  # images in each chunk


@freed_memory_kept()
def streamed_scoring(n: int, append_to: str | None) -> dict[str, int | float]:
    """Score ``n`` colour images of 32 x 32 pixels from a Parquet file of PNGs; print speed and memory.

    Parameters
    ----------
    n
        Number of images, at least ``FEWEST``.
    append_to
        Results file to which the result is appended, or None.

    Raises
    ------
    InputError
        If there are fewer images.
    """
    if n < FEWEST:
        raise InputError(f"--n must be a whole number of at least {FEWEST}, found {n}")
    with tempfile.TemporaryDirectory() as name:
        # In another process, so that the preparation does not count in this one's peak memory.
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            pool.submit(_prepare, Path(name), n).result()
        timing = _score(Path(name), n)
    clock = timing.clock
    rates = np.array(timing.sizes) / np.diff(clock)
    tenth = len(rates) // 10
    found: dict[str, int | float] = {
        "images": n,
        "seconds_to_open": round(clock[0] - timing.started, 2),
        "seconds_to_score": round(clock[-1] - clock[0], 2),
        "images_per_second": round(n / (clock[-1] - clock[0])),
        "first_tenth_images_per_second": round(float(np.median(rates[:tenth]))),
        "last_tenth_images_per_second": round(float(np.median(rates[-tenth:]))),
        "peak_resident_gib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 3),
    }
    for key, value in found.items():
        print(f"{key.replace('_', ' '):32}{value:,}")
    if append_to is not None:
        append_result(
            Path(append_to), {"command": f"ama benchmark stream --n {n}", "kind": "stream", **found}
        )
    return found


def _score(folder: Path, n: int) -> Timing:
    started = time.perf_counter()
    detector = load(folder / "model", "cpu")
    source = detector.open(folder / "images.parquet")
    clock, sizes = [time.perf_counter()], []

    def timed() -> Iterator[pa.Table]:
        for samples in source.batches():
            yield (table := score_table(detector, samples))
            clock.append(time.perf_counter())
            sizes.append(len(table))

    rows = write_table(folder / "scores.parquet", score_schema(detector), timed())
    assert rows == n == pq.ParquetFile(folder / "scores.parquet").metadata.num_rows
    return Timing(started, clock, sizes)


def _prepare(folder: Path, n: int) -> None:
    """Write the file of images, and a model after a short fit to some of them."""
    random = np.random.default_rng(0)
    coarse = random.integers(0, 256, (DISTINCT, 8, 8, 3), dtype=np.uint8)
    images = [Image.fromarray(x).resize((SIDE, SIDE), Image.Resampling.BILINEAR) for x in coarse]
    _write_images(folder / "images.parquet", images, n)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pixels = np.stack([np.asarray(image) for image in images[:500]]).transpose(0, 3, 1, 2)
        detector = AMADetector(
            preset="compact",
            scoring="latent_density",
            max_steps=30,
            random_state=0,
            progress=False,
            device="cpu",
        )
        detector.fit(np.ascontiguousarray(pixels)).save(folder / "model")


def _write_images(path: Path, images: list[Image.Image], n: int) -> None:
    """Write ``n`` rows, in which the images repeat."""
    encoded = []
    for image in images:
        buffer = io.BytesIO()
        image.save(buffer, "PNG")
        encoded.append(buffer.getvalue())
    kind = pa.struct({"bytes": pa.binary(), "path": pa.string()})
    schema = pa.schema({"image": kind})
    with pq.ParquetWriter(path, schema) as writer:
        for start in range(0, n, len(images)):
            numbers = range(start, min(start + len(images), n))
            rows = [{"bytes": encoded[i % len(images)], "path": f"{i}.png"} for i in numbers]
            writer.write_table(pa.table({"image": pa.array(rows, kind)}, schema))
