"""``--json``: one object on standard output, whatever becomes of the command; standard error is as without it."""

from __future__ import annotations

import json
import os
import sys

import numpy as np
import pytest

import ama
from children import command, end, start
from places import SMALL


def only_object(output: str) -> dict:
    """The object, if there is nothing else on standard output."""
    assert output.count("\n") == 1
    return json.loads(output)


def test_a_score_has_what_the_sentences_say(call, bad, tmp_path):
    words = ["score", "photos.model", bad / "mixed", "--out"]
    _, _, sentences = call(*words, tmp_path / "a.csv", "--watch-state", tmp_path / "a.json")
    status, output, errors = call(*words, tmp_path / "b.csv", "--watch-state", tmp_path / "b.json", "--json")
    assert status == 0
    assert errors == sentences.replace("a.csv", "b.csv")
    told = only_object(output)
    detector = ama.load("photos.model")
    assert told["command"] == "score"
    assert (told["status"], told["error"]) == (0, None)
    assert (told["samples"], told["out"]) == (60, str(tmp_path / "b.csv"))
    assert told["flagged"] == (tmp_path / "b.csv").read_text().count(",true")
    assert told["threshold"] == detector.offset_
    assert told["false_alarm_rate"] == detector.guaranteed_rate
    assert 0 <= told["drift"]["p_value"] <= 1
    assert (told["watch"]["seen"], told["watch"]["runs"]) == (60, 1)
    assert [f"ama: note: {note}" for note in told["notes"]] == errors.splitlines()[:3]
    assert [f"ama: {line}" for line in told["summary"]] == errors.splitlines()[3:]


def test_metrics_have_all_their_digits(call):
    words = ["evaluate", "photos.model", "photos", "--normal-label", "cat", "dog"]
    _, text, _ = call(*words)
    told = only_object(call(*words, "--json")[1])
    metrics = told["metrics"]["score"]
    assert metrics.keys() == {"auroc", "average_precision", "fpr_at_95_recall", "n_normal", "n_anomalous"}
    assert f"AUROC                         {metrics['auroc']['value']:.4f}" in text
    assert f"{told['flagged']['normal']:.2%} of normal samples, {told['flagged']['anomalous']:.2%} of" in text
    assert told["localisation"] is None


def test_the_limit_of_false_discoveries_has_no_threshold(call, tmp_path):
    call("fit", "table.csv", "--out", tmp_path / "model", *SMALL)
    words = ["score", tmp_path / "model", "table.csv", "--out", tmp_path / "scores.csv", "--json"]
    told = only_object(call(*words, "--fdr", "0.2")[1])
    assert (told["fdr"], told["threshold"], told["false_alarm_rate"]) == (0.2, None, None)
    assert only_object(call(*words)[1])["threshold"] == ama.load(tmp_path / "model").offset_


def test_a_fit_and_a_calibration_have_their_threshold(call, tmp_path):
    model = tmp_path / "model"
    told = only_object(call("fit", "table.csv", "--out", model, *SMALL, "--json")[1])
    detector = ama.load(model)
    assert (told["model"], told["samples"], told["steps"]) == (str(model), 120, detector.n_steps_)
    assert (told["threshold"], told["false_alarm_rate"]) == (detector.offset_, detector.guaranteed_rate)
    told = only_object(call("calibrate", model, "table.csv", "--json")[1])
    assert told["threshold"] == ama.load(model).offset_
    assert told["calibration"] == {"before": len(detector.model_.calibration), "after": 120}
    assert told["moved"].keys() == {"p_value", "lower"}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["score", "nowhere", "photos", "--out", "a.csv"], "there is no model at nowhere"),
        (["score", "photos.model", "photos"], "--json needs --out: standard output holds one JSON object"),
        (["score", "photos.model", "photos", "--nonsense"], "score: there is no option --nonsense"),
        (["nonsense"], "there is no command 'nonsense'"),
    ],
)
def test_an_error_is_in_the_object_too(call, words, sentence):
    status, output, errors = call(*words, "--json")
    told = only_object(output)
    assert (status, told["status"], told["command"]) == (2, 2, words[0])
    assert told["error"].startswith(sentence)
    assert errors == f"ama: {told['error']}\n"


def test_a_configuration_file_may_ask_for_it(call, tmp_path):
    (tmp_path / "options.yaml").write_text("json: true\n")
    words = ["score", "photos.model", "photos", "--out", tmp_path / "a.csv"]
    assert only_object(call(*words, "--config", tmp_path / "options.yaml")[1])["samples"] == 120


def test_help_is_help(call):
    assert call("score", "--help", "--json") == call("score", "--help")
    assert "one JSON object on stdout" in call("score", "--help")[1]


@pytest.mark.skipif(sys.platform != "linux", reason="there is no full device")
def test_an_object_that_is_lost_is_no_success(place, tmp_path, tmp_path_factory):
    streams = tmp_path_factory.mktemp("streams")
    np.save(tmp_path / "rows.npy", np.random.default_rng(0).normal(size=(5, 3)))

    def work() -> int:
        with open("/dev/full", "w") as full:
            os.dup2(full.fileno(), 1)
        return command("score", place / "table.model", "rows.npy", "--out", "a.csv", "--json")()

    done = end(start(work, tmp_path, streams), streams)
    assert done.status == 1
    assert done.errors.splitlines()[-1] == "ama: cannot write to standard output: No space left on device"
