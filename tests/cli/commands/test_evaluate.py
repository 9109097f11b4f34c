"""Evaluations on labelled sources."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest

import ama
from ama.decision.metrics import evaluate
from places import refused


def test_anomalies_may_be_a_source_of_their_own(call, tmp_path):
    both = call("evaluate", "photos.model", "photos", "--normal-label", "cat")
    for kind in ("dog", "fox"):
        (tmp_path / kind).symlink_to(Path("photos", kind).resolve())
    apart = call("evaluate", "photos.model", "photos/cat", "--anomalies", tmp_path)
    assert both == apart
    assert "40 normal samples, 80 anomalies" in both[1]


def test_labels_that_both_sources_hold_are_said(call, tmp_path):
    status, _, errors = call("evaluate", "photos.model", "photos", "--anomalies", "photos/fox", "--strict")
    assert status == 0
    assert errors == "ama: note: photos has the labels cat, dog, fox; all samples were taken as normal\n"
    words = ["evaluate", "photos.model", "new-cats-and-dogs", "--anomalies", "photos"]
    said = (
        "new-cats-and-dogs and photos both have samples of the label cat, dog: the former are taken as normal"
    )
    assert said in call(*words)[2]
    assert refused(call(*words, "--strict"), rf"{said}, the latter as anomalies \(refused by strict\)")


def test_samples_without_a_label_are_said(call, tmp_path):
    table = pa.csv.read_csv("table.csv")
    kinds = [*table["kind"].to_pylist()[:-3], None, "", None]
    pa.csv.write_csv(table.set_column(4, "kind", pa.array(kinds)), tmp_path / "t.csv")
    words = [
        "evaluate",
        "table.model",
        tmp_path / "t.csv",
        "--label-column",
        "kind",
        "--normal-label",
        "cat",
        "dog",
    ]
    status, output, errors = call(*words)
    assert status == 0
    assert "80 normal samples, 40 anomalies" in output
    assert errors == f"ama: note: {tmp_path}/t.csv has 3 samples without a label, taken as anomalies\n"


def test_a_file_that_holds_no_results_is_kept(call):
    before = Path("table.model/config.json").read_bytes()
    words = ["evaluate", "table.model", "table.csv", "--label-column", "kind", "--normal-label", "cat"]
    result = call(*words, "--append-to", "table.model/config.json")
    assert refused(result, "cannot write table.model/config.json: it is no results file: .*")
    assert Path("table.model/config.json").read_bytes() == before


def test_an_evaluation_is_recorded_with_what_repeats_it(call, tmp_path):
    words = ["photos.model", "photos", "--normal-label", "cat", "dog"]
    results = tmp_path / "new" / "results.jsonl"
    for _ in range(2):
        status, output, errors = call("evaluate", *words, "--append-to", results)
        assert (status, errors) == (0, "")
    first, second = map(json.loads, results.read_text().splitlines())
    assert first["metrics"] == second["metrics"]
    detector = ama.load("photos.model")
    anomalous = np.arange(120) >= 80
    scores = detector.scores("photos")
    assert first["metrics"]["score"] == evaluate(scores.score.numpy(), anomalous).as_dict()
    assert first["metrics"]["a_score"] == evaluate(-scores.terms["a_score"].numpy(), anomalous).as_dict()
    assert first["metrics"]["r_score"] == evaluate(-scores.terms["r_score"].numpy(), anomalous).as_dict()
    flagged = detector.predict("photos") < 0
    assert first["false_alarm_rate"] == flagged[~anomalous].mean()
    assert f"{flagged[~anomalous].mean():.2%} of normal samples, {flagged[anomalous].mean():.2%} of" in output
    assert (first["source"], first["normal_label"]) == (["photos"], ["cat", "dog"])
    assert first["steps"] == first["settings"]["max_steps"] == first["parameters"]["max_steps"] == 8
    assert {"versions", "machine", "date", "command", "fit_seconds"} <= first.keys()


def test_the_other_scores_are_evaluated_beside_the_deciding_one(call):
    words = ["photos.model", "photos", "--normal-label", "cat", "dog"]
    _, output, _ = call("evaluate", *words)
    detector, anomalous = ama.load("photos.model"), np.arange(120) >= 80
    a_score, r_score = (
        f"{evaluate(detector.named_scores('photos')[name], anomalous).auroc.value:.4f}"
        for name in ("a_score", "r_score")
    )
    assert f"(by auto; AUROC by A-score {a_score}, by R-score {r_score})\n" in output


def test_a_results_file_that_cannot_be_written_is_refused_before_the_work(call, tmp_path):
    (tmp_path / "file").write_text("x")
    for name in ("file/results.jsonl", "."):
        words = ["photos.model", "photos", "--normal-label", "cat", "--append-to", tmp_path / name]
        status, output, errors = call("evaluate", *words)
        assert (status, output) == (2, "")
        assert errors.startswith(f"ama: cannot write {tmp_path / name}: ")


EVALUATIONS = [
    ([], "give either --normal-label or --anomalies, .*"),
    (["--normal-label", "cat", "--anomalies", "photos/fox"], "give either --normal-label or --anomalies, .*"),
    (["--normal-label", "cat", "dog", "fox"], "an evaluation needs .*, but photos holds only normal samples"),
    (["--normal-label", "cow"], "no sample of photos has the label 'cow'; its labels are cat, dog, fox"),
    (["--anomalies", "missing"], "there is no file or folder missing, .*"),
    (["--anomalies", "table.csv"], "table.csv holds rows, expected images .*"),
]


@pytest.mark.parametrize(("words", "sentence"), EVALUATIONS, ids=lambda value: " ".join(value)[:40])
def test_an_evaluation_needs_both_kinds_of_samples(call, words, sentence):
    assert refused(call("evaluate", "photos.model", "photos", *words), sentence)


def test_an_evaluation_needs_labels(call, bad):
    result = call("evaluate", "photos.model", bad / "flat", "--normal-label", "cat")
    assert refused(result, ".*flat has no labels, expected sub-folders, .*")
