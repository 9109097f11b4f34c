"""Detectors of other libraries: each finds an obvious anomaly, with its library's defaults."""

from __future__ import annotations

import importlib.util
import inspect

import numpy as np
import pytest
import torch

from ama.benchmark.tables.cell import Cell
from ama.benchmark.tables.cell_samples import ready
from ama.benchmark.tables.experiments import Experiment
from ama.benchmark.tables.outside_detectors import FIFTH, OUTSIDE, Outside
from ama.benchmark.tables.outside_training import train_outside
from ama.benchmark.tables.row_sets import ADBENCH

needs_pyod = pytest.mark.skipif(importlib.util.find_spec("pyod") is None, reason="pyod is not installed")
METHODS = [
    pytest.param(name, marks=needs_pyod if one.library == "pyod" else ()) for name, one in OUTSIDE.items()
]
# numba, which PyOD uses, is not free of warnings.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def trained(method, train, recorded=None, seed=0):
    experiment = Experiment(
        train,
        (train[:0], torch.ones(0)),
        train,
        np.zeros(len(train), bool),
        np.ones(len(train), bool),
        train[:0],
    )
    return train_outside(Cell(ADBENCH[0], None, None, method, seed, strict_only=True), experiment, recorded)


@pytest.fixture
def rows():
    """300 rows whose columns differ by a factor of a thousand."""
    return torch.randn(300, 3, dtype=torch.float64) * torch.tensor([1.0, 30.0, 1000.0])


@pytest.mark.parametrize("method", METHODS)
def test_higher_scores_are_more_normal_whatever_the_units(method, rows):
    found = trained(method, rows)
    test = torch.cat([rows[:50], torch.tensor([[9.0, 270.0, 9000.0], [-9.0, 270.0, -9000.0]])])
    strict, paper = found.scores(test)
    assert strict["score"].shape == (52,)
    assert strict["score"][50:].max() < np.quantile(strict["score"][:50], 0.1)
    assert paper == {}
    assert found.seconds > 0


@pytest.mark.parametrize("method", METHODS)
def test_a_record_repeats_the_scores(method, rows):
    first = trained(method, rows, seed=3)
    again = trained(method, rows, recorded=first.parameters, seed=3)
    for one, other in zip(first.scores(rows)[0].values(), again.scores(rows)[0].values(), strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("method", METHODS)
def test_other_parameters_are_the_defaults(method):
    outside = OUTSIDE[method]
    detector = outside.new(0)
    defaults = {k: p.default for k, p in inspect.signature(type(detector).__init__).parameters.items()}
    changed = {k for k, v in detector.get_params().items() if v != defaults[k]}
    assert changed - {"random_state"} <= set(outside.parameters)


def test_a_slow_method_learns_from_some_of_the_rows(monkeypatch, rows):
    whole = trained(FIFTH, rows).scores(rows)[0]["score"]
    monkeypatch.setitem(OUTSIDE, FIFTH, OUTSIDE[FIFTH]._replace(most_rows=30))
    assert (trained(FIFTH, rows).scores(rows)[0]["score"] < whole).mean() > 0.9  # farther neighbours


def test_a_cell_whose_library_is_missing_cannot_run(monkeypatch, tmp_path):
    (tmp_path / "adbench").mkdir()
    (tmp_path / f"{ADBENCH[0]}.npz").touch()
    cell = Cell(ADBENCH[0], None, None, "LOF", strict_only=True)
    assert ready(cell, str(tmp_path))
    monkeypatch.setitem(OUTSIDE, "LOF", Outside("no_such_library.LOF"))
    assert not ready(cell, str(tmp_path))


@needs_pyod
@pytest.mark.parametrize(("method", "path"), [(FIFTH, "knn.KNN"), ("isolation forest", "iforest.IForest")])
def test_pyod_has_the_scores_of_scikit_learn(method, path, rows, monkeypatch):
    new = torch.randn_like(rows)
    ours = trained(method, rows).scores(new)[0]["score"]
    monkeypatch.setitem(OUTSIDE, method, Outside(f"pyod.models.{path}", OUTSIDE["ECOD"].scoring))
    theirs = trained(method, rows).scores(new)[0]["score"]
    assert np.array_equal(np.argsort(ours, kind="stable"), np.argsort(theirs, kind="stable"))
