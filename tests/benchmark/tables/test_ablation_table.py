"""The table of the ablations: means over seeds."""

from __future__ import annotations

from ama.benchmark.tables.cell import SEEDS
from ama.benchmark.tables.grid import cells_of
from ama.benchmark.tables.show_grid import show_grid
from ama.io.results_files import append_result
from grid_records import add_result, auroc_of, table_row


def test_ablations_are_means_over_seeds_with_standard_deviations(tmp_path):
    path = tmp_path / "ablations.jsonl"
    cells = [
        c for c in cells_of("ablations") if c.method == "k = 2" and c.data == "mnist" and c.normal == "3"
    ]
    assert [cell.seed for cell in cells] == list(SEEDS)
    add_result(path, cells[0], 0.90)
    add_result(path, cells[1], 0.92)
    assert "| k = 2 | 0.910 ± 0.014, 2 of 3 seeds | not run |" in show_grid("ablations", str(path))


def test_every_score_of_the_whole_has_a_line(tmp_path):
    path = tmp_path / "ablations.jsonl"
    cell = next(c for c in cells_of("ablations") if c.method == "compact" and c.data == "mnist")
    append_result(
        path, {"cell": cell.as_dict(), "strict": {"score": auroc_of(0.9), "rotation": auroc_of(0.8)}}
    )
    table = show_grid("ablations", str(path))
    assert table_row(table, "compact |").startswith("| compact | 0.900, 1 of 3 seeds |")
    assert table_row(table, "compact, by rotation alone").startswith(
        "| compact, by rotation alone | 0.800, 1 of 3 seeds |"
    )


def test_a_score_that_an_experiment_does_not_have_is_no_missing_result(tmp_path):
    path = tmp_path / "faster.jsonl"
    for data, term in (("mnist", "nearest_images"), ("cifar10", "rotated_memory_bank")):
        cell = next(c for c in cells_of("faster") if c.method == "compact" and c.data == data)
        append_result(path, {"cell": cell.as_dict(), "strict": {"score": auroc_of(0.9), term: auroc_of(0.8)}})
    table = show_grid("faster", str(path))
    assert table_row(table, "compact, by nearest_images alone").endswith("| 0.800, 1 of 3 seeds | - | - |")
    assert table_row(table, "compact, by rotated_memory_bank alone").endswith(
        "| - | 0.800, 1 of 3 seeds | - |"
    )


def test_every_method_shows_its_other_scores_where_none_is_the_whole(tmp_path):
    path = tmp_path / "readings.jsonl"
    cell = next(c for c in cells_of("readings") if c.method == "small authors")
    scores = {"score": auroc_of(0.9), "a_score": auroc_of(0.9), "r_score": auroc_of(0.8)}
    append_result(path, {"cell": cell.as_dict(), "parameters": {"scoring": "a_score"}, "strict": scores})
    table = show_grid("readings", str(path))
    assert table_row(table, "small authors |").startswith("| small authors | 0.900, 1 of 3 seeds |")
    row = table_row(table, "small authors, by r_score alone")
    assert row.startswith("| small authors, by r_score alone | 0.800, 1 of 3 seeds |")
    assert "by a_score alone" not in table
