"""Rows to learn from are chosen among rows of which some may be anomalies."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ama.settings import COMPACT_TABULAR
from ama.training.split import split
from ama.training.trimming import counts, trimmed, trimming_notice


@pytest.fixture(scope="module")
def rows():
    """90 normal rows around 0, then 10 anomalies far from them that resemble one another."""
    normal = torch.randn(90, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return torch.cat([normal, 8 + 0.1 * normal[:10]])


def is_anomaly(rows):
    return rows[:, 0] > 5


def test_anomalies_that_resemble_one_another_are_left_out(rows):
    found = trimmed(rows, 0.1, seed=0)
    assert (len(found.usual), len(found.doubtful)) == (80, 10)
    assert not is_anomaly(rows[torch.cat([found.usual, found.doubtful])]).any()


def test_too_small_a_share_leaves_anomalies_to_calibrate_rather_than_to_learn_from(rows):
    found = trimmed(rows, 0.05, seed=0)
    assert not is_anomaly(rows[found.usual]).any()
    assert is_anomaly(rows[found.doubtful]).sum() == 5


def test_without_a_share_all_rows_are_usual(rows):
    found = trimmed(rows, 0.0, seed=0)
    assert torch.equal(rows[found.usual], rows)
    assert len(found.doubtful) == 0


@pytest.mark.parametrize("scale", [1e-300, 1.0, 1e300])
def test_the_choice_does_not_depend_on_the_scale_of_a_column(rows, scale):
    scaled = rows * torch.tensor([scale, 1.0, 1.0, 1.0], dtype=torch.float64)
    assert torch.equal(trimmed(scaled, 0.1, seed=0).usual, trimmed(rows, 0.1, seed=0).usual)


@given(st.integers(5, 10_000), st.floats(0, 0.4))
def test_some_rows_are_always_left_to_learn_from(n, share):
    left_out, doubtful = counts(n, share)
    assert 0 <= left_out <= left_out + doubtful < n
    assert abs(left_out - share * n) <= 0.5


def test_doubtful_rows_calibrate_by_the_same_share_as_the_others(rows):
    many = torch.cat([rows + 0.01 * i for i in range(5)])
    parts = split(many, COMPACT_TABULAR, seed=0)
    assert len(parts.doubtful) == 0
    chosen = split(many, _with(0.2), seed=0)
    usual = len(chosen.train) + len(chosen.unseen) + len(chosen.calibration)
    assert usual == len(many) - 200
    assert len(chosen.doubtful) == round(100 * len(chosen.calibration) / usual)
    assert not is_anomaly(chosen.train).any()


def _with(share):
    return replace(COMPACT_TABULAR, contamination_share=share)


def test_the_user_is_told_what_becomes_of_the_rows():
    assert trimming_notice(1000, 0.1) == (
        "contamination_share=0.1: of 1,000 rows the 100 most unusual are left out as possible anomalies, and 100 "
        "more are not learned from; normal rows like those left out may be flagged, beyond the false-alarm rate"
    )
