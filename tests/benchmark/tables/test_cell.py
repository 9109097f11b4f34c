"""A cell: what a method is given, and what its record says."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from ama import settings
from ama.benchmark.tables import cell as module
from ama.benchmark.tables.cell import experiment_of, measure, parameters_of
from ama.benchmark.tables.compared_methods import AMA, BASELINES, KNOWN, UNTRAINED
from ama.benchmark.tables.grid import Cell
from ama.errors import InputError


def test_one_training_gives_every_score_under_both_protocols(tmp_path):
    found = measure(
        Cell("digits", "all but 3", None, "compact", max_steps=20), None, tmp_path / "work", False
    )
    names = {
        "score",
        "a_score",
        "r_score",
        "latent_density",
        "memory_bank",
        "rotated_memory_bank",
        "rotation",
        "equal weights",
    }
    assert found["strict"].keys() == found["paper"].keys() == names
    assert 0 < found["fit_seconds"] < found["seconds"]
    assert found["parameters"]["max_steps"] == 20


def test_the_strict_protocol_alone_gives_what_it_gives_beside_the_papers(tmp_path):
    cell = Cell("digits", "all but 3", None, "compact", max_steps=20)
    alone = dataclasses.replace(cell, strict_only=True)
    both, one = (measure(c, None, tmp_path / c.name, False) for c in (cell, alone))
    assert "paper" not in one
    assert one["strict"] == both["strict"]


@pytest.mark.parametrize("method", KNOWN)
def test_real_anomalies_are_handed_to_the_training(method, tmp_path, monkeypatch):
    given = []

    def fit_both(data, choice, run):
        given.append(data)
        raise InterruptedError

    monkeypatch.setattr(module, "fit_both", fit_both)
    cell = Cell("digits", "all but 3", None, method)
    with pytest.raises(InterruptedError):
        measure(cell, None, tmp_path / "work", False)
    [data] = given
    experiment = experiment_of(cell, None)
    assert torch.equal(data.anomalies, experiment.known[: KNOWN[method]])
    assert len(data.anomalies) == KNOWN[method]
    tested = {image.tobytes() for image in experiment.test.numpy()}
    assert not tested & {image.tobytes() for image in data.anomalies.numpy()}


def test_more_real_anomalies_than_there_are_are_refused(tmp_path, monkeypatch):
    monkeypatch.setitem(KNOWN, "with 50 real anomalies", 51)
    with pytest.raises(InputError, match="needs 51 anomalies to train with, found 50"):
        measure(Cell("digits", "all but 3", None, "with 50 real anomalies"), None, tmp_path / "work", False)


@pytest.mark.parametrize("method", AMA)
@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32)])
def test_every_method_has_settings_that_stand_their_checks(method, shape):
    found = parameters_of(Cell("mnist", "3", None, method, max_steps=7), shape)
    assert found.max_steps == AMA[method].get("max_steps", 7)
    if method in KNOWN or method == "compact":
        assert found == settings.resolve("compact", shape, False, max_steps=7)


def test_neighbours_and_components_find_what_is_far_from_all(tmp_path):
    for method in ("neighbours", "pca"):
        found = measure(Cell("digits", "0", None, method), None, tmp_path / "work", False)
        assert found["strict"]["score"]["auroc"]["value"] > 0.95
        assert found["seconds"] == found["fit_seconds"] >= 0
        assert np.isfinite(found["strict"]["score"]["auroc"]["low"])


@pytest.mark.parametrize("method", [name for name in BASELINES if name not in UNTRAINED])
def test_a_baseline_is_measured_by_all_of_its_scores(method, tmp_path):
    cell = Cell("digits", "all but 3", None, method, max_steps=2, judged=60)
    found = measure(cell, None, tmp_path / "work", False)
    assert found["strict"].keys() == found["paper"].keys() >= {"score"}
    judged = found["strict"]["score"]
    assert judged["n_normal"] + judged["n_anomalous"] == 60
    assert found["paper"]["score"]["n_anomalous"] <= judged["n_anomalous"]
    assert found["parameters"]["max_steps"] == 2
    assert found["parameters"]["random_state"] == cell.seed
