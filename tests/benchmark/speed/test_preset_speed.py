"""A step of the compact preset beside one of before, on images so small that it takes a second."""

from __future__ import annotations

import pytest

from ama.benchmark.speed import preset_speed
from ama.benchmark.speed.preset_speed import preset_row
from ama.benchmark.speed.speed_table import speed_table


def test_the_row_of_a_size_and_its_line(monkeypatch):
    monkeypatch.setattr(preset_speed, "ROUNDS", 3)  # other work may hold up one of them
    monkeypatch.setattr(preset_speed, "TIMED", 4)
    row = preset_row((1, 8, 8), 16, "float32")
    assert row["ratio"] == pytest.approx(row["step_ms_before"] / row["step_ms"])
    assert row["ratio"] > 1
    table = speed_table([row])
    assert table.startswith("| compact preset, a step | ms | before | times faster |")
    assert (
        f"| 8x8x1, batch 16, float32{', as auto chooses' * row['auto']} | {row['step_ms']:,.1f} | " in table
    )
