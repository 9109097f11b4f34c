"""Sets of photographs in MVTec's layout, found and read."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ama.benchmark.tables import inspection_sets as module
from ama.benchmark.tables.cell import Cell
from ama.benchmark.tables.cell_samples import ready
from ama.benchmark.tables.datasets import Images
from ama.benchmark.tables.grid import INSPECTION, cells_of
from ama.benchmark.tables.inspected_methods import FEATURES, INSPECTED, PIXEL_SIDE, PIXELS
from ama.benchmark.tables.inspection_sets import INSPECTION_SETS, MOST_LEARNED, found_sets, inspection_of
from ama.errors import InputError
from ama.features.lite0_weights import lite0_weights
from image_files import noise, save
from inspection_folders import N_GOOD, N_SPOTS, N_TRAIN, SIZE, write_inspection_set


@pytest.fixture
def folder(tmp_path):
    write_inspection_set(tmp_path / "mine" / "plate")
    write_inspection_set(tmp_path / "single")
    (tmp_path / "half" / "cup" / "train" / "good").mkdir(parents=True)  # without test images
    return tmp_path


def test_every_folder_in_the_layout_is_a_set_with_cells(folder):
    assert found_sets(str(folder)) == ["mine/plate", "single"]
    assert found_sets(str(folder / "nowhere")) == []
    own = cells_of(INSPECTION)
    more = cells_of(INSPECTION, str(folder))[len(own) :]
    assert [(cell.data, cell.method) for cell in more] == [
        (data, method) for data in ("mine/plate", "single") for method in INSPECTED
    ]
    assert {cell.data for cell in own if cell.labelled} == set(INSPECTION_SETS)


def test_a_known_set_is_no_further_one(folder):
    write_inspection_set(folder / "mvtec" / "bottle")
    assert "mvtec/bottle" in found_sets(str(folder))
    assert len([cell for cell in cells_of(INSPECTION, str(folder)) if cell.data == "mvtec/bottle"]) == len(
        INSPECTED
    )


def test_a_cell_is_ready_if_its_set_is_there(folder):
    for data, there in (("mine/plate", True), ("half/cup", False), ("mvtec/bottle", False)):
        for method in (FEATURES, PIXELS):
            wanted = there and (method == PIXELS or lite0_weights() is not None)
            assert ready(Cell(data, None, None, method), str(folder)) is wanted
    assert not ready(Cell("mine/plate", None, None, PIXELS), None)


def test_a_set_is_read_in_the_order_of_its_names(folder):
    found = inspection_of(Cell("mine/plate", None, None, FEATURES), str(folder))
    assert found.train.ids == [f"{i:03}.png" for i in range(N_TRAIN)]
    assert found.train.x.shape[1:] == found.test.x.shape[1:] == (3, *SIZE)
    assert found.anomalous.tolist() == [False] * N_GOOD + [True] * N_SPOTS
    assert found.masks == folder / "mine" / "plate" / "ground_truth"
    reduced = inspection_of(Cell("mine/plate", None, None, PIXELS), str(folder))
    assert reduced.test.x.shape[1:] == (3, PIXEL_SIDE, PIXEL_SIDE)
    assert reduced.size == found.size == SIZE


def test_test_images_take_the_size_of_those_learned(folder):
    save(folder / "single" / "test" / "spot" / "900.png", noise(96, 128, 3))
    assert inspection_of(Cell("single", None, None, FEATURES), str(folder)).test.x.shape[1:] == (3, *SIZE)


def test_a_set_without_defects_is_refused(folder):
    (folder / "single" / "test" / "spot").rename(folder / "single" / "spot")
    with pytest.raises(InputError, match="test holds good images alone, expected folders of defects"):
        inspection_of(Cell("single", None, None, FEATURES), str(folder))


def test_a_class_is_learned_and_judged_from_images_drawn_by_the_seed(monkeypatch):
    n = 3000
    numbers = torch.arange(2 * n)

    def images(name, split, folder):
        pixels = torch.stack([numbers % 256, numbers // 256], 1).to(torch.uint8).view(-1, 1, 1, 2)
        return Images(pixels, np.repeat(["cat", "dog"], n))

    monkeypatch.setattr(module, "images", images)
    first, again, other = (
        inspection_of(Cell("cifar10", "dog", None, FEATURES, seed, judged=500), None) for seed in (0, 0, 1)
    )
    assert len(first.train) == MOST_LEARNED
    assert len(first.test) == len(first.anomalous) == 500
    assert first.masks is None
    learned = (first.train.x.long() * torch.tensor([1, 256])).sum((1, 2, 3))
    assert learned.min() >= n
    assert len(learned.unique()) == MOST_LEARNED
    assert 0.4 < first.anomalous.mean() < 0.6
    assert np.array_equal(first.train.x, again.train.x)
    assert not np.array_equal(first.test.x, other.test.x)
