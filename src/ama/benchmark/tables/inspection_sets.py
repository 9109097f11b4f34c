"""Photographs for inspection in MVTec's layout: train/good, test/good, test/DEFECT, and ground_truth with masks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, UInt8
from torch import Tensor

from ama.benchmark.tables.cell import Cell
from ama.benchmark.tables.datasets import images
from ama.benchmark.tables.inspected_methods import INSPECTED
from ama.data.samples import Samples
from ama.data.sources import open_source
from ama.errors import InputError
from ama.scores.kinds.featured_kind import WORKING_SIDE
from ama.utils.random_generators import generator_for

GOOD = "good"
MOST_LEARNED = 2000  # images of a class
_MVTEC = (
    "bottle", "cable", "capsule", "carpet", "grid", "hazelnut", "leather", "metal_nut", "pill", "screw", "tile",
    "toothbrush", "transistor", "wood", "zipper",
)  # fmt: skip
_VISA = (
    "candle", "capsules", "cashew", "chewinggum", "fryum", "macaroni1", "macaroni2", "pcb1", "pcb2", "pcb3", "pcb4",
    "pipe_fryum",
)  # fmt: skip
# Name of a set: its folder and its category. A folder of data may hold others, too.
INSPECTION_SETS = (
    *("inspection/tire", "inspection/juice_bottle"),
    *(f"mvtec/{category}" for category in _MVTEC),
    *(f"visa/{category}" for category in _VISA),
)


@dataclass(frozen=True, eq=False)
class Inspection:
    """What a cell learns from and is tested on.

    Parameters
    ----------
    train
        Normal images, in the order of their names.
    test, anomalous
        Test images, and which of them are anomalies.
    size
        (height, width) at which maps are compared with masks.
    masks
        Folder with DEFECT/STEM_mask.png and the like; None if there are no masks.
    """

    train: Samples
    test: Samples
    anomalous: Bool[np.ndarray, " m"]
    size: tuple[int, int]
    masks: Path | None = None


def set_available(name: str, folder: str | None) -> bool:
    """Whether a set is in ``folder`` in MVTec's layout; none is on the hub."""
    return folder is not None and all(
        (Path(folder) / name / part / GOOD).is_dir() for part in ("train", "test")
    )


def found_sets(folder: str) -> list[str]:
    """The names of all sets in a folder, CATEGORY or FAMILY/CATEGORY."""
    places = [
        place.parents[1] for depth in ("*", "*/*") for place in Path(folder).glob(f"{depth}/train/{GOOD}")
    ]
    names = (place.relative_to(folder).as_posix() for place in places)
    return sorted(name for name in names if set_available(name, folder))


def inspection_of(cell: Cell, folder: str | None) -> Inspection:
    """The images of a cell: a set in MVTec's layout, or a class of a data set.

    Raises
    ------
    InputError
        If they are missing or cannot be read.
    """
    if not cell.labelled:
        return _of_class(cell, folder)
    assert folder is not None
    return _of_set(cell.data, folder, INSPECTED[cell.method].image_size)


@lru_cache(maxsize=1)
def _of_set(name: str, folder: str, image_size: int | None) -> Inspection:
    place = Path(folder) / name
    source = open_source(place / "train" / GOOD, max_side=WORKING_SIDE)
    _, height, width = source.shape
    if image_size is not None:
        source = open_source(place / "train" / GOOD, image_size=image_size)
    test = open_source(place / "test", shape=source.shape, dtype=source.dtype).read()
    assert test.labels is not None
    anomalous = test.labels != GOOD
    if not anomalous.any():
        raise InputError(f"{place / 'test'} holds {GOOD} images alone, expected folders of defects, too")
    masks = place / "ground_truth"
    return Inspection(source.read(), test, anomalous, (height, width), masks if masks.is_dir() else None)


def _of_class(cell: Cell, folder: str | None) -> Inspection:
    """Training images of the class and test images of all, both drawn by the seed of the cell."""
    train, test = (images(cell.data, split, folder) for split in ("train", "test"))
    (own,) = (train.labels == cell.normal).nonzero()
    learned = _drawn(len(own), MOST_LEARNED, cell.seed)
    judged = _drawn(len(test.labels), cell.judged or len(test.labels), cell.seed)
    height, width = test.x.shape[2:]
    return Inspection(
        _samples(train.of(own[learned])),
        _samples(test.of(judged)),
        test.labels[judged] != cell.normal,
        (height, width),
    )


def _drawn(n: int, most: int, seed: int) -> np.ndarray:
    """At most so many of n places, in order."""
    return np.sort(torch.randperm(n, generator=generator_for(seed, 8))[:most].numpy())


def _samples(x: UInt8[Tensor, "n c h w"]) -> Samples:
    return Samples(x, [str(i) for i in range(len(x))], None, None, [])
