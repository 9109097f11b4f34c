"""Sets of rows with known anomalies."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ama.benchmark.tables.row_sets import (
    ADBENCH,
    EMBEDDINGS,
    folder_of,
    labelled_rows,
    rows_available,
    short_name,
)
from ama.errors import InputError


def write(folder, name, x, y):
    (folder / folder_of(name)).mkdir(exist_ok=True)
    np.savez(folder / f"{name}.npz", X=x, y=y)


def test_the_names_are_those_of_the_files():
    assert (len(ADBENCH), len(EMBEDDINGS)) == (22, 6)
    assert {folder_of(name) for name in ADBENCH + EMBEDDINGS} == {"adbench", "embeddings"}
    assert short_name("adbench/22_magic.gamma") == "magic.gamma"
    assert short_name("embeddings/cifar10_cat") == "cifar10_cat"


def test_every_number_becomes_a_float(tmp_path):
    x = np.array([[0, 255], [3, 4], [5, 6]], dtype=np.uint8)
    write(tmp_path, "adbench/4_breastw", x, np.array([0, 1, 0]))
    found = labelled_rows("adbench/4_breastw", str(tmp_path))
    assert torch.equal(found.x, torch.from_numpy(x).double())
    assert found.anomalous.tolist() == [False, True, False]


def test_a_set_is_there_if_its_file_is(tmp_path):
    write(tmp_path, "adbench/4_breastw", np.ones((2, 2)), np.array([0, 1]))
    assert rows_available("adbench/4_breastw", str(tmp_path))
    assert not rows_available("adbench/6_cardio", str(tmp_path))
    assert not rows_available("adbench/4_breastw", None)


@pytest.mark.parametrize(("labels", "found"), [([0, 0], "0"), ([1, 2], "1, 2")])
def test_other_labels_are_refused(tmp_path, labels, found):
    write(tmp_path, "adbench/6_cardio", np.ones((2, 2)), np.array(labels))
    with pytest.raises(
        InputError, match=f"6_cardio.npz has {found} as labels, expected 0 for normal rows and 1"
    ):
        labelled_rows("adbench/6_cardio", str(tmp_path))
