"""The fast step and the literal one detect alike: trained both ways on scanned digits."""

from __future__ import annotations

import pytest

from ama.benchmark.guard import guard
from ama.results import read_results


def test_both_ways_of_training_detect_alike_on_digits(tmp_path, capsys):
    found = guard(None, None, None, steps=150, seeds=2, append_to=str(tmp_path / "guard.jsonl"))
    # Two short trainings each; the benchmark's three long ones are held to 0.005.
    assert abs(found["difference_of_means"]) < 0.03
    assert min(found["fast"] + found["literal"]) > 0.85
    [record] = read_results(tmp_path / "guard.jsonl")
    assert record["fast"] == found["fast"]
    assert record["difference_of_means"] == pytest.approx(
        sum(record["fast"]) / 2 - sum(record["literal"]) / 2, abs=1e-4
    )
    assert "| digits | 150 |" in capsys.readouterr().out
