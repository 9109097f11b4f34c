"""A small set of photographs in MVTec's layout."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from image_files import save

SIZE = (48, 64)
N_TRAIN, N_GOOD, N_SPOTS = 20, 6, 8


def plain(seed: int) -> np.ndarray:
    """A grey ramp with a little noise, in colours."""
    ramp = np.linspace(60, 180, SIZE[1])[None, :, None]
    return np.clip(ramp + np.random.default_rng(seed).normal(0, 4, (*SIZE, 3)), 0, 255).astype(np.uint8)


def write_inspection_set(folder: Path) -> Path:
    """Write train/good, test/good, test/spot with a white square at different places, and the masks."""
    for i in range(N_TRAIN):
        save(folder / "train" / "good" / f"{i:03}.png", plain(i))
    for i in range(N_GOOD):
        save(folder / "test" / "good" / f"{i:03}.png", plain(100 + i))
    for i in range(N_SPOTS):
        image, mask = plain(200 + i), np.zeros(SIZE, dtype=np.uint8)
        place = slice(4 + 3 * i, 16 + 3 * i), slice(40 - 3 * i, 52 - 3 * i)
        image[place], mask[place] = np.random.default_rng(i).integers(0, 256, (12, 12, 3)), 255
        save(folder / "test" / "spot" / f"{i:03}.png", image)
        save(folder / "ground_truth" / "spot" / f"{i:03}_mask.png", mask)
    return folder
