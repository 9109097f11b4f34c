"""A few kills of each kind; ``make kill`` does as many as one likes."""

from __future__ import annotations

import os

import pytest

from kill.killing import kill_all


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:a false-alarm rate")
def test_whatever_is_killed_leaves_the_older_or_the_newer_and_comes_to_its_end(tmp_path):
    outcomes = list(kill_all(8, 0, tmp_path / "place"))
    assert [outcome for outcome in outcomes if outcome.fault] == []
    assert sum(outcome.kills for outcome in outcomes) > 2
