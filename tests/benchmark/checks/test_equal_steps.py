"""The fast step and the reference step lead to about the same AUROC on scanned digits."""

from __future__ import annotations

import pytest

from ama.benchmark.checks.equal_steps import equal_steps
from ama.errors import InputError
from ama.io.results_files import read_results


def test_both_steps_reach_about_the_same_auroc(tmp_path, capsys):
    found = equal_steps(None, None, None, steps=40, seeds=2, append_to=str(tmp_path / "equal_steps.jsonl"))
    # Two short trainings each; the limit for the benchmark's three long ones is 0.005.
    assert abs(found["difference_of_means"]) < 0.03
    assert min(found["fast"] + found["reference"]) > 0.85
    [record] = read_results(tmp_path / "equal_steps.jsonl")
    assert record["fast"] == found["fast"]
    assert record["difference_of_means"] == pytest.approx(
        sum(record["fast"]) / 2 - sum(record["reference"]) / 2, abs=1e-4
    )
    assert "| digits | 40 |" in capsys.readouterr().out


def test_a_source_without_the_others_is_refused():
    with pytest.raises(InputError, match="--train, --test and --normal-label go together"):
        equal_steps("digits", None, "3", steps=1, seeds=1, append_to=None)
