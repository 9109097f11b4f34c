"""The speed benchmark on a case small enough for a test: its rows, and their table."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from ama.benchmark.speed.scoring_speed import scoring_row
from ama.benchmark.speed.speed_cases import CASES, Case
from ama.benchmark.speed.speed_table import speed_table
from ama.benchmark.speed.training_speed import training_row
from ama.utils.processors import multiplies_bfloat16

PEAKS = {
    dtype: {"forward": 1e12, "training": 1e12, "matmul": 1e12} for dtype in (torch.bfloat16, torch.float32)
}
TINY = Case(
    "tiny",
    (1, 8, 8),
    dataclasses.replace(
        CASES[-1].settings, encoder_width=4, generator_width=4, discriminator_width=4, full_resolution=True
    ),
    rounds=2,
    n_scored=300,
)


@pytest.fixture(scope="module")
def rows():
    typed = TINY.typed("bfloat16")
    return [training_row(typed, PEAKS), scoring_row(typed, PEAKS)]


def test_ratios_and_fractions_follow_from_the_times(rows):
    training, scoring = rows
    assert training["ratio"] == pytest.approx(training["reference_step_ms"] / training["step_ms"])
    assert training["images_per_second"] == pytest.approx(
        1e3 * TINY.settings.batch_size / training["step_ms"]
    )
    assert scoring["ratio"] == pytest.approx(
        scoring["images_per_second"] / scoring["reference_images_per_second"]
    )
    assert 0 < training["fraction_of_peak"] < 1


def test_the_reference_takes_more_operations(rows):
    for row in rows:
        assert row["reference_gflop_per_image"] > row["gflop_per_image"] > 0


def test_the_memory_is_that_of_a_whole_process(rows):
    for row in rows:
        assert 0.1 < row["peak_resident_gib"] < 4


def test_the_table_shows_every_row(rows):
    table = speed_table(rows)
    chosen = ", as auto chooses" if multiplies_bfloat16("cpu") else ""
    assert table.count(f"| tiny, bfloat16{chosen} |") == 2
    assert "| training |" in table
    assert "| scoring |" in table
