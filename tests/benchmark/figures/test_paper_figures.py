"""Figures 2 and 4 of the paper, drawn from real trainings."""

from __future__ import annotations

import joblib
import numpy as np
import pytest
from PIL import Image

from ama.benchmark.figures.paper_figures import ROWS, paper_figures
from ama.errors import InputError
from ama.io.results_files import read_results


def test_figures_2_and_4_are_drawn_from_two_trainings(tmp_path):
    results = tmp_path / "figures.jsonl"
    # Processes would take longer to start than their trainings do.
    with joblib.parallel_config("threading"):
        paths = paper_figures("digits", None, str(tmp_path / "images"), max_steps=5, append_to=str(results))
    assert [path.name for path in paths] == ["reconstructions-digits.png", "densities-digits.png"]
    for path in paths:
        assert np.asarray(Image.open(path).convert("L")).std() > 5
    records = read_results(results)
    assert [record["row"] for record in records] == list(ROWS)
    assert {record["command"] for record in records} == {"ama benchmark figures digits"}


def test_an_unknown_data_set_is_refused_with_the_known_ones(tmp_path):
    with pytest.raises(InputError, match="there are no figures of 'dogs', expected one of digits, mnist, "):
        paper_figures("dogs", None, str(tmp_path), max_steps=20)
