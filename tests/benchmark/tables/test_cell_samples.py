"""The samples of a cell, from one data set or from two."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ama.benchmark.tables import cell_samples as module
from ama.benchmark.tables.cell import Cell
from ama.benchmark.tables.cell_samples import samples_of
from ama.benchmark.tables.datasets import Images
from ama.errors import InputError

SHAPES = {"cifar10": (3, 32, 32), "svhn": (3, 32, 32), "omniglot": (1, 32, 32), "mnist": (1, 28, 28)}


@pytest.fixture(autouse=True)
def _small_sets(monkeypatch):
    """Data sets of 100 images, each of one constant value; svhn has no training split."""

    def images(name, split, folder, jpeg):
        value = list(SHAPES).index(name)
        return Images(
            torch.full((100, *SHAPES[name]), value, dtype=torch.uint8), np.repeat(["cat", "dog"], 50)
        )

    monkeypatch.setattr(module, "images", images)
    monkeypatch.setattr(module, "available", lambda name, split, folder: name != "svhn")


def test_all_but_a_class_is_the_reverse_of_the_class():
    for normal in ("cat", "all but dog"):
        found = samples_of(Cell("cifar10", normal, None, "compact"), None)
        assert (len(found.test), found.anomalous.sum()) == (100, 50)


def test_grey_anomalies_of_a_colour_set_are_repeated_in_its_channels():
    found = samples_of(Cell("cifar10", None, "omniglot", "compact"), None)
    assert found.test.shape == (200, 3, 32, 32)
    assert set(found.test[found.anomalous].unique().tolist()) == {2}
    assert len(found.known) == 50


def test_without_a_training_split_no_anomalies_are_known():
    found = samples_of(Cell("cifar10", None, "svhn", "compact"), None)
    assert len(found.known) == 0
    assert found.anomalous.sum() == 50  # the other anomalies are for validation


def test_a_cell_may_use_fewer_test_samples():
    assert len(samples_of(Cell("cifar10", "cat", None, "AnoGAN", judged=30), None).test) == 30


def test_anomalies_of_another_shape_are_refused():
    with pytest.raises(
        InputError,
        match=r"anomalies of shape \(1, 28, 28\) cannot be compared with normal images of shape \(1, 32, 32\)",
    ):
        samples_of(Cell("omniglot", None, "mnist", "compact"), None)


def test_an_unknown_class_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match="cifar10 has no class 'fox'; its classes are cat, dog"):
        samples_of(Cell("cifar10", "fox", None, "compact"), None)
