"""Maps against masks, in the sizes that methods have them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ama.benchmark.tables.defect_localisation import localisation
from ama.benchmark.tables.inspection_sets import Inspection
from ama.data.samples import Samples
from image_files import save

SIZE = (40, 60)


def square(top: int, left: int) -> np.ndarray:
    mask = np.zeros(SIZE, dtype=np.uint8)
    mask[top : top + 8, left : left + 8] = 200
    return mask


@pytest.fixture
def folder(tmp_path):
    save(tmp_path / "hole" / "000_mask.png", square(4, 8))
    save(tmp_path / "hole" / "001.png", square(20, 8))
    save(tmp_path / "hole" / "002" / "000.png", square(4, 8))
    save(tmp_path / "hole" / "002" / "001.png", square(20, 40))
    return tmp_path


class Heat:
    """Maps that are given."""

    def __init__(self, maps):
        self.maps = maps

    def anomaly_map(self, samples):
        return self.maps[[int(i.split("/")[1][:3]) for i in samples.ids]]


def data(folder, n: int) -> Inspection:
    ids = [f"hole/{i:03}.jpg" for i in range(n)]
    samples = Samples(torch.zeros(n, 1, *SIZE, dtype=torch.uint8), ids, None, None, [])
    return Inspection(samples, samples, np.arange(n) < 4, SIZE, folder)


def test_a_map_that_is_the_mask_is_perfect_and_its_negative_is_the_opposite(folder):
    maps = np.stack([square(4, 8), square(20, 8), square(4, 8) + square(20, 40), square(0, 0), square(0, 0)])
    # The fourth anomaly has no mask, the fifth image is good, and is the only one with heat at a wrong place.
    perfect = np.where(np.arange(5)[:, None, None] == 4, 0, maps).astype(np.float64)
    found = localisation(Heat(perfect), data(folder, 5))
    assert (found["pixel_auroc"], found["pro"], found["n_images"], found["n_regions"]) == (1.0, 1.0, 4, 4)
    assert localisation(Heat(perfect.max() - perfect), data(folder, 5))["pixel_auroc"] == 0.0
    assert 0.9 < localisation(Heat(maps.astype(np.float64)), data(folder, 5))["pixel_auroc"] < 1


def test_a_smaller_map_is_enlarged(folder):
    small = np.zeros((3, 20, 30))
    small[0, 2:6, 4:8] = small[1, 10:14, 4:8] = small[2, 2:6, 4:8] = small[2, 10:14, 20:24] = 1
    assert localisation(Heat(small), data(folder, 3))["pixel_auroc"] > 0.99


def test_without_masks_there_are_no_metrics():
    assert localisation(Heat(np.zeros((2, *SIZE))), data(None, 2)) is None
