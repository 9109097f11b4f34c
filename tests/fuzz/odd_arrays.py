"""Arrays in files whose types, axes and values a reader may not expect."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np

from fuzz.nasty_values import NUMBERS, TEXTS
from fuzz.seed_tables import image_array, row_array

TYPES = (
    "f2",
    "f4",
    "f8",
    ">f8",
    "g",
    "i1",
    "u2",
    "i8",
    "u8",
    "?",
    "c8",
    "S4",
    "U4",
    "M8[s]",
    "m8[s]",
    "O",
    "V8",
)
SHAPES = ((0,), (0, 5), (77, 0), (385,), (), (1, 5), (77, 5, 1), (12, 16, 16), (12, 16, 16, 3), (12, 3, 16, 16),
          (12, 16, 16, 13), (16, 16, 3), (2, 1, 1, 1), (12, 2, 16, 16), (3, 3, 3, 3), (1, 2, 2, 4, 4), (12,
          300, 300))  # fmt: skip


def _array(rng: random.Random) -> tuple[np.ndarray, str]:
    seed = rng.randrange(1000)
    choice = rng.choice(("values", "values", "type", "shape"))
    if choice == "values":
        array = rng.choice((row_array(seed), image_array(seed) / 255)).copy()
        value, places = rng.choice(NUMBERS), rng.choice(("one", "a column", "all"))
        array[{"one": (3, 2), "a column": (slice(None), 1), "all": ...}[places]] = value
        return array, f"{value} in {places} of {array.shape}"
    if choice == "type":
        kind = rng.choice(TYPES)
        array = np.abs(row_array(seed) if rng.random() < 0.6 else image_array(seed))
        return array.astype("f8").astype("i8").astype(kind), f"{array.shape} of type {kind}"
    shape, scale = rng.choice(SHAPES), rng.choice((1, 255, 300))
    array = np.random.default_rng(seed).random(shape) * scale
    kind = rng.choice(("f4", "u1", "i4"))
    return np.asarray(array).astype(kind), f"{shape} up to {scale} of type {kind}"


def odd_array(rng: random.Random, folder: Path) -> str:
    """An .npy or an .npz file."""
    array, said = _array(rng)
    if rng.random() < 0.6:
        np.save(folder / "x.npy", array, allow_pickle=True)
        return f".npy, {said}"
    keys = rng.choice(
        (
            ("X",),
            ("X", "y"),
            ("x", "labels"),
            ("a", "b"),
            ("y",),
            (),
            ("images", "data", "y"),
            ("\udc80", "X"),
        )
    )
    keys = tuple(
        rng.choice(TEXTS[:-1]).replace("\udc80", "") or "X" if rng.random() < 0.1 else key for key in keys
    )
    arrays = {key: array for key in keys if key.isprintable()}
    labels = rng.choice((np.zeros(3), np.array(1), np.array(["é"] * len(np.atleast_1d(array))), np.full(77, np.nan),
                         np.arange(77), np.zeros((77, 2)), np.array([None] * 77)))  # fmt: skip
    arrays.update({key: labels for key in ("y", "labels") if key in keys})
    np.savez(folder / "x.npz", **arrays)
    return f".npz of {', '.join(arrays)}: {said}; labels {labels.dtype} {labels.shape}"
