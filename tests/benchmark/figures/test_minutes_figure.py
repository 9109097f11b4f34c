"""AUROC against training time, drawn from a results file."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from ama.benchmark.figures.minutes_figure import minutes_figure
from ama.benchmark.tables.grid import cells_of
from ama.errors import InputError
from ama.io.results_files import append_result


def test_the_figure_is_drawn_from_the_cells_that_were_run(tmp_path):
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
