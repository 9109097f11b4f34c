"""The tables of a grid by protocol: results beside the published numbers."""

from __future__ import annotations

import pytest

from ama.benchmark.tables.grid import cells_of
from ama.benchmark.tables.show_grid import show_grid
from ama.io.results_files import append_result
from grid_records import add_result, auroc_of, table_row


def test_each_protocol_has_a_table_with_the_published_numbers(tmp_path):
    path = tmp_path / "mnist.jsonl"
    add_result(
        path, next(c for c in cells_of("mnist") if c.normal == "2" and c.method == "compact"), 0.95, 0.97
    )
    strict, paper = show_grid("mnist", str(path)).split("AUROC, paper protocol")
    assert "| mnist, 2 | 0.882 | 0.950 (0.940 to 0.960) |" in strict
    assert "| mnist, 2 | 0.882 | 0.970 (0.960 to 0.980) |" in paper
    assert "compact (R-score)" in strict


def test_an_average_needs_every_class(tmp_path):
    path = tmp_path / "mnist.jsonl"
    cells = [c for c in cells_of("mnist") if c.method == "neighbours"]
    for cell in cells[:-1]:
        add_result(path, cell, 0.9)
    assert "not run: 1 missing" in table_row(show_grid("mnist", str(path)), "**average**")
    add_result(path, cells[-1], 1.0)
    assert "**0.9100**" in table_row(show_grid("mnist", str(path)), "**average**")
    assert "| 0.938 |" in table_row(show_grid("mnist", str(path)), "**average**")


@pytest.mark.parametrize("data", ["svhn", "cifar100"])
def test_experiments_without_data_are_in_the_table(data, tmp_path):
    assert f"cifar10 against {data} |" in show_grid("table1", str(tmp_path / "none.jsonl"))


def test_strict_only_cells_are_in_the_strict_table_alone(tmp_path):
    path = tmp_path / "table1.jsonl"
    cell = next(c for c in cells_of("table1") if c.strict_only and c.against == "omniglot")
    names = ("score", "r_score", "a_score")
    append_result(path, {"cell": cell.as_dict(), "strict": {name: auroc_of(0.9) for name in names}})
    strict, paper = show_grid("table1", str(path)).split("AUROC, paper protocol")
    assert f"| {cell.method} | {cell.method} (R-score) | {cell.method} (A-score) |" in strict
    assert "| 0.900 (0.890 to 0.910) |" in table_row(strict, "fashion_mnist against omniglot")
    assert cell.method not in paper
    assert table_row(paper, "fashion_mnist against omniglot").count("not run") == 2
