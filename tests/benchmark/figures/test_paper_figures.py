"""Figures: drawn from a real training, or from what a results file holds."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from ama.benchmark.figures.paper_figures import figures, minutes_figure
from ama.benchmark.tables.grid import cells_of
from ama.errors import InputError
from ama.io.results_files import append_result


def test_figures_2_and_4_are_drawn_from_two_trainings(tmp_path):
    paths = figures("digits", None, str(tmp_path / "images"), max_steps=20)
    assert [path.name for path in paths] == ["reconstructions-digits.png", "densities-digits.png"]
    for path in paths:
        assert np.asarray(Image.open(path).convert("L")).std() > 5


def test_figures_of_what_does_not_exist_are_refused_with_what_does(tmp_path):
    with pytest.raises(InputError, match="there are no figures of 'dogs', expected one of digits, mnist, "):
        figures("dogs", None, str(tmp_path), max_steps=20)


def test_minutes_are_drawn_from_the_cells_that_have_run(tmp_path):
    path = tmp_path / "minutes.jsonl"
    with pytest.raises(
        InputError, match="holds no result of the grid minutes; ama benchmark run minutes makes them"
    ):
        minutes_figure(str(path), str(tmp_path))
    for number, cell in enumerate(cells_of("minutes")[:6]):
        found = {"score": {"auroc": {"value": 0.9 + number / 100}}}
        append_result(
            path,
            {
                "cell": cell.as_dict(),
                "strict": found,
                "fit_seconds": None if number == 5 else 10.0**number,
                "threads": 2,
            },
        )
    picture = minutes_figure(str(path), str(tmp_path / "images"))
    assert np.asarray(Image.open(picture).convert("L")).std() > 5
