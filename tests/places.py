"""Small files of every kind that a command can be given, and how they are read back."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from PIL import Image

SMALL = [
    *("--max-steps", "8", "--batch-size", "16", "--held-out", "0.5", "--latent-dim", "4"),
    *("--encoder-width", "4", "--generator-width", "4", "--discriminator-width", "4"),
]


COLUMNS = ["id", "r_score", "a_score", "score", "p_value", "anomaly"]


CLASSES = ("cat", "dog", "fox")


EACH = 40


def picture(kind: str, random: np.random.Generator) -> np.ndarray:
    """Cats are bright above, dogs bright on the left, foxes nothing but noise; 8 x 8 grey pixels."""
    ramp = np.linspace(220, 40, 8)
    base = {"cat": ramp[:, None], "dog": ramp[None, :], "fox": random.uniform(0, 255, (8, 8))}[kind]
    return np.clip(base + random.normal(0, 10, (8, 8)), 0, 255).astype(np.uint8)


def png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="PNG")
    return file.getvalue()


def read(path: Path) -> pa.Table:
    return pq.read_table(path) if path.suffix == ".parquet" else pa.csv.read_csv(path)


def weights(folder: Path | str) -> bytes:
    return (Path(folder) / "weights.safetensors").read_bytes()


def write(folder: Path, pictures: dict[str, np.ndarray | str]) -> Path:
    folder.mkdir()
    for name, pixels in pictures.items():
        if isinstance(pixels, str):
            (folder / name).write_text(pixels)
        else:
            Image.fromarray(pixels).save(folder / name)
    return folder


def noise(n: int, side: int = 8) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    return {f"{i:02}.png": random.integers(0, 256, (side, side), dtype=np.uint8) for i in range(n)}


def refused(result: tuple[int, str, str], sentence: str) -> bool:
    """Whether a command ended with status 2, nothing on standard output, and the sentence as its last line."""
    status, output, errors = result
    *remarks, last = errors.splitlines()
    assert (status, output) == (2, ""), result
    assert all(line.startswith(("ama: learning from", "ama: note: ", "ama: skipped")) for line in remarks), (
        errors
    )
    assert re.fullmatch(f"ama: {sentence}", last), errors
    return True


def payments(n: int, seed: int = 0) -> pd.DataFrame:
    """Payments as a bank has them: numbers of which some are missing, text of few and of many kinds, dates."""
    random = np.random.default_rng(seed)
    country = random.choice(["AT", "DE", "CH"], n, p=[0.6, 0.3, 0.1])
    amount = np.round(np.exp(random.normal(3, 1, n)), 2)
    seconds = random.integers(0, 600 * 86_400, n)
    return pd.DataFrame(
        {
            "amount": amount,
            "balance": np.where(random.random(n) < 0.03, np.nan, 50 * amount + random.normal(0, 9, n)),
            "country": np.where(random.random(n) < 0.03, None, country),
            "shop": [f"shop {i}" for i in np.minimum(random.zipf(1.6, n), 80)],
            "when": pd.Timestamp("2024-01-01") + pd.to_timedelta(seconds, unit="s"),
            "online": random.random(n) < 0.3,
        }
    )
