"""A large file is scored completely, and its speed and memory are reported."""

from __future__ import annotations

import json

import pytest

from ama.benchmark.speed.streamed_scoring import streamed_scoring
from ama.errors import InputError


def test_every_sample_is_scored_and_the_cost_is_reported(tmp_path, capsys):
    found = streamed_scoring(40_000, str(tmp_path / "results.jsonl"), rows=True, max_steps=20)
    assert found["rows"] == 40_000
    assert found["peak_resident_gib"] < 4  # of the whole test process
    assert found["rows_per_second"] > 1000
    assert 0 < found["processor_seconds_of_the_fit"] < 100
    line = json.loads((tmp_path / "results.jsonl").read_text())
    assert line["command"] == "ama benchmark stream --n 40000 --rows"
    assert "rows per second" in capsys.readouterr().out


def test_too_few_samples_to_compare_their_ends_are_refused():
    with pytest.raises(InputError, match=r"^--n must be a whole number of at least 10000, found 2000$"):
        streamed_scoring(2000, None)
    with pytest.raises(InputError, match=r"^--n must be a whole number of at least 40000, found 30000$"):
        streamed_scoring(30_000, None, rows=True)
