"""The command line answers quickly."""

from __future__ import annotations

from ama.benchmark.speed.start_times import start_times


def test_help_and_scores_of_a_few_images_are_quick():
    found = start_times(rounds=1)
    assert found["help_seconds"] < 0.5
    assert found["score_10_images_seconds"] < 10  # 3 s on an idle machine; tests share the cores
