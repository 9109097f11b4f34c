"""``ama benchmark scratches``: is a small scratch in a large photograph found with tiles, and without?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from scipy.ndimage import gaussian_filter, zoom
from sklearn.metrics import roc_auc_score
from torch import Tensor
from torch.nn import functional as F

from ama.detectors.ama import AMADetector
from ama.io.results_files import append_result
from ama.report.figure import NotebookFigure
from ama.scores.kinds.featured_kind import WORKING_SIDE

HEIGHT, WIDTH = 1500, 2000  # pixels of a photograph
LENGTH, THICKNESS, CONTRAST = 60, 3, 16  # of a scratch: pixels, and grey levels above the metal
LEARNED, JUDGED = 60, 10  # photographs; as many are judged with a scratch as without
HELD_OUT, RATE = 0.5, 0.1
MARGIN, NEAR = 100, 64  # pixels from the edge; from the scratch to the highest place of the map
SHOWN = 240  # pixels around a scratch in the picture


def scratches(out: str, append_to: str | None) -> Path:
    """Learn photographs of brushed metal in tiles and reduced, print what each finds, and draw the first scratch.

    Parameters
    ----------
    out
        Folder for the picture.
    append_to
        Results file to which a line for each is appended, or None.

    Returns
    -------
    Path
        The picture.
    """
    random = np.random.default_rng(0)
    learned, clean = (torch.stack([brushed_metal(random) for _ in range(n)]) for n in (LEARNED, JUDGED))
    scratched, places = scratched_photos(clean, random)
    maps: dict[str, Float[np.ndarray, "h w"]] = {}
    print("                 AUROC   false alarms   found   map's highest place at the scratch")
    for name, tile_size in (("reduced to 512", 0), ("tiles of 512", WORKING_SIDE)):
        record, maps[name] = _measured(tile_size, learned, clean, scratched, places)
        print(
            f"{name:16} {record['auroc']:.3f}   {record['false_alarms']:2} of {JUDGED}       {record['found']:2} of "
            f"{JUDGED}   {record['located']:2} of {JUDGED}",
            flush=True,
        )
        if append_to is not None:
            append_result(Path(append_to), record)
    return _drawn(scratched[0], places[0], maps, Path(out))


def brushed_metal(random: np.random.Generator) -> UInt8[Tensor, "3 h w"]:
    """Streaks along the rows, uneven light and the noise of a camera."""
    streaks = np.repeat(gaussian_filter(random.normal(size=(HEIGHT, WIDTH // 4)), (0.7, 12)), 4, axis=1)
    light = zoom(random.normal(size=(4, 4)), (HEIGHT / 4, WIDTH / 4), order=3)
    grey = 130 + 9 * streaks / streaks.std() + 12 * light + random.normal(0, 3, (HEIGHT, WIDTH))
    coloured = grey + np.array([2, 0, -4])[:, None, None]
    return torch.from_numpy(np.clip(coloured, 0, 255).astype(np.uint8))


def scratched_photos(
    photos: UInt8[Tensor, "n 3 h w"], random: np.random.Generator
) -> tuple[UInt8[Tensor, "n 3 h w"], list[tuple[int, int]]]:
    """The photographs with a bright scratch each, in any direction, and the middle (row, column) of each scratch."""
    places, scratched = [], photos.clone()
    for photo in scratched:
        row, column = (int(random.uniform(MARGIN, side - MARGIN)) for side in (HEIGHT, WIDTH))
        line = torch.from_numpy(_line(row, column, random.uniform(0, np.pi)))
        photo[:, line] = (photo[:, line].int() + CONTRAST).clamp(max=255).byte()
        places.append((row, column))
    return scratched, places


def _line(row: int, column: int, angle: float) -> Bool[np.ndarray, "h w"]:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    along = (rows - row) * np.sin(angle) + (columns - column) * np.cos(angle)
    across = (columns - column) * np.sin(angle) - (rows - row) * np.cos(angle)
    return (np.abs(along) <= LENGTH / 2) & (np.abs(across) <= THICKNESS / 2)


def _measured(
    tile_size: int,
    learned: UInt8[Tensor, "n 3 h w"],
    clean: UInt8[Tensor, "m 3 h w"],
    scratched: UInt8[Tensor, "m 3 h w"],
    places: list[tuple[int, int]],
) -> tuple[dict[str, Any], Float[np.ndarray, "h w"]]:
    """What a detector finds, and its map of the first scratch at the size of the photograph."""
    detector = AMADetector(
        features="lite0",
        tile_size=tile_size,
        held_out=HELD_OUT,
        false_alarm_rate=RATE,
        random_state=0,
    )
    learned, clean, scratched = (x if tile_size else _reduced(x) for x in (learned, clean, scratched))
    detector.fit(learned)
    normal, anomalous = detector.score_samples(clean), detector.score_samples(scratched)
    large = _enlarged(detector.anomaly_map(scratched))
    highest = [np.unravel_index(heat.argmax(), heat.shape) for heat in large]
    distances = [np.hypot(*np.subtract(found, place)) for found, place in zip(highest, places, strict=True)]
    record = {
        "command": "ama benchmark scratches",
        "tile_size": tile_size,
        "photo": [HEIGHT, WIDTH],
        "scratch": {"length": LENGTH, "thickness": THICKNESS, "contrast": CONTRAST},
        "n_learned": len(learned),
        "n_judged": len(clean),
        "false_alarm_rate": RATE,
        "auroc": float(roc_auc_score([0] * len(clean) + [1] * len(scratched), -np.r_[normal, anomalous])),
        "false_alarms": int((normal < detector.offset_).sum()),
        "found": int((anomalous < detector.offset_).sum()),
        "located": sum(bool(distance <= NEAR) for distance in distances),
        "fit_seconds": round(detector.fit_seconds_, 1),
    }
    return record, large[0]


def _reduced(photos: UInt8[Tensor, "n 3 h w"]) -> UInt8[Tensor, "n 3 i j"]:
    """As files are reduced without tiles."""
    size = (round(HEIGHT * WORKING_SIDE / WIDTH), WORKING_SIDE)
    parts = [
        F.interpolate(photo.float(), size, mode="bilinear", antialias=True).round().byte()
        for photo in photos.split(1)
    ]
    return torch.cat(parts)


def _enlarged(maps: Float[np.ndarray, "n i j"]) -> Float[np.ndarray, "n h w"]:
    found = torch.from_numpy(maps)[:, None]
    return F.interpolate(found, (HEIGHT, WIDTH), mode="bilinear")[:, 0].numpy()


def _drawn(
    photo: UInt8[Tensor, "3 h w"],
    place: tuple[int, int],
    maps: dict[str, Float[np.ndarray, "h w"]],
    folder: Path,
) -> Path:
    """The photograph, a part of it around the scratch, and the maps, each on its own scale."""
    figure = NotebookFigure(figsize=(12, 5.2), layout="constrained")
    axes = figure.subplots(2, 2).ravel()
    pixels = photo.permute(1, 2, 0).numpy()
    row, column = (
        min(max(at - SHOWN // 2, 0), side - SHOWN) for at, side in zip(place, (HEIGHT, WIDTH), strict=True)
    )
    axes[0].imshow(pixels)
    axes[0].set_title(f"photograph of {WIDTH} x {HEIGHT} pixels")
    axes[1].imshow(pixels[row : row + SHOWN, column : column + SHOWN])
    axes[1].set_title(f"the scratch of {THICKNESS} x {LENGTH} pixels")
    for axis, (name, heat) in zip(axes[2:], maps.items(), strict=True):
        axis.imshow(heat, cmap="magma")
        axis.set_title(f"map, {name}")
    for axis in (axes[0], *axes[2:]):
        axis.add_patch(_circle(place))
    for axis in axes:
        axis.set_axis_off()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "scratches.png"
    figure.savefig(path, dpi=80)
    return path


def _circle(place: tuple[int, int]) -> Any:
    from matplotlib.patches import Circle

    return Circle(place[::-1], 90, fill=False, color="white", linewidth=1.5)
