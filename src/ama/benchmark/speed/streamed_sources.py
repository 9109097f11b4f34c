"""Large Parquet files, and models of such samples, for ``ama benchmark stream``."""

from __future__ import annotations

import io
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jaxtyping import Float
from PIL import Image

from ama.detectors.ama import AMADetector

STEPS = 30  # of the training on images
DISTINCT = 5000  # number of different images, which the file repeats
SIDE = 32
LEARNED_ROWS, COLUMNS = 1000, 20
ROWS = 100_000  # written at a time


def prepare_images(folder: Path, n: int, max_steps: int | None = None) -> float:
    """Write ``n`` colour images, which repeat, and a model of the compact preset after a short fit to some of them.

    Parameters
    ----------
    folder
        Where "samples.parquet" and "model" are written.
    n
        Number of images.
    max_steps
        Training steps, or None for ``STEPS``.

    Returns
    -------
    seconds
        Processor time of the fit.
    """
    random = np.random.default_rng(0)
    coarse = random.integers(0, 256, (DISTINCT, 8, 8, 3), dtype=np.uint8)
    images = [Image.fromarray(x).resize((SIDE, SIDE), Image.Resampling.BILINEAR) for x in coarse]
    _write_images(folder / "samples.parquet", images, n)
    pixels = np.stack([np.asarray(image) for image in images[:500]]).transpose(0, 3, 1, 2)
    steps = STEPS if max_steps is None else max_steps
    detector = AMADetector(preset="compact", max_steps=steps, random_state=0, progress=False, device="cpu")
    return _fitted(detector, np.ascontiguousarray(pixels), folder)


def prepare_rows(folder: Path, n: int, max_steps: int | None = None) -> float:
    """Write ``n`` rows of 20 correlated columns, and a model of the compact preset after a fit to 1,000 such rows.

    Parameters
    ----------
    folder, n
        As in :func:`prepare_images`.
    max_steps
        Training steps, or None for the preset's number.

    Returns
    -------
    seconds
        Processor time of the fit.
    """
    random = np.random.default_rng(0)
    mixing = random.normal(size=(COLUMNS, COLUMNS)) / 4

    def rows(k: int) -> Float[np.ndarray, "k d"]:
        noise = random.normal(size=(2, k, COLUMNS))
        return np.tanh(noise[0] @ mixing) + 0.3 * noise[1]

    names = [f"x{i}" for i in range(COLUMNS)]
    schema = pa.schema([(name, pa.float64()) for name in names])
    with pq.ParquetWriter(folder / "samples.parquet", schema) as writer:
        for start in range(0, n, ROWS):
            columns = dict(zip(names, rows(min(ROWS, n - start)).T, strict=True))
            writer.write_table(pa.table(columns, schema))
    learned = pa.table(dict(zip(names, rows(LEARNED_ROWS).T, strict=True)))
    detector = AMADetector(
        preset="compact", max_steps=max_steps, random_state=0, progress=False, device="cpu"
    )
    return _fitted(detector, learned, folder)


def _fitted(detector: AMADetector, samples: Any, folder: Path) -> float:
    import ama.training.trainer  # noqa: F401  # its import is no part of the fit

    started = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        detector.fit(samples)
    seconds = time.process_time() - started
    detector.save(folder / "model")
    return seconds


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
