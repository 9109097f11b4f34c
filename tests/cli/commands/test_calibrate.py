"""New normal samples behind the threshold."""

from __future__ import annotations

import os
import re
import shutil
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest

import ama
from ama.io.turns import in_turn
from children import command, end, start
from places import SMALL, weights


def test_a_model_is_calibrated_anew_in_its_place_or_another(call, tmp_path):
    shutil.copytree("photos.model", tmp_path / "model")
    words = ["calibrate", tmp_path / "model", "new-cats-and-dogs"]
    status, output, errors = call(*words, "--out", tmp_path / "other", "--false-alarm-rate", "0.1")
    assert (status, output) == (0, "")
    assert re.fullmatch(
        r"ama: note: new-cats-and-dogs has the labels cat \(30\), dog \(30\), and all samples were taken as normal: "
        r"choose with --normal-label\n"
        rf"ama: saved {tmp_path}/other: calibrated on 60 normal samples in place of 26; flags about 10% of normal "
        r"samples; Kolmogorov-Smirnov test of their scores against the former ones: p = 0\.\d+\n",
        errors,
    )
    assert (tmp_path / "model" / "config.json").read_bytes() == Path("photos.model/config.json").read_bytes()
    assert call(*words)[0] == 0
    new, old = ama.load(tmp_path / "model"), ama.load("photos.model")
    assert np.array_equal(new.score_samples("photos"), old.score_samples("photos"))
    assert new.false_alarm_rate == old.false_alarm_rate == 0.05
    with pytest.warns(UserWarning, match="has the labels cat .*, and all samples were taken as normal"):
        expected = old.calibrate("new-cats-and-dogs")
    assert np.array_equal(new.p_value("photos"), expected.p_value("photos"))
    assert new.offset_ == expected.offset_
    assert (new.predict("new-cats-and-dogs") == -1).mean() <= 0.05


def test_only_samples_of_a_normal_label_calibrate(call, tmp_path):
    words = ["calibrate", "photos.model", "photos", "--out", tmp_path / "model", "--normal-label", "dog"]
    status, _, errors = call(*words)
    assert status == 0
    assert "calibrated on 40 normal samples" in errors
    expected = ama.load("photos.model").calibrate("photos/dog")
    assert ama.load(tmp_path / "model").offset_ == expected.offset_


def test_rows_of_other_labels_are_not_read(call, tmp_path):
    """Not even where they hold what cannot be read."""
    table = pa.csv.read_csv("table.csv")
    bad = pa.table({**table.slice(len(table) - 1).to_pydict(), "b": [np.inf]})
    pa.csv.write_csv(pa.concat_tables([table, bad]), tmp_path / "t.csv")
    words = ["fit", "table.csv", "--label-column", "kind", "--normal-label", "cat", "dog", *SMALL]
    assert call(*words, "--out", tmp_path / "model")[0] == 0
    words = ["calibrate", tmp_path / "model", tmp_path / "t.csv", "--label-column", "kind", "--normal-label"]
    status, _, errors = call(*words, "cat", "dog")
    assert status == 0
    assert "calibrated on 80 normal samples" in errors
    status, _, errors = call(*words, "fox")
    assert status == 2
    assert "has inf in row 121 (counted from 1), column 'b'" in errors


def test_a_calibration_that_cannot_be_is_refused_and_leaves_the_model(call, tmp_path):
    shutil.copytree("photos.model", tmp_path / "model")
    for words, sentence in (
        ([tmp_path / "model", "table.csv"], "table.csv holds rows"),
        (
            [tmp_path / "model", "photos", "--false-alarm-rate", "2"],
            "false_alarm_rate must be a number between 0 and 1",
        ),
        ([tmp_path / "model", "photos", "--normal-label", "cow"], "no sample of photos has the label 'cow'"),
        ([tmp_path / "nothing", "photos"], f"there is no model at {tmp_path}/nothing"),
    ):
        status, output, errors = call("calibrate", *words)
        assert (status, output) == (2, "")
        assert sentence in errors
        assert len(errors.splitlines()) == 1
    assert weights(tmp_path / "model") == weights("photos.model")


@pytest.mark.filterwarnings("always")  # a note, not an error
def test_a_calibration_grows_or_keeps_the_latest_samples(call, tmp_path):
    shutil.copytree("photos.model", tmp_path / "model")
    for words, counts, rest in (
        (["--append"], "60 normal samples added to 26, 0 of the oldest left out, 86 in all", "5%"),
        (["--window", 70], "60 normal samples added to 86, 76 of the oldest left out, 70 in all", "5%"),
        (
            ["--append", "--window", 20],
            "60 normal samples added to 70, 110 of the oldest left out, 20 in",
            "5%",
        ),
    ):
        status, output, errors = call("calibrate", tmp_path / "model", "new-cats-and-dogs", *words)
        assert (status, output) == (0, "")
        said = errors.splitlines()[-1]
        assert counts in said
        assert f"flags about {rest} of normal samples" in said
        assert "test of the added scores against the former ones: p = " in said
        assert ("each of the 60 added scores equals a former one" in errors) == (words != ["--append"])
    status, _, errors = call("calibrate", tmp_path / "model", "new-cats-and-dogs", "--window", 0)
    assert (status, errors) == (2, "ama: window must be a whole number from 1, found 0\n")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_calibration_waits_for_another_and_adds_to_it(call, tmp_path):
    shutil.copytree("table.model", tmp_path / "model")
    pa.csv.write_csv(pa.csv.read_csv("table.csv").drop(["kind"]).slice(0, 25), tmp_path / "rows.csv")
    words = ["calibrate", tmp_path / "model", tmp_path / "rows.csv", "--append"]
    (tmp_path / "errors").touch()
    with in_turn(tmp_path / "model"):
        other = start(command(*words), tmp_path, tmp_path)
        said = f"ama: note: another calibration of {tmp_path}/model is waited for\n"
        while (tmp_path / "errors").read_text() != said:
            time.sleep(0.01)
        detector = ama.load(tmp_path / "model")
        before = len(detector.model_.calibration)
        detector.calibrate(tmp_path / "rows.csv", append=True).save(tmp_path / "model")
    ended = end(other, tmp_path)
    assert ended.status == 0, ended
    assert f"25 normal samples added to {before + 25}" in ended.errors
    assert sorted(os.listdir(tmp_path / "model")) == ["config.json", "weights.safetensors"]
