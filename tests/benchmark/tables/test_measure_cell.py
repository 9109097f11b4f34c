"""The record of a cell: scores, protocols and times."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ama.benchmark.tables.cell import Cell
from ama.benchmark.tables.compared_methods import BASELINES, UNTRAINED
from ama.benchmark.tables.measure_cell import measure_cell

CELL = Cell("digits", "all but 3", None, "compact", max_steps=20)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """The record of the cell."""
    return measure_cell(CELL, None, tmp_path_factory.mktemp("work"), False)


def test_both_protocols_have_every_score(found):
    names = {
        "score",
        "a_score",
        "r_score",
        "latent_density",
        "memory_bank",
        "nearest_images",
        "rotation",
        "equal weights",
    }
    assert found["strict"].keys() == found["paper"].keys() == names
    assert 0 < found["fit_seconds"] < found["seconds"]
    assert found["parameters"]["max_steps"] == 20


def test_the_strict_protocol_is_the_same_alone(found, tmp_path):
    one = measure_cell(dataclasses.replace(CELL, strict_only=True), None, tmp_path / "work", False)
    assert "paper" not in one
    assert one["strict"] == found["strict"]


def test_methods_without_training_are_measured(tmp_path):
    for method in ("neighbours", "pca"):
        found = measure_cell(Cell("digits", "0", None, method), None, tmp_path / "work", False)
        assert found["strict"]["score"]["auroc"]["value"] > 0.95
        assert found["seconds"] == found["fit_seconds"] >= 0
        assert np.isfinite(found["strict"]["score"]["auroc"]["low"])


@pytest.mark.parametrize("method", [name for name in BASELINES if name not in UNTRAINED])
def test_a_baseline_is_measured_by_every_one_of_its_scores(method, tmp_path):
    cell = Cell("digits", "all but 3", None, method, max_steps=2, judged=60)
    found = measure_cell(cell, None, tmp_path / "work", False)
    assert found["strict"].keys() == found["paper"].keys() >= {"score"}
    judged = found["strict"]["score"]
    assert judged["n_normal"] + judged["n_anomalous"] == 60
    assert found["paper"]["score"]["n_anomalous"] <= judged["n_anomalous"]
    assert found["parameters"]["max_steps"] == 2
    assert found["parameters"]["random_state"] == cell.seed
    # What the preset decides is in the record, too.
    assert not {
        name for name in ("width", "batch_size", "learning_rate") if found["parameters"][name] is None
    }


def test_images_that_share_a_score_are_drawn_together(tmp_path):
    """The interval of pairs is that of half as many samples."""
    found = {}
    for method in ("typicality", "typicality, M = 2"):
        cell = Cell("digits", "all but 3", None, method, max_steps=2, strict_only=True)
        auroc = measure_cell(cell, None, tmp_path / method, False)["strict"]["score"]["auroc"]
        found[method] = auroc["high"] - auroc["low"]
    assert found["typicality, M = 2"] > 1.1 * found["typicality"]
