"""The model that a command scores with: in which type, and what is said of it."""

from __future__ import annotations

import csv

import numpy as np
import pytest

import ama
from ama.cli import loaded_model
from ama.cli.main import main


@pytest.fixture
def place(digits, tmp_path, monkeypatch):
    """A folder with a model that scores in bfloat16, and samples."""
    monkeypatch.chdir(tmp_path)
    given = {"max_steps": 20, "scoring_precision": "bfloat16", "held_out": 0.3, "progress": False}
    ama.AMADetector(**given, random_state=0).fit(digits[0][:300]).save("model")
    np.savez("new.npz", X=digits[0][300:340])
    return tmp_path


def scores(*words):
    assert main(["score", "model", "new.npz", "--out", "scores.csv", *words]) == 0
    with open("scores.csv", newline="") as file:
        return list(csv.DictReader(file))


def test_scores_in_float32_have_their_own_p_values(place, digits):
    usual, in_float32 = scores(), scores("--float32")
    twin = ama.load("model", float32=True)
    assert [float(row["score"]) for row in in_float32] == twin.score_samples(digits[0][300:340]).tolist()
    assert [float(row["p_value"]) for row in in_float32] == twin.p_value(digits[0][300:340]).tolist()
    assert [row["score"] for row in usual] != [row["score"] for row in in_float32]


def test_where_bfloat16_is_slow_the_option_is_named(place, monkeypatch, capsys):
    monkeypatch.setattr(loaded_model, "multiplies_bfloat16", lambda device: False)
    scores()
    assert f"ama: {loaded_model.EMULATED}\n" in capsys.readouterr().err
    scores("--float32")
    assert loaded_model.EMULATED not in capsys.readouterr().err
