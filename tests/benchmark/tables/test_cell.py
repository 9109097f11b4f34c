"""Cells that share a training."""

from __future__ import annotations

from ama.benchmark.tables.cell import Cell, group_by_training
from ama.benchmark.tables.compared_methods import AMA
from ama.benchmark.tables.grid import cells_of


def test_a_baseline_is_trained_once_for_all_sets_of_anomalies():
    groups = group_by_training(cells_of("table1_methods"))
    assert {cell for group in groups for cell in group} == set(cells_of("table1_methods"))
    assert sum(map(len, groups)) == len(cells_of("table1_methods"))
    for group in groups:
        assert len({(c.data, c.method, c.seed, c.jpeg) for c in group}) == 1
    [served] = [g for g in groups if (g[0].data, g[0].method) == ("fashion_mnist", "WAIC")]
    assert [cell.against for cell in served] == ["mnist", "omniglot"]
    for grid in ("mnist", "ablations", "smoke"):
        assert [group for group in group_by_training(cells_of(grid)) if len(group) > 1] == []


def test_ama_is_trained_once_for_all_sets_of_anomalies_that_it_does_not_see():
    groups = [
        group for group in group_by_training(cells_of("table1")) if len(group) > 1 and group[0].method in AMA
    ]
    assert [(group[0].data, [cell.against for cell in group]) for group in groups] == [
        ("fashion_mnist", ["mnist", "omniglot"]),
        ("cifar10", ["svhn", "tiny_imagenet32", "cifar100"]),
        ("svhn", ["cifar10", "tiny_imagenet32", "cifar100"]),
    ] * 2  # the longer training, and the one with bounded terms
    assert all(cell.strict_only for group in groups for cell in group)
    # A training with known anomalies serves one set of them.
    known = [
        Cell("fashion_mnist", None, against, "with 10 real anomalies", strict_only=True) for against in "ab"
    ]
    assert group_by_training(known) == [[cell] for cell in known]
