"""What the training of a cell is given."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from ama import settings
from ama.benchmark.tables.cell import Cell
from ama.benchmark.tables.cell_samples import samples_of
from ama.benchmark.tables.cell_training import settings_of
from ama.benchmark.tables.compared_methods import AMA, KNOWN
from ama.benchmark.tables.measure_cell import measure_cell
from ama.errors import InputError
from ama.scores.kinds.factory import kind_of


@pytest.mark.parametrize("method", KNOWN)
def test_real_anomalies_are_passed_to_the_training(method, tmp_path, monkeypatch):
    given = []

    def fit_both(data, choice, run):
        given.append(data)
        raise InterruptedError

    monkeypatch.setattr("ama.training.fit.fit_both", fit_both)
    cell = Cell("digits", "all but 3", None, method)
    with pytest.raises(InterruptedError):
        measure_cell(cell, None, tmp_path / "work", False)
    [data] = given
    experiment = samples_of(cell, None)
    assert torch.equal(data.anomalies, experiment.known[: KNOWN[method]])
    assert len(data.anomalies) == KNOWN[method]
    tested = {image.tobytes() for image in experiment.test.numpy()}
    assert not tested & {image.tobytes() for image in data.anomalies.numpy()}


def test_too_few_real_anomalies_are_refused(tmp_path, monkeypatch):
    monkeypatch.setitem(KNOWN, "with 50 real anomalies", 51)
    with pytest.raises(InputError, match="needs 51 anomalies to train with, found 50"):
        measure_cell(
            Cell("digits", "all but 3", None, "with 50 real anomalies"), None, tmp_path / "work", False
        )


@pytest.mark.parametrize("method", AMA)
@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32)])
def test_every_method_has_valid_settings(method, shape):
    found = settings_of(Cell("mnist", "3", None, method, max_steps=7), shape)
    assert found.max_steps == AMA[method].get("max_steps", 7)
    if AMA[method] == AMA["compact"]:
        expected = settings.resolve("compact", kind_of(shape).variant, max_steps=7)
        assert dataclasses.asdict(found) == dataclasses.asdict(expected)
