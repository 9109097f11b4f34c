"""The critical-difference picture, drawn from a results file."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from ama.benchmark.figures.rank_figure import plot_ranks, rank_figure
from ama.benchmark.tables.grid import cells_of
from ama.errors import InputError
from grid_records import add_result


def test_the_figure_is_drawn_from_the_methods_that_were_run_on_every_set(tmp_path):
    path = tmp_path / "tables.jsonl"
    with pytest.raises(InputError, match=r"holds 0 methods .*; ama benchmark run tables runs them"):
        rank_figure(str(path), str(tmp_path))
    for cell in cells_of("tables"):
        if cell.method in ("LOF", "ECOD") and cell.data.startswith("adbench"):
            add_result(path, cell, 0.9 if cell.method == "LOF" else 0.8)
    picture = rank_figure(str(path), str(tmp_path / "images"))
    assert np.asarray(Image.open(picture).convert("L")).std() > 5


def test_every_method_stands_there_with_its_rank():
    figure = plot_ranks(["a", "b", "c"], np.array([1.25, 1.75, 3.0]), 20)
    texts = {text.get_text().strip() for text in figure.axes[0].texts}
    assert {"a  1.25", "b  1.75", "3.00  c"} <= texts
