"""Fits that hold out whole groups, and what the model then knows of them."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

import ama
from ama.baselines.neighbours import NearestNeighbours
from ama.decision.conformal import Drift
from ama.errors import InputError
from ama.report.model_card import model_card
from ama.report.verdict import scope_sentence

pytestmark = pytest.mark.filterwarnings("ignore:.*groups are held out")
HELD_OUT = r"groups are held out, .*: the false-alarm rate is that among samples of new groups"


def lots(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows of n lots that differ more than the five rows of a lot do, in random order; and their lots."""
    random = np.random.default_rng(seed)
    lot = random.permutation(np.repeat(np.arange(n), 5))
    return random.normal(size=(n, 8))[lot] + 0.05 * random.normal(size=(5 * n, 8)), lot


def chosen(**given) -> ama.AMADetector:
    return ama.AMADetector(
        max_steps=2, scoring="nearest_rows", random_state=0, progress=False, false_alarm_rate=0.1, **given
    )


def test_groups_keep_the_false_alarm_rate_among_new_ones():
    X, lot = lots(80, 0)
    later, _ = lots(80, 1)
    with pytest.warns(UserWarning, match=f"20 of 80 {HELD_OUT}$"):
        grouped = chosen().fit(X, groups=lot)
    with pytest.warns(
        UserWarning, match=r"for \d+% of the held-out samples a learned one is a copy or nearly one"
    ):
        alone = chosen().fit(X)
    assert (grouped.predict(later) == -1).mean() < 0.3
    assert (alone.predict(later) == -1).mean() > 0.8
    assert (grouped.held_out_from_, alone.held_out_from_) == ("groups", "anywhere")
    assert dict(model_card(grouped)[1][1])["holds for"].endswith(", of new groups, as these were")


def test_a_saved_model_knows_that_groups_were_held_out(tmp_path):
    X, lot = lots(30, 0)
    with pytest.warns(UserWarning, match=HELD_OUT):
        chosen().fit(X, groups=lot).save(tmp_path / "model")
    loaded = ama.load(tmp_path / "model")
    assert loaded.held_out_from_ == "groups"
    config = json.loads((tmp_path / "model" / "config.json").read_text())
    del config["held_out_from"]  # as an older ama saved it: AMADetector has it among its settings
    (tmp_path / "model" / "config.json").write_text(json.dumps(config))
    assert ama.load(tmp_path / "model").held_out_from_ == "groups"
    loaded.calibrate(lots(30, 1)[0]).save(tmp_path / "calibrated")
    assert ama.load(tmp_path / "calibrated").held_out_from_ is None
    assert dict(model_card(loaded)[1][1])["holds for"] == "samples from the same source as the held-out ones"


def test_a_baseline_knows_that_groups_were_held_out(tmp_path):
    X, lot = lots(30, 0)
    with pytest.warns(UserWarning, match=HELD_OUT):
        fitted = NearestNeighbours(random_state=0, false_alarm_rate=0.1, held_out=0.3).fit(X, groups=lot)
    fitted.save(tmp_path / "model")
    loaded = ama.load(tmp_path / "model")
    for detector in (fitted, loaded):
        assert dict(model_card(detector)[0][1])["training"].startswith("no steps, fitted in ")
        assert detector.held_out_from_ == "groups"
        assert dict(model_card(detector)[1][1])["holds for"].endswith(", of new groups, as these were")
        assert "samples of new groups" in scope_sentence(Drift(0.5, 1e-9, True), detector)
    config = json.loads((tmp_path / "model" / "config.json").read_text())
    del config["held_out_from"]  # as an older ama saved it
    (tmp_path / "model" / "config.json").write_text(json.dumps(config))
    old = ama.load(tmp_path / "model")
    assert old.held_out_from_ is None
    assert np.array_equal(old.score_samples(X), fitted.score_samples(X))
    assert dict(model_card(old)[1][1])["holds for"] == "samples from the same source as the held-out ones"
    old.save(tmp_path / "again")
    assert ama.load(tmp_path / "again").held_out_from_ is None


def test_names_rules_and_numbers_of_groups_give_the_same_model():
    X, lot = lots(30, 0)
    frame = pd.DataFrame(X, columns=list("abcdefgh")).assign(lot=lot)
    names = pd.Series([f"lot {number:02}" for number in lot])
    with pytest.warns(UserWarning, match=HELD_OUT):
        first, named = chosen().fit(frame[list("abcdefgh")], groups=lot), chosen().fit(X, groups=names)
    with pytest.warns(
        UserWarning, match="column 'lot' of the data frame makes the groups, and is no feature"
    ):
        ruled = chosen().fit(frame, groups="column:lot")
    assert first.offset_ == named.offset_ == ruled.offset_
    assert len(ruled.columns_) == 8


def test_known_anomalies_are_in_no_group():
    X, lot = lots(30, 0)
    anomalies = np.random.default_rng(2).normal(size=(10, 8)) + 9
    y = np.r_[np.ones(len(X)), -np.ones(10)]
    groups = np.r_[lot, np.full(10, -1)]
    with pytest.warns(UserWarning, match=f"of 30 {HELD_OUT}"):
        fitted = clone(chosen()).fit(np.r_[X, anomalies], y, groups=groups)
    assert (fitted.predict(anomalies) == -1).all()


def test_other_methods_hold_out_groups():
    X, lot = lots(80, 0)
    method = NearestNeighbours(false_alarm_rate=0.1, held_out=0.25, random_state=0)
    with pytest.warns(UserWarning, match=f"20 of 80 {HELD_OUT}"):
        method.fit(X, groups=lot)
    assert (method.predict(lots(80, 1)[0]) == -1).mean() < 0.3
    with pytest.warns(UserWarning, match="a learned one is a copy or nearly one"):
        method.fit(X)


def test_a_missing_name_makes_a_group_of_its_own():
    X, lot = lots(30, 0)
    names = [None if number == 3 else f"lot {number}" for number in lot]
    with pytest.warns(
        UserWarning, match="groups finds no group for 5 of 150 samples, such as .*: each is one"
    ):
        chosen().fit(X, groups=names)


@pytest.mark.parametrize(
    ("groups", "given", "sentence"),
    [
        (np.zeros(150), {}, "groups finds the same group for all 150 normal samples, expected several"),
        ([None] * 150, {}, "groups finds no group for any of 150 normal samples, such as 0"),
        ([1, 2], {}, "groups holds 2 values for 150 samples, expected one for each"),
        (
            np.zeros((150, 2)),
            {},
            r"groups cannot be used: expected a value for each sample, or a rule, found an array of shape \(150, 2\)",
        ),
        (
            3,
            {},
            "groups cannot be used: expected a value for each sample, or a rule, found an object of type int",
        ),
        ("folder", {}, "groups=folder finds the same group for all 150 normal samples"),
        ("time:1h", {}, "groups=time:1h needs photographs, which these samples do not have"),
        ("lots", {}, "groups must be folder, name:PATTERN, column:NAME or time:DURATION, found 'lots'"),
        (
            np.arange(150),
            {"held_out_from": "end"},
            "groups and held_out_from='end' both choose what is held out",
        ),
        (None, {"held_out_from": "groups"}, "held_out_from is 'groups', which needs groups, found none"),
    ],
)
def test_groups_that_cannot_be_held_out_are_refused(groups, given, sentence):
    with pytest.raises(InputError, match=f"^{sentence}"):
        chosen(**given).fit(lots(30, 0)[0], groups=groups)
