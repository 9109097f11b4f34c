"""The table of a comparison: methods and their published numbers."""

from __future__ import annotations

from ama.benchmark.tables.grid import cells_of
from ama.benchmark.tables.show_grid import show_grid
from ama.io.results_files import append_result
from grid_records import TRAINED, add_result, auroc_of, table_row


def test_competitors_are_shown_with_their_published_numbers(tmp_path):
    path = tmp_path / "mnist_methods.jsonl"
    add_result(tmp_path / "mnist.jsonl", next(c for c in cells_of("mnist") if c.method == "compact"), 0.75)
    add_result(
        path, next(c for c in cells_of("mnist_methods") if c.method == "Deep SVDD" and c.normal == "1"), 0.5
    )
    table = show_grid("mnist_methods", str(path))
    assert table.startswith("1 of 80 cells run.")
    assert table_row(table, "Deep SVDD |").startswith("| Deep SVDD | not run | 0.500 | not run |")
    assert table_row(table, "Deep SVDD, in its own paper").startswith(
        "| Deep SVDD, in its own paper | 0.980 | 0.997 |"
    )
    assert table_row(table, "FGAN, in the AMA paper").endswith("| 0.408 | 0.504 |")
    assert table_row(table, "AnoGAN (2,000 test images)").endswith("| not run |")
    # The compact preset and the paper's own numbers are lines of the same table.
    assert table_row(table, "paper-form, falling rate, in the AMA paper, its own networks").endswith(
        "| 0.948 | 0.938 |"
    )
    assert table_row(table, "compact |").startswith("| compact | 0.750 | not run |")


def test_a_likelihood_is_shown_beside_the_score_derived_from_it(tmp_path):
    path = tmp_path / "table1_methods.jsonl"
    cell = next(
        c for c in cells_of("table1_methods") if c.method == "input complexity" and c.against == "mnist"
    )
    found = {"score": auroc_of(0.9), "likelihood": auroc_of(0.1), "complexity": auroc_of(0.8)}
    append_result(path, {"cell": cell.as_dict(), **TRAINED, "strict": found, "paper": found})
    table = show_grid("table1_methods", str(path))
    assert table_row(table, "input complexity |").startswith("| input complexity | 0.900 | not run |")
    assert table_row(table, "input complexity: likelihood").startswith(
        "| input complexity: likelihood alone | 0.100 |"
    )
    assert table_row(table, "input complexity, in the AMA paper").startswith(
        "| input complexity, in the AMA paper | 0.967 | 1.000 |"
    )


def test_a_row_has_a_dash_where_the_grid_has_no_cell(tmp_path):
    path = tmp_path / "table1_methods.jsonl"
    add_result(path, next(c for c in cells_of("table1_methods") if c.method == "WAIC" and c.jpeg), 0.6)
    table = show_grid("table1_methods", str(path))
    head = table_row(table, "AUROC, strict protocol")
    assert head.endswith("| cifar10 against tiny_imagenet32, both through JPEG |")
    assert table_row(table, "WAIC |").endswith("| not run | 0.600 |")
    # The grid has no longer training on JPEG images; the published number is shown for both codings.
    assert table_row(table, "compact, 10,000 steps |").endswith("| not run | - |")
    assert table_row(table, "WAIC, in the AMA paper").endswith("| - | 0.626 |")
