"""Scores of whole sources: the same by every way, whole or not there, and what threshold they are held to."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

import ama
from ama.decision.conformal import discoveries
from ama.detectors.drift_watch import DriftWatch
from ama.io.turns import in_turn
from children import Ended, command, end, start
from places import CLASSES, COLUMNS, EACH, SMALL, read, refused, weights


@pytest.mark.filterwarnings("ignore:column 'kind' of table.csv is left out")
@pytest.mark.parametrize("name", ["scores.parquet", "scores.csv"])
@pytest.mark.parametrize(("model", "source"), [("photos.model", "photos"), ("table.model", "table.csv")])
def test_scores_are_those_of_the_detector_and_say_the_same_thrice(call, tmp_path, name, model, source):
    status, output, errors = call("score", model, source, "--out", tmp_path / name)
    assert (status, output) == (0, "")
    table = read(tmp_path / name)
    assert table.schema.names == COLUMNS
    assert table.schema.types == [pa.string(), *[pa.float64()] * 4, pa.bool_()]
    detector = ama.load(model)
    columns = {column: table[column].to_numpy() for column in COLUMNS}
    for column, method in (
        ("r_score", detector.r_score),
        ("a_score", detector.a_score),
        ("score", detector.score_samples),
        ("p_value", detector.p_value),
    ):
        assert np.array_equal(columns[column], method(source)), column
    assert np.array_equal(columns["anomaly"], columns["score"] < detector.offset_)
    assert np.array_equal(columns["anomaly"], columns["p_value"] <= detector.false_alarm_rate)
    assert np.array_equal(columns["anomaly"], detector.predict(source) < 0)
    assert 0 < columns["anomaly"].sum() < len(table)
    flagged = columns["anomaly"].sum()
    *notes, scored, drift = errors.splitlines()
    unused = "ama: note: column 'kind' of table.csv is left out, as the model does not use it"
    assert notes == ([unused] if source == "table.csv" else [])
    assert scored == f"ama: scored 120 samples, {flagged} flagged as anomalies; wrote {tmp_path / name}"
    assert f"held-out normal samples: p = {detector.drift(source).p_value:.2g})" in drift
    assert os.listdir(tmp_path) == [name]


def test_the_ids_name_the_files(call, tmp_path):
    call("score", "photos.model", "photos", "--out", tmp_path / "scores.parquet")
    ids = read(tmp_path / "scores.parquet")["id"].to_pylist()
    assert ids == [f"{kind}/{i:02}.png" for kind in CLASSES for i in range(EACH)]


def test_a_feature_of_the_model_holds_no_labels(call):
    result = call("score", "table.model", "table.csv", "--label-column", "a")
    assert refused(result, "column 'a' of table.csv is a feature, expected another as the label column")


@pytest.mark.filterwarnings("ignore:column 'kind' of table.csv is left out")
@pytest.mark.parametrize("source", ["t.csv", "t", "link.csv", "shards"])
def test_scores_are_not_written_over_their_source(call, tmp_path, source):
    shutil.copy("table.csv", tmp_path / "t.csv")
    (tmp_path / "link.csv").symlink_to("t.csv")
    (tmp_path / "shards").mkdir()
    pq.write_table(pa.csv.read_csv("table.csv"), tmp_path / "shards" / "0.parquet")
    out = "shards/0.parquet" if source == "shards" else "t.csv"
    result = call("score", "table.model", tmp_path / source, "--out", tmp_path / out)
    assert refused(result, rf"cannot write {tmp_path}/{out}: {tmp_path}/{source} is read from it.*")
    assert (tmp_path / "t.csv").read_bytes() == Path("table.csv").read_bytes()


def test_without_a_file_the_scores_go_to_standard_output_alone(call, tmp_path):
    call("score", "photos.model", "photos", "--out", tmp_path / "scores.csv")
    status, output, errors = call("score", "photos.model", "photos")
    assert status == 0
    assert output == (tmp_path / "scores.csv").read_text()
    of_drift = r"(no sign of drift|the scores are lower than expected) \(Kolmogorov-Smirnov test"
    assert re.match(rf"ama: scored 120 samples, \d+ flagged as anomalies\nama: {of_drift}.*\n", errors)


def test_normal_samples_show_no_drift_and_other_ones_do(call, tmp_path):
    words = ["score", "photos.model", "--out", tmp_path / "scores.csv"]
    status, _, errors = call(*words, "new-cats-and-dogs")
    assert status == 0
    pattern = (
        r"ama: no sign of drift \(Kolmogorov-Smirnov test against 26 held-out normal samples: p = 0\.\d+\)"
    )
    assert re.fullmatch(pattern, errors.splitlines()[-1])
    _, _, errors = call(*words, "photos/fox")
    drift = errors.splitlines()[-1]
    assert drift.startswith("ama: the scores are lower than expected (Kolmogorov-Smirnov test against 26 ")
    assert drift.endswith("run `ama calibrate photos.model SOURCE` on such samples, or fit again")


@pytest.mark.filterwarnings("always")  # a note, not an error
def test_another_rate_of_false_alarms_is_a_matter_of_scoring(call, tmp_path):
    path = tmp_path / "scores.parquet"
    for rate in (0.05, 0.1, 0.3):
        assert call("score", "photos.model", "photos", "--out", path, "--false-alarm-rate", rate)[0] == 0
        table = read(path)
        assert np.array_equal(table["anomaly"], table["p_value"].to_numpy() <= rate)
    status, _, errors = call("score", "photos.model", "photos", "--out", path, "--false-alarm-rate", "0.001")
    assert status == 0
    assert "note: a false-alarm rate of 0.001 needs 999 held-out normal samples, found 26" in errors


def test_one_anomaly_is_counted_as_one(call, tmp_path):
    for kind, told in (("fox", "1 flagged as an anomaly"), ("cat", "0 flagged as anomalies")):
        words = ["score", "photos.model", f"photos/{kind}/00.png", "--out", tmp_path / "scores.csv"]
        assert f"ama: scored 1 sample, {told}; wrote" in call(*words)[2]


def test_false_discoveries_are_limited_over_a_whole_source(call, tmp_path):
    path = tmp_path / "scores.csv"
    status, _, errors = call("score", "photos.model", "photos", "--out", path, "--fdr", 0.2)
    assert status == 0
    table = read(path)
    flagged = table["anomaly"].to_numpy()
    assert np.array_equal(flagged, discoveries(table["p_value"].to_numpy(), 0.2))
    assert f"{flagged.sum()} flagged as anomalies" in errors
    foxes = np.array([name.startswith("fox") for name in table["id"].to_pylist()])
    assert flagged[foxes].mean() > 0.9
    assert flagged[~foxes].sum() <= 0.4 * flagged.sum()
    assert read(path).schema.names == COLUMNS


def test_too_few_held_out_samples_for_a_limit_on_false_discoveries_are_said(call, tmp_path):
    status, _, errors = call("score", "table.model", "table.csv", "--out", tmp_path / "s.csv", "--fdr", 0.001)
    assert status == 0
    below = (read(tmp_path / "s.csv")["p_value"].to_numpy() < 1 / 26).sum()
    needed = -(-120_000 // below) - 1
    assert (
        f"ama: {below} of 120 samples score below all 26 held-out normal samples, which are too few" in errors
    )
    assert f"that takes at least {needed:,}, by" in errors


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--fdr", "0.1", "--false-alarm-rate", "0.1"], "give either --fdr or --false-alarm-rate"),
        (["--fdr", "0"], "--fdr must be a number between 0 and 1, both excluded, found 0"),
        (
            ["--false-alarm-rate", "1"],
            "false_alarm_rate must be a number between 0 and 1, both excluded, found 1",
        ),
    ],
)
def test_a_rate_that_cannot_be_kept_is_refused(call, tmp_path, words, sentence):
    status, output, errors = call("score", "photos.model", "photos", "--out", tmp_path / "s.csv", *words)
    assert (status, output) == (2, "")
    assert errors.startswith(f"ama: {sentence}")
    assert os.listdir(tmp_path) == []


def test_the_same_commands_in_another_process_give_the_same_bytes(call, tmp_path):
    names = ["scores.parquet", "scores.csv"]
    fit = ["fit", "photos", "--out", tmp_path / "model", "--normal-label", "cat", "dog", *SMALL]
    score = ["score", tmp_path / "model", "photos", "--out", tmp_path / names[0]]
    code = (
        "import json, sys; from ama.cli.main import main; sys.exit(any(map(main, json.loads(sys.argv[1]))))"
    )
    words = [[str(word) for word in command] for command in (fit, score)]
    done = subprocess.run([sys.executable, "-c", code, json.dumps(words)], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")
    assert "%|" not in done.stderr
    assert weights(tmp_path / "model") == weights("photos.model")
    for name in names:
        call("score", "photos.model", "photos", "--out", tmp_path / f"again-{name}")
        call("score", tmp_path / "model", "photos", "--out", tmp_path / name)
        assert (tmp_path / name).read_bytes() == (tmp_path / f"again-{name}").read_bytes()


def test_scores_do_not_depend_on_what_else_is_scored(call, tmp_path):
    # More rows than a chunk holds, so that the ends of the chunks fall elsewhere.
    rows = np.random.default_rng(1).normal(size=(2500, 3))
    np.savetxt(tmp_path / "many.csv", rows, delimiter=",", header="a,b,c", comments="")
    np.savetxt(tmp_path / "tail.csv", rows[700:], delimiter=",", header="a,b,c", comments="")
    found = []
    for name in ("many", "tail"):
        path = tmp_path / f"{name}.parquet"
        assert call("score", "table.model", tmp_path / f"{name}.csv", "--out", path)[0] == 0
        found.append(read(path)["score"].to_numpy())
    assert np.allclose(found[0][700:], found[1], rtol=1e-9, atol=0)
    frame = pd.DataFrame(rows, columns=list("abc"))
    assert np.array_equal(found[0], ama.load("table.model").score_samples(frame))


def test_a_score_file_stays_as_it_was_when_scoring_fails(call, tmp_path):
    (tmp_path / "scores.csv").write_text("older")
    lines = Path("table.csv").read_text().splitlines()
    lines[100] = '"n99",1,nan,2,"fox"'
    (tmp_path / "table.csv").write_text("\n".join(lines))
    status, output, errors = call(
        "score", "table.model", tmp_path / "table.csv", "--out", tmp_path / "scores.csv"
    )
    assert (status, output) == (2, "")
    assert "has nan in row 100 (counted from 1), column 'b'" in errors
    assert (tmp_path / "scores.csv").read_text() == "older"
    assert sorted(os.listdir(tmp_path)) == ["scores.csv", "table.csv"]


@pytest.fixture(scope="module")
def many(place) -> Path:
    """A table that takes a while to score."""
    rows = np.random.default_rng(0).normal(size=(1_000_000, 3))
    pq.write_table(pa.table(dict(zip("abc", rows.T, strict=True))), place / "many.parquet")
    return place / "many.parquet"


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="looks at the process's open files")
def test_a_scoring_that_is_killed_leaves_the_older_file_and_nothing_else(
    place, many, tmp_path, tmp_path_factory
):
    (tmp_path / "scores.csv").write_text("older")
    words = ["score", str(place / "table.model"), str(many), "--out", str(tmp_path / "scores.csv")]
    streams = tmp_path_factory.mktemp("streams")
    child = start(command(*words), place, streams)

    def written() -> int:
        """Size of the file without a name that the scores are gathered in."""
        sizes = [0]
        for file in Path(f"/proc/{child}/fd").iterdir():
            try:
                if str(file.readlink()).startswith(str(tmp_path)):
                    sizes.append(file.stat().st_size)
            except OSError:
                continue
        return max(sizes)

    deadline = time.monotonic() + 60
    while written() < 100_000 and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    assert end(child, streams) == (-signal.SIGKILL, "", "")
    assert (tmp_path / "scores.csv").read_text() == "older"
    assert os.listdir(tmp_path) == ["scores.csv"]


@pytest.mark.skipif(os.name != "posix", reason="limits on file size are POSIX's")
def test_a_disk_that_fills_up_while_scoring_is_one_sentence(place, tmp_path, tmp_path_factory):
    # A limit on file size makes the kernel refuse the write, as a full disk does.
    (tmp_path / "scores.csv").write_text("older")
    words = ["score", place / "photos.model", place / "photos", "--out", tmp_path / "scores.csv"]

    def work() -> int:
        import resource  # which Windows lacks

        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
        return command(*words)()

    streams = tmp_path_factory.mktemp("streams")
    done = end(start(work, place, streams), streams)
    assert (done.status, done.output) == (2, "")
    assert done.errors == f"ama: cannot write {tmp_path / 'scores.csv'}: File too large\n"
    assert (tmp_path / "scores.csv").read_text() == "older"
    assert os.listdir(tmp_path) == ["scores.csv"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_standard_output_that_is_full_or_gone_is_no_traceback(place, tmp_path):
    def scored(stream: int) -> Ended:
        def work() -> int:
            os.dup2(stream, 1)
            return command("score", "photos.model", "photos")()

        return end(start(work, place, tmp_path), tmp_path)

    with open("/dev/full", "w") as full:
        done = scored(full.fileno())
    assert done == (1, "", "ama: cannot write to standard output: No space left on device\n")
    reader, writer = os.pipe()
    os.close(reader)
    done = scored(writer)
    os.close(writer)
    assert done == (1, "", "")


SCORINGS = [
    ("missing", "photos", "there is no model at missing: no such folder"),
    ("photos", "photos", "photos is not a model folder: it holds no config.json"),
    ("table.csv", "photos", "table.csv is not a model folder: .*"),
    ("photos.model", "missing", "there is no file or folder missing, .*"),
    ("photos.model", "table.csv", "table.csv holds rows, expected images of 8 x 8 pixels, 1 channel"),
    ("table.model", "photos", "photos holds images, expected rows of 3 columns"),
    ("table.model", "arrays.npz", "arrays.npz holds images, expected rows of 3 columns"),
]


@pytest.mark.parametrize(("model", "source", "sentence"), SCORINGS)
def test_a_model_and_a_source_that_do_not_go_together_are_refused(call, tmp_path, model, source, sentence):
    assert refused(call("score", model, source, "--out", tmp_path / "scores.csv"), sentence)
    assert refused(call("evaluate", model, source, "--normal-label", "cat"), sentence)
    assert os.listdir(tmp_path) == []


def test_a_table_that_lacks_a_column_is_refused(call, bad, tmp_path):
    words = ["score", "table.model", bad / "lacking.csv", "--out", tmp_path / "scores.csv"]
    assert refused(call(*words), ".*lacking.csv has no column 'b', which the model needs")
    assert os.listdir(tmp_path) == ["bad"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("scores.txt", r"its name must end in \.parquet or \.csv"),
        ("scores", r"its name must end in \.parquet or \.csv"),
        ("nowhere/scores.csv", "the folder .*nowhere does not exist"),
        ("folder.csv", "it is a folder"),
    ],
)
def test_scores_that_cannot_be_written_are_refused_before_the_work(call, tmp_path, name, sentence):
    (tmp_path / "folder.csv").mkdir()
    result = call("score", "missing model", "missing source", "--out", tmp_path / name)
    assert refused(result, f"cannot write {tmp_path / name}: {sentence}")
    assert os.listdir(tmp_path) == ["folder.csv"]


def test_a_drift_watch_goes_on_over_runs_and_alarms(call, tmp_path):
    words = [
        "score",
        "photos.model",
        "--out",
        tmp_path / "scores.csv",
        "--watch-state",
        tmp_path / "watch.json",
    ]
    status, _, errors = call(*words, "new-cats-and-dogs")
    assert status == 0
    assert re.fullmatch(
        r"ama: drift watch: 60 samples in 1 run; evidence \S+, largest [^;]+; no alarm, which needs 100 \(at "
        r"most 1 % of streams without drift ever alarm\)",
        errors.splitlines()[-1],
    )
    for _ in range(2):
        status, _, errors = call(*words, "photos/fox")
    assert status == 0
    last = errors.splitlines()[-1]
    assert last.startswith("ama: drift watch: 140 samples in 3 runs; evidence ")
    assert "alarm since sample" in last
    assert "scores are lower (at most 1 % of streams without drift ever alarm)" in last
    assert sorted(os.listdir(tmp_path)) == ["scores.csv", "watch.json"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_drift_watch_loses_no_run_of_another_process(call, tmp_path):
    watch = tmp_path / "watch.json"
    words = [
        "score",
        "photos.model",
        "new-cats-and-dogs",
        "--watch-state",
        watch,
        "--out",
        tmp_path / "s.csv",
    ]
    (tmp_path / "errors").touch()
    with in_turn(watch):
        other = start(command(*words), Path.cwd(), tmp_path)
        while "ama: no sign of drift" not in (tmp_path / "errors").read_text():
            time.sleep(0.01)
        mine = DriftWatch(ama.load("photos.model"))
        mine.update(read(tmp_path / "s.csv")["score"].to_numpy())
        mine.save(watch)
    ended = end(other, tmp_path)
    assert ended.status == 0, ended
    assert "ama: drift watch: 120 samples in 2 runs; " in ended.errors
    assert sorted(os.listdir(tmp_path)) == ["errors", "output", "s.csv", "watch.json"]


def test_a_drift_watch_that_cannot_be_continued_is_refused_before_the_work(call, tmp_path):
    for name, content, sentence in (
        ("bad.json", "{", r".*bad\.json cannot be read as the JSON of a drift watch: .*"),
        ("other.json", '{"format": 1}', r".*other\.json cannot be continued: .* the key alarm_at is missing"),
        ("watch.txt", "", r"cannot write .*watch\.txt: its name must end in \.json"),
    ):
        (tmp_path / name).write_text(content)
        words = [
            "score",
            "photos.model",
            "photos",
            "--out",
            tmp_path / "s.csv",
            "--watch-state",
            tmp_path / name,
        ]
        assert refused(call(*words), sentence)
        assert (tmp_path / name).read_text() == content
    assert not (tmp_path / "s.csv").exists()
