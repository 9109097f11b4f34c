"""Swapped columns: the tables, and whether the map of a row points at the swapped one."""

from __future__ import annotations

import json

import numpy as np

from ama.benchmark.checks.swapped_columns import example_tables, swapped_columns


def test_the_tables_are_rows_of_several_columns():
    for rows in example_tables().values():
        assert rows.ndim == 2
        assert len(rows) > 150
        assert rows.shape[1] >= 10
        assert np.isfinite(rows).all()


def test_the_map_points_at_a_swapped_column_among_dependent_ones(tmp_path, capsys):
    results = tmp_path / "columns.jsonl"
    swapped_columns(str(results), max_steps=30, only="three hidden")
    [record] = [json.loads(line) for line in results.read_text().splitlines()]
    assert record["table"] == "three hidden columns"
    assert (record["rows"], record["columns"], record["splits"]) == (5 * 2400, 10, 5)
    assert 0 < record["flagged"] < 5 * 2400
    assert record["map"] > 0.6 > record["reconstruction_error"]
    assert f"{record['map']:.3f}" in capsys.readouterr().out.splitlines()[-1]
