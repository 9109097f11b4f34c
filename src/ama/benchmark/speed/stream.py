"""``ama benchmark stream``: a large Parquet file, scored in constant memory and at a constant rate."""

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

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from ama.cli.score_table import score_schema, score_tables
from ama.detectors.ama import AMADetector
from ama.detectors.registry import load
from ama.io.results_files import append_result
from ama.io.score_files import write_table
from ama.training.memory import freed_memory_kept

DISTINCT = 5000  # different images; the file repeats them
SIDE = 32


@freed_memory_kept()
def stream(n: int, append_to: str | None) -> dict[str, float]:
    """Score ``n`` colour images of 32 x 32 from a Parquet file of PNGs; print speed and memory.

    Parameters
    ----------
    n
        Number of images, at least 20,000, so that beginning and end can be told apart.
    append_to
        Results file, or None.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # In a process of its own: what preparing takes is not what scoring takes.
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            pool.submit(_prepare, folder, n).result()
        started = time.perf_counter()
        detector = load(folder / "model", "cpu")
        source = detector.open(folder / "images.parquet")
        opened = time.perf_counter()
        clock = [opened]
        sizes: list[int] = []

        def clocked() -> Iterator[pa.Table]:
            for table in score_tables(detector, source):
                yield table
                clock.append(time.perf_counter())
                sizes.append(len(table))

        rows = write_table(folder / "scores.parquet", score_schema(detector), clocked())
        assert rows == n == pq.ParquetFile(folder / "scores.parquet").metadata.num_rows
    rates = np.array(sizes) / np.diff(clock)
    tenth = len(rates) // 10
    found = {
        "images": n,
        "seconds_to_open": round(opened - started, 2),
        "seconds_to_score": round(clock[-1] - opened, 2),
        "images_per_second": round(n / (clock[-1] - opened)),
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


def _prepare(folder: Path, n: int) -> None:
    """A model of a short fit, and the file of images."""
    random = np.random.default_rng(0)
    coarse = random.integers(0, 256, (DISTINCT, 8, 8, 3), dtype=np.uint8)
    images = [Image.fromarray(x).resize((SIDE, SIDE), Image.Resampling.BILINEAR) for x in coarse]
    encoded = []
    for image in images:
        buffer = io.BytesIO()
        image.save(buffer, "PNG")
        encoded.append(buffer.getvalue())
    kind = pa.struct({"bytes": pa.binary(), "path": pa.string()})
    schema = pa.schema({"image": kind})
    with pq.ParquetWriter(folder / "images.parquet", schema) as writer:
        for start in range(0, n, DISTINCT):
            numbers = range(start, min(start + DISTINCT, n))
            rows = [{"bytes": encoded[i % DISTINCT], "path": f"{i}.png"} for i in numbers]
            writer.write_table(pa.table({"image": pa.array(rows, kind)}, schema))
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
