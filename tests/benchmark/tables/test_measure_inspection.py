"""The record of a cell of the grid inspection."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from ama.benchmark.tables.cell import Cell
from ama.benchmark.tables.grid import cells_of
from ama.benchmark.tables.inspected_methods import FEATURES, INSPECTED, PADIM, PIXELS, Inspected
from ama.benchmark.tables.measure_cell import measure_cell
from ama.benchmark.tables.measure_inspection import measure_inspection
from ama.benchmark.tables.repeat_record import repeat_record
from ama.benchmark.tables.run_grid import run_grid
from ama.benchmark.tables.show_grid import show_grid
from ama.errors import InputError
from inspection_folders import N_GOOD, N_SPOTS, N_TRAIN, write_inspection_set
from lite0_package import needs_lite0

CELL = Cell("mine/plate", None, None, PADIM, strict_only=True)
SHORT = Inspected("AMADetector", {"max_steps": 2, "false_alarm_rate": 0.3, "scoring": "r_score"}, 64)

pytestmark = [needs_lite0, pytest.mark.filterwarnings("ignore:a false-alarm rate of")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    home = tmp_path_factory.mktemp("data")
    write_inspection_set(home / "mine" / "plate")
    return str(home)


def test_a_record_says_what_is_found_and_what_it_costs(folder, tmp_path):
    found = measure_cell(CELL, folder, tmp_path, False)
    score = found["strict"]["score"]
    assert score["auroc"]["value"] == 1
    assert (score["n_normal"], score["n_anomalous"]) == (N_GOOD, N_SPOTS)
    assert found["decision"]["detected"] == N_SPOTS
    assert 0 <= found["decision"]["false_alarms"] <= N_GOOD
    assert found["decision"]["false_alarm_rate"] == 0.05
    assert (found["n_learned"], found["n_held_out"]) == (N_TRAIN, 3)
    assert found["localisation"]["pixel_auroc"] > 0.9
    assert found["localisation"]["n_images"] == N_GOOD + N_SPOTS
    assert 0 < found["fit_cpu_seconds"] < 2 * found["fit_seconds"] + 1
    assert found["seconds"] == pytest.approx(found["fit_seconds"] + found["score_seconds"], abs=0.01)
    assert found["threads"] == torch.get_num_threads()
    assert found["peak_gib"] is None or 0.1 < found["peak_gib"] < 10
    assert found["parameters"]["features"] == "lite0"
    assert found["parameters"]["random_state"] == CELL.seed


def test_pixels_and_single_terms_are_measured(folder, monkeypatch):
    monkeypatch.setitem(INSPECTED, PIXELS, SHORT)
    found = measure_inspection(dataclasses.replace(CELL, method=PIXELS), folder)
    assert found["parameters"]["max_steps"] == 2
    assert np.isfinite(found["localisation"]["pixel_auroc"])
    alone = f"{FEATURES}: row_density alone"
    parameters = {**SHORT.parameters, **INSPECTED[alone].parameters}
    monkeypatch.setitem(INSPECTED, alone, INSPECTED[alone]._replace(parameters=parameters))
    assert measure_inspection(dataclasses.replace(CELL, method=alone), folder)["parameters"]["scoring"] == (
        "row_density"
    )


def test_parameters_of_another_version_are_refused(folder):
    with pytest.raises(InputError, match="no parameter of this version of ama is patience"):
        measure_inspection(CELL, folder, {"patience": 3})


def test_a_set_of_ones_own_is_run_shown_and_repeated(folder, tmp_path):
    path = tmp_path / "inspection.jsonl"
    run_grid("inspection", folder, str(path), 1, ["plate", PADIM])
    table = show_grid("inspection", str(path))
    assert table.startswith(f"1 of {1 + len(cells_of('inspection'))} cells run.")
    assert "### mine/plate" in table
    [line] = [line for line in table.splitlines() if line.startswith(f"| {PADIM} | {N_TRAIN} | 1.000 (")]
    assert f"| {N_SPOTS} of {N_SPOTS} |" in line
    assert repeat_record(str(path), folder, [], 0).equal
