"""Tables show what was run, beside what the paper prints, and nothing else."""

from __future__ import annotations

import pytest

from ama.benchmark.tables.grid import SEEDS, cells_of
from ama.benchmark.tables.show_grid import show
from ama.io.results_files import append_result


def metric(value):
    return {"auroc": {"value": value, "low": value - 0.01, "high": value + 0.01}}


def add(path, cell, value, paper=None):
    names = ("score", "r_score", "a_score") if cell.method not in ("neighbours", "pca") else ("score",)
    append_result(
        path,
        {
            "cell": cell.as_dict(),
            "strict": {name: metric(value) for name in names},
            "paper": {name: metric(paper or value) for name in names},
        },
    )


def row(table, start):
    return next(line for line in table.splitlines() if line.startswith(f"| {start}"))


def test_without_results_every_cell_is_not_run(tmp_path):
    table = show("mnist", str(tmp_path / "none.jsonl"))
    assert table.startswith("0 of 30 cells run.")
    assert row(table, "mnist, 2") == "| mnist, 2 | 0.882 | not run | not run | not run |"


def test_results_stand_beside_the_papers_and_the_protocols_apart(tmp_path):
    path = tmp_path / "mnist.jsonl"
    add(path, next(c for c in cells_of("mnist") if c.normal == "2" and c.method == "compact"), 0.95, 0.97)
    strict, paper = show("mnist", str(path)).split("AUROC, paper protocol")
    assert "| mnist, 2 | 0.882 | 0.950 (0.940 to 0.960) |" in strict
    assert "| mnist, 2 | 0.882 | 0.970 (0.960 to 0.980) |" in paper
    assert "compact (R-score)" in strict


def test_an_average_needs_every_class(tmp_path):
    path = tmp_path / "mnist.jsonl"
    cells = [c for c in cells_of("mnist") if c.method == "neighbours"]
    for cell in cells[:-1]:
        add(path, cell, 0.9)
    assert "not run: 1 missing" in row(show("mnist", str(path)), "**average**")
    add(path, cells[-1], 1.0)
    assert "**0.9100**" in row(show("mnist", str(path)), "**average**")
    assert "| 0.938 |" in row(show("mnist", str(path)), "**average**")


def test_ablations_are_means_over_seeds_with_their_spread(tmp_path):
    path = tmp_path / "ablations.jsonl"
    cells = [
        c for c in cells_of("ablations") if c.method == "k = 2" and c.data == "mnist" and c.normal == "3"
    ]
    assert [cell.seed for cell in cells] == list(SEEDS)
    add(path, cells[0], 0.90)
    add(path, cells[1], 0.92)
    assert "| k = 2 | 0.910 ± 0.014, 2 of 3 seeds | not run |" in show("ablations", str(path))


def test_other_scores_of_the_whole_are_lines_of_the_ablations(tmp_path):
    path = tmp_path / "ablations.jsonl"
    cell = next(c for c in cells_of("ablations") if c.method == "compact" and c.data == "mnist")
    append_result(path, {"cell": cell.as_dict(), "strict": {"score": metric(0.9), "rotation": metric(0.8)}})
    table = show("ablations", str(path))
    assert row(table, "compact |").startswith("| compact | 0.900, 1 of 3 seeds |")
    assert row(table, "compact, by turn alone").startswith("| compact, by turn alone | 0.800, 1 of 3 seeds |")


def test_minutes_stand_beside_what_they_buy(tmp_path):
    path = tmp_path / "minutes.jsonl"
    cells = [c for c in cells_of("minutes") if c.method == "compact" and c.data == "mnist"]
    for cell, seconds in zip(cells[:2], (12.4, None), strict=True):
        append_result(
            path, {"cell": cell.as_dict(), "strict": {"score": metric(0.9)}, "fit_seconds": seconds}
        )
    table = show("minutes", str(path))
    assert "| mnist, 3 | compact | 300 | 12 | 0.900 |" in table
    assert "| mnist, 3 | compact | 700 | cut off | 0.900 |" in table
    assert "| mnist, 3 | compact | 1500 | not run | not run |" in table
    assert "| mnist, 3 | neighbours | - | not run | not run |" in table


@pytest.mark.parametrize("data", ["svhn", "cifar100"])
def test_what_needs_data_that_few_have_is_in_the_table_all_the_same(data, tmp_path):
    assert f"cifar10 against {data} |" in show("table1", str(tmp_path / "none.jsonl"))


def test_what_sees_no_anomaly_before_the_test_is_in_the_strict_table_alone(tmp_path):
    path = tmp_path / "table1.jsonl"
    cell = next(c for c in cells_of("table1") if c.strict_only and c.against == "omniglot")
    names = ("score", "r_score", "a_score")
    append_result(path, {"cell": cell.as_dict(), "strict": {name: metric(0.9) for name in names}})
    strict, paper = show("table1", str(path)).split("AUROC, paper protocol")
    assert f"| {cell.method} | {cell.method} (R-score) | {cell.method} (A-score) |" in strict
    assert "| 0.900 (0.890 to 0.910) |" in row(strict, "fashion_mnist against omniglot")
    assert cell.method not in paper
    assert row(paper, "fashion_mnist against omniglot").count("not run") == 2


def test_competitors_stand_beside_what_is_printed_of_them(tmp_path):
    path = tmp_path / "mnist_methods.jsonl"
    add(tmp_path / "mnist.jsonl", next(c for c in cells_of("mnist") if c.method == "compact"), 0.75)
    add(path, next(c for c in cells_of("mnist_methods") if c.method == "Deep SVDD" and c.normal == "1"), 0.5)
    table = show("mnist_methods", str(path))
    assert table.startswith("1 of 70 cells run.")
    assert row(table, "Deep SVDD |").startswith("| Deep SVDD | not run | 0.500 | not run |")
    assert row(table, "Deep SVDD, in its own paper").startswith(
        "| Deep SVDD, in its own paper | 0.980 | 0.997 |"
    )
    assert row(table, "FGAN, in the AMA paper").endswith("| 0.408 | 0.504 |")
    assert row(table, "AnoGAN (2,000 test images)").endswith("| not run |")
    # The compact preset and the paper's own figures are lines of the same table.
    assert row(table, "paper-form, falling rate, in the AMA paper, its own networks").endswith(
        "| 0.948 | 0.938 |"
    )
    assert row(table, "compact |").startswith("| compact | 0.750 | not run |")


def test_a_likelihood_is_shown_beside_what_was_made_of_it(tmp_path):
    path = tmp_path / "table1_methods.jsonl"
    cell = next(
        c for c in cells_of("table1_methods") if c.method == "input complexity" and c.against == "mnist"
    )
    found = {"score": metric(0.9), "likelihood": metric(0.1), "complexity": metric(0.8)}
    append_result(path, {"cell": cell.as_dict(), "strict": found, "paper": found})
    table = show("table1_methods", str(path))
    assert row(table, "input complexity |").startswith("| input complexity | 0.900 | not run |")
    assert row(table, "input complexity: likelihood").startswith(
        "| input complexity: likelihood alone | 0.100 |"
    )
    assert row(table, "input complexity, in the AMA paper").startswith(
        "| input complexity, in the AMA paper | 0.967 | 1.000 |"
    )


def test_a_row_has_a_dash_where_the_grid_has_no_cell(tmp_path):
    path = tmp_path / "table1_methods.jsonl"
    add(path, next(c for c in cells_of("table1_methods") if c.method == "WAIC" and c.jpeg), 0.6)
    table = show("table1_methods", str(path))
    head = row(table, "AUROC, strict protocol")
    assert head.endswith("| cifar10 against tiny_imagenet32, both through JPEG |")
    assert row(table, "WAIC |").endswith("| not run | 0.600 |")
    # Longer trainings are not in the grid with that coding; what is printed of a pair stands under both.
    assert row(table, "compact, 10,000 steps |").endswith("| not run | - |")
    assert row(table, "WAIC, in the AMA paper").endswith("| - | 0.626 |")
