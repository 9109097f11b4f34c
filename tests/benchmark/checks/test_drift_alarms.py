"""The simulation runs the same tests as the package does, many streams at a time."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ama.benchmark.checks.drift_alarms import (
    BATCH,
    CASES,
    NEVER,
    Case,
    batch_alarms,
    drift_alarms,
    summary,
    watch_alarms,
)
from ama.decision.conformal import drift
from ama.decision.martingale import DriftMartingale


def test_the_alarms_of_batches_are_those_of_the_test_of_the_package(rng):
    held_out, streams = rng.normal(size=(20, 500)), rng.normal(size=(20, 1000))
    expected = []
    for reference, stream in zip(held_out, streams, strict=True):
        p = [drift(batch, reference).p_value for batch in stream.reshape(-1, BATCH)]
        expected.append(next((BATCH * (i + 1) for i, found in enumerate(p) if found <= 0.2), NEVER))
    assert batch_alarms(held_out, streams, 0.2).tolist() == expected
    assert len(set(expected)) > 2


def test_the_alarms_of_the_watch_are_about_those_of_the_class(rng):
    held_out = rng.normal(size=(20, 200)).astype(np.float32)
    streams = rng.normal(size=(20, 300)).astype(np.float32) - 3
    found = watch_alarms(held_out, streams)
    for alarm, reference, stream in zip(found, held_out, streams, strict=True):
        test = DriftMartingale(reference)
        test.update(stream)
        assert test.alarm_at == pytest.approx(alarm, abs=3)  # the random draws differ


def test_a_summary_counts_alarms_before_the_change_as_false():
    alarms = np.array([5, 12, 20, NEVER])
    assert summary(alarms, Case(1.0, 11)) == {"false": 1, "found": 2, "median_delay": 10}
    assert summary(alarms, Case(0.0, 1)) == {"false": 3}
    assert summary(np.array([NEVER, NEVER, 12]), Case(1.0, 11))["median_delay"] is None


def test_a_record_for_each_kind_of_stream(tmp_path, capsys):
    drift_alarms(str(tmp_path / "drift.jsonl"), 2)
    records = [json.loads(line) for line in (tmp_path / "drift.jsonl").read_text().splitlines()]
    assert [(r["lowered"], r["first"]) for r in records] == list(CASES)
    assert len(capsys.readouterr().out.splitlines()) == 1 + len(CASES)
