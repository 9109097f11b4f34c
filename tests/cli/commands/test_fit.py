"""Fits on files of every kind, and on everything that can be wrong with them."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest

import ama
from ama.cli.commands.fit import tell_of_limit
from ama.cli.main import main
from ama.decision.metrics import evaluate
from ama.detectors.registry import method as detector_class
from children import called, end, start
from places import EACH, SMALL, noise, read, refused, weights, write
from tiny_backbones import tiny


@pytest.mark.parametrize("source", ["photos", "hub.parquet", "arrays.npz"])
def test_the_same_pictures_in_any_form_give_the_same_model_scores_and_metrics(call, tmp_path, source):
    known = ("0", "1") if source == "arrays.npz" else ("cat", "dog")
    status, output, errors = call(
        "fit", source, "--out", tmp_path / "model", "--normal-label", *known, *SMALL
    )
    assert (status, output) == (0, "")
    assert f"learning from {source}: 80 images of 8 x 8 pixels, 1 channel" in errors
    assert sorted(os.listdir(tmp_path / "model")) == ["config.json", "weights.safetensors"]
    assert weights(tmp_path / "model") == weights("photos.model")

    assert call("score", tmp_path / "model", source, "--out", tmp_path / "scores.csv")[0] == 0
    scores = read(tmp_path / "scores.csv")
    expected = ama.load("photos.model").score_samples("photos")
    assert np.array_equal(scores["score"].to_numpy(), expected)

    status, output, errors = call("evaluate", tmp_path / "model", source, "--normal-label", *known)
    assert (status, errors) == (0, "")
    assert str(evaluate(expected, np.arange(120) >= 80).auroc) in output


def test_pictures_of_nothing_but_noise_are_found(call):
    status, output, _ = call("evaluate", "photos.model", "photos", "--normal-label", "cat", "dog")
    assert status == 0
    assert output.splitlines()[0] == "80 normal samples, 40 anomalies"
    assert float(re.search(r"^AUROC +(\S+)", output, re.M)[1]) > 0.9
    assert float(re.search(r"^false alarms at 95 % recall +(\S+)", output, re.M)[1]) < 0.3
    flagged = re.search(r"threshold: (\S+)% of normal samples, (\S+)% of anomalies", output)
    assert float(flagged[1]) < 20 < 60 < float(flagged[2])


def test_a_table_is_learned_by_its_columns_and_judged_by_its_labels(call, tmp_path):
    words = ["table.model", "table.csv", "--label-column", "kind"]
    assert call("score", *words, "--out", tmp_path / "scores.parquet")[0] == 0
    scores = read(tmp_path / "scores.parquet")
    assert scores["id"].to_pylist() == [f"n{i}" for i in range(120)]
    status, output, _ = call("evaluate", *words, "--normal-label", "cat", "dog")
    assert status == 0
    assert float(re.search(r"^AUROC +(\S+)", output, re.M)[1]) > 0.9
    # The label is no feature, whatever the columns' order and whatever else there is.
    shuffled = pa.csv.read_csv("table.csv").select(["kind", "c", "id", "b", "a"])
    pa.csv.write_csv(shuffled.append_column("more", [["x"] * 120]), tmp_path / "shuffled.csv")
    call("score", "table.model", tmp_path / "shuffled.csv", "--out", tmp_path / "shuffled.parquet")
    assert read(tmp_path / "shuffled.parquet").equals(scores)


def test_known_anomalies_take_part_in_the_fit(call, tmp_path):
    words = ["fit", "photos", "--normal-label", "cat", "dog", *SMALL, "--out"]
    assert call(*words, tmp_path / "model", "--anomalies", "photos/fox", "--negatives", "none")[0] == 0
    assert call(*words, tmp_path / "without", "--negatives", "none")[0] == 0
    assert weights(tmp_path / "model") != weights(tmp_path / "without")
    detector = ama.load(tmp_path / "model")
    assert detector.validation_auroc_ is None
    assert detector.learned_from_ == (
        "photos, with anomalies of photos/fox: 120 images of 8 x 8 pixels, 1 channel"
    )


def test_a_model_records_what_it_learned_from_and_its_columns(call):
    photos, table = ama.load("photos.model"), ama.load("table.model")
    assert photos.learned_from_ == "photos: 80 images of 8 x 8 pixels, 1 channel"
    assert photos.columns_ is None
    assert table.learned_from_ == "table.csv: 80 rows of 3 columns"
    assert table.columns_ == list(table.feature_names_in_) == ["a", "b", "c"]


def test_rows_of_a_table_select_the_weights_too(call, tmp_path):
    words = ["fit", "table.csv", "--label-column", "kind", "--normal-label", "cat", "dog", *SMALL]
    anomalies = pa.csv.read_csv("table.csv").slice(2 * EACH)
    pa.csv.write_csv(anomalies, tmp_path / "foxes.csv")
    words += ["--validation", "table.csv", "--anomalies", tmp_path / "foxes.csv"]
    assert call(*words, "--out", tmp_path / "model")[0] == 0
    assert ama.load(tmp_path / "model").validation_auroc_ > 0.5


def test_a_labelled_source_selects_the_weights(call, tmp_path):
    words = ["fit", "photos", "--normal-label", "cat", "dog", *SMALL, "--out", tmp_path / "model"]
    assert call(*words, "--validation", "hub.parquet")[0] == 0
    assert ama.load(tmp_path / "model").validation_auroc_ > 0.5


def test_pictures_are_resized_where_that_is_asked_for(call, tmp_path):
    status, _, errors = call("fit", "photos", "--out", tmp_path / "model", "--image-size", 16, *SMALL)
    assert status == 0
    assert ": 120 images of 16 x 16 pixels" in errors
    assert ama.load(tmp_path / "model").shape_ == (1, 16, 16)


def test_the_default_seed_is_0_and_another_gives_another_model(call, tmp_path):
    words = ["fit", "photos", "--normal-label", "cat", "dog", *SMALL]
    for seed in (0, 1):
        assert call(*words, "--out", tmp_path / str(seed), "--random-state", seed)[0] == 0
    assert weights(tmp_path / "0") == weights("photos.model") != weights(tmp_path / "1")


def test_a_fit_in_python_is_the_same_fit(call, place):
    images = np.load("arrays.npz")["X"][:80]
    detector = ama.AMADetector(
        max_steps=8,
        batch_size=16,
        held_out=0.5,
        latent_dim=4,
        encoder_width=4,
        generator_width=4,
        discriminator_width=4,
        random_state=0,
    ).fit(images)
    loaded = ama.load("photos.model")
    assert np.array_equal(detector.score_samples(images), loaded.score_samples(images))
    assert detector.offset_ == loaded.offset_


def test_columns_are_chosen_or_dropped(call, tmp_path):
    words = ["fit", "table.csv", "--out", tmp_path / "model", *SMALL, "--normal-label", "cat", "dog"]
    words += ["--label-column", "kind"]
    for given, kept in ((["--columns", "c", "a"], ["c", "a"]), (["--drop", "b"], ["a", "c"])):
        assert call(*words, *given)[0] == 0
        assert ama.load(tmp_path / "model").columns_ == kept
    assert refused(
        call(*words, "--drop", "d"), "table.csv has no column 'd'; its columns are id, a, b, c, kind"
    )


@pytest.mark.filterwarnings("always:.*groups are held out")
@pytest.mark.filterwarnings(
    "always:80 of 120 known anomalies also found among the normal"
)  # of the same table
def test_whole_groups_are_held_out_by_a_rule(call, tmp_path):
    words = ["fit", "table.csv", "--label-column", "kind", "--normal-label", "cat", "dog", *SMALL, "--out"]
    status, _, errors = call(
        *words, tmp_path / "ten", "--group-by", r"name:n.*(\d)", "--anomalies", "table.csv"
    )
    assert status == 0
    assert "note: 5 of 10 groups are held out, 40 of 80 samples" in errors
    assert ama.load(tmp_path / "ten").held_out_from_ == "groups"
    status, _, errors = call(*words, tmp_path / "b", "--group-by", "column:b")
    assert status == 0
    assert "note: column 'b' of table.csv makes the groups, and is no feature" in errors
    assert ama.load(tmp_path / "b").columns_ == ["a", "c"]
    unmatched = (
        r"--group-by name:n([1-7])\d finds no group for 10 of 80 samples, such as n0: each is one of its own"
    )
    assert unmatched in call(*words, tmp_path / "model", "--group-by", r"name:n([1-7])\d")[2]
    strict = call(*words, tmp_path / "model", "--strict", "--group-by", r"name:n([1-7])\d")
    assert refused(strict, re.escape(f"{unmatched} (refused by strict)"))


def test_what_was_assumed_is_said_before_groups_are_refused(call, tmp_path):
    _, _, errors = call("fit", "photos", "--group-by", "time:99h", *SMALL, "--out", tmp_path / "model")
    assumed, refusal = errors.splitlines()[-2:]
    assert "has no DateTimeOriginal, so the times of the files are taken for all" in assumed
    assert refusal.startswith("ama: --group-by time:99h finds the same group for all 120 normal samples")


@pytest.mark.filterwarnings("always:.*groups are held out")
def test_drift_from_groups_tells_for_which_samples_the_rate_holds(call, tmp_path):
    words = ["fit", "photos", "--normal-label", "cat", "dog", *SMALL, "--out", tmp_path / "model"]
    assert call(*words, "--group-by", r"name:(.*)\d\.")[0] == 0
    errors = call("score", tmp_path / "model", "photos/fox", "--out", tmp_path / "scores.csv")[2]
    assert errors.splitlines()[-1].startswith("ama: the false-alarm rate holds for samples of new groups")


def test_labels_that_decide_nothing_are_said_and_strict_refuses_them(call, tmp_path):
    words = ["fit", "table.csv", "--label-column", "kind", "--out", tmp_path / "model", *SMALL]
    unheeded = r"table.csv has the labels cat \(40\), dog \(40\), fox \(40\), and all samples were taken as normal: .*"
    status, _, errors = call(*words)
    assert status == 0
    assert re.search(f"ama: note: {unheeded}", errors)
    assert refused(call(*words, "--strict"), unheeded)


def test_a_folder_of_training_and_test_samples_is_refused(call, bad, tmp_path):
    for part in ("train", "test"):
        (bad / "parts" / part).mkdir(parents=True)
        write(bad / "parts" / part / "normal", noise(80))
    words = ["--out", tmp_path / "model", *SMALL]
    assert refused(
        call("fit", bad / "parts", *words), ".*parts holds training and test samples, in train and .*"
    )
    assert call("fit", bad / "parts", *words, "--normal-label", "train")[0] == 0


def test_a_model_that_is_replaced_leaves_nothing_of_the_older(call, tmp_path):
    for size in (8, 16):
        words = ["--out", tmp_path / "model", "--image-size", size, *SMALL]
        assert call("fit", "photos", *words)[0] == 0
    assert ama.load(tmp_path / "model").shape_ == (1, 16, 16)
    assert os.listdir(tmp_path) == ["model"]


SOURCES = [
    ("one", "a fit needs at least 5 normal samples, found 1 sample"),
    ("three", "a fit needs at least 5 normal samples, found 3 samples"),
    ("same", "all 20 normal samples are identical, .*"),
    (
        "tiny",
        "images must be 8 to 256 pixels a side, found 1 x 1 in .*tiny/00.png; --image-size 32 resizes them",
    ),
    (
        "text",
        "none of the samples of .*text can be read; the first: a.png cannot be read: it is not an image, .*",
    ),
    ("missing", "there is no file or folder .*missing, expected images, .*"),
    ("missing.csv", "there is no file or folder .*missing.csv, expected images, .*"),
    ("empty", ".*empty holds no files, expected images .*"),
    ("same.csv", "all 60 normal samples are identical, .*"),
    (
        "nested.parquet",
        r"column 'b' of .*nested.parquet holds a value of type list<.*> in row 1 .*, expected num.*",
    ),
    ("file", r".*file has the unknown suffix \(none\), expected one of .*"),
]


@pytest.mark.parametrize(("name", "sentence"), SOURCES)
def test_a_source_that_teaches_nothing_is_refused(call, bad, tmp_path, name, sentence):
    assert refused(call("fit", bad / name, "--out", tmp_path / "model", *SMALL), sentence)
    assert os.listdir(tmp_path) == ["bad"]


OPTIONS = [
    (["--normal-label", "cow"], "no sample of photos has the label 'cow'; its labels are cat, dog, fox"),
    (["--normal-label", "cat", "cow"], "no sample of photos has the label 'cow'; .*"),
    (["--max-time", "nonsense"], "max_time must be .* such as 90s, 5m or 1h, found 'nonsense'"),
    (["--max-time", "0"], "max_time must be a positive duration .*, found '0'"),
    (["--max-time=-5m"], "max_time must be a positive duration .*, found '-5m'"),
    (
        ["--false-alarm-rate", "0"],
        "false_alarm_rate must be a number between 0 and 1, both excluded, found 0.0",
    ),
    (
        ["--false-alarm-rate", "1"],
        "false_alarm_rate must be a number between 0 and 1, both excluded, found 1.0",
    ),
    (["--image-size", "4"], "image_size must be 8 to 256 pixels a side, found 4 x 4"),
    (["--latent-dim", "0"], "latent_dim must be a .*number from 1 to 4096, found 0"),
    (["--label-column", "kind"], "photos has no column 'kind', as the labels of a folder .*"),
    (["--anomalies", "table.csv"], "table.csv holds rows, expected images of 8 x 8 pixels, 1 channel"),
    (
        ["--group-by", "folder", "--normal-label", "cat"],
        "--group-by folder finds the same group for all 40 .*",
    ),
    (
        ["--group-by", "name:lot(.)"],
        r"--group-by name:lot\(.\) finds no group for any of 120 .*, such as cat/00.png",
    ),
    (
        ["--group-by", "day"],
        "--group-by must be folder, name:PATTERN, column:NAME or time:DURATION, found 'day'",
    ),
    (
        ["--group-by", "column:day"],
        "--group-by column:day needs a column of a table, which photos does not hold",
    ),
    (["--group-by", "folder", "--held-out-from", "end"], "groups and held_out_from='end' both choose .*"),
    (["--anomalies", "./photos"], "photos is given as normal and as --anomalies, expected a source of .*"),
    (["--anomalies", "missing"], "there is no file or folder missing, .*"),
    (["--validation", "photos"], "--validation needs --normal-label, to distinguish .*"),
    (["--validation", "photos/cat", "--normal-label", "cat"], "photos/cat has no labels, expected .*"),
]


@pytest.mark.parametrize(("words", "sentence"), OPTIONS, ids=lambda value: " ".join(value)[:40])
def test_an_option_that_does_not_fit_is_refused(call, tmp_path, words, sentence):
    assert refused(call("fit", "photos", "--out", tmp_path / "model", *SMALL, *words), sentence)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("nowhere/model", "the folder .*nowhere does not exist"),
        ("file", "it is a file"),
        ("file/model", "the folder .*file does not exist"),
        ("foreign", "it holds something other than an ama model, which is not overwritten"),
    ],
)
def test_a_model_is_never_written_over_something_else(call, bad, name, sentence):
    before = sorted(os.listdir(bad))
    result = call("fit", "photos", "--out", bad / name, *SMALL)
    assert refused(result, f"cannot save a model at {bad / name}: {sentence}")
    assert result[2].count("\n") == 1  # before any work
    assert sorted(os.listdir(bad)) == before
    assert (bad / "foreign" / "holiday.txt").read_text() == "sun"


NEW_MOUNTS = 0x20000  # CLONE_NEWNS
CANNOT_MOUNT = 99


def fits_on_disks(*outs: str) -> int | None:
    """Fits models in this folder, where ``disk`` and ``full`` are mounted disks; prints status and files of each."""
    words = (
        "mount --make-rprivate / && mkdir disk full && mount -t tmpfs -o size=8m tmpfs disk "
        "&& mount -t tmpfs -o size=32k tmpfs full"
    )
    # Mounts that only this process sees.
    if ctypes.CDLL(None).unshare(NEW_MOUNTS) or subprocess.run(["sh", "-c", words]).returncode:
        return CANNOT_MOUNT
    for out in outs:
        status = main(["fit", "rows.npy", "--max-steps", "3", "--device", "cpu", "--out", out])
        print(out, status, *sorted(os.listdir(out.split("/")[0])))
    return None


@pytest.mark.skipif(sys.platform != "linux", reason="there is no unshare")
def test_a_mounted_disk_is_filled_and_a_full_one_does_not_lose_the_model(tmp_path):
    np.save(tmp_path / "rows.npy", np.random.default_rng(0).normal(size=(200, 3)))
    ended = end(start(lambda: fits_on_disks("disk", "full", "full/model"), tmp_path, tmp_path), tmp_path)
    if ended.status == CANNOT_MOUNT:
        pytest.skip(f"nothing can be mounted here: {ended.errors}")
    assert ended.output.splitlines() == [
        "disk 0 config.json weights.safetensors",
        "full 1",
        "full/model 1",
    ], ended.errors
    for out in ("full", "full/model"):
        place = re.findall(
            f"^ama: cannot save a model at {out}: .*No space left .*; the model is kept in (.*)$",
            ended.errors,
            re.MULTILINE,
        )
        assert ama.load(place[0]).shape_ == (3,)
        shutil.rmtree(place[0])


def test_unreadable_files_among_good_ones_are_skipped_and_counted(call, bad, tmp_path):
    status, _, errors = call("fit", bad / "mixed", "--out", tmp_path / "model", *SMALL)
    assert status == 0
    assert errors.splitlines()[:3] == [
        "ama: note: skipped: x.png cannot be read: it is not an image, or its format or its kind of pixels is not "
        "supported",
        "ama: note: skipped: y.png cannot be read: it is empty",
        "ama: note: skipped 2 unreadable samples in all",
    ]
    status, _, errors = call("score", "photos.model", bad / "mixed", "--out", tmp_path / "scores.csv")
    assert status == 0
    assert "skipped 2 unreadable samples in all" in errors
    assert "scored 60 samples" in errors
    assert read(tmp_path / "scores.csv")["id"].to_pylist() == sorted(noise(60))


def test_unreadable_files_are_refused_where_that_is_asked_for(call, bad, tmp_path):
    mixed = bad / "mixed"
    sentence = f"in {mixed}, x.png cannot be read: it is not an image, .*"
    assert refused(call("fit", mixed, "--out", tmp_path / "model", "--strict", *SMALL), sentence)
    assert refused(
        call("score", "photos.model", "--strict", mixed, "--out", tmp_path / "scores.csv"), sentence
    )
    assert refused(call("evaluate", "photos.model", "photos", "--anomalies", mixed, "--strict"), sentence)
    assert os.listdir(tmp_path) == ["bad"]


def test_a_training_that_diverges_is_a_failed_run_and_writes_nothing(call, tmp_path):
    words = ["fit", "digits", "--out", tmp_path / "model", "--max-steps", "25"]
    wild = ["--loss", "wasserstein", "--lipschitz", "gradient_penalty", "--penalty-weight", "0"]
    status, output, errors = call(*words, *wild, "--learning-rate", "1", "--averaging", "0")
    assert (status, output) == (1, "")
    assert re.fullmatch(
        r"ama: training diverged at step 25: the \w+ loss is \S+; try .*", errors.splitlines()[-1]
    )
    assert os.listdir(tmp_path) == []


def test_too_few_samples_for_a_threshold_are_noted(call, bad, tmp_path):
    words = ["fit", bad / "flat", "--out", tmp_path / "model", *SMALL, "--held-out", "0.1"]
    done = called(Path.cwd(), tmp_path, *words)
    assert done.status == 0
    learning, note, saved = done.errors.splitlines()
    assert learning.endswith(": 60 images of 8 x 8 pixels, 1 channel")
    assert note.startswith("ama: note: a false-alarm rate of 0.05 needs 19 held-out normal samples, found 4")
    assert saved.endswith("flags about 20% of normal samples")


@pytest.mark.parametrize("method", ["PCAReconstruction", "DeepSVDD"])
def test_another_method_is_fitted_scored_and_judged_by_the_same_commands(call, tmp_path, method):
    short = ["--held-out", "0.5", *(["--max-steps", "20"] if method == "DeepSVDD" else [])]
    normal = ["--normal-label", "cat", "dog"]
    status, _, errors = call("fit", "photos", "--out", tmp_path / "m", "--method", method, *normal, *short)
    assert status == 0, errors
    assert ("m: fitted in " if method == "PCAReconstruction" else "m: 40 steps in ") in errors
    status, output, _ = call("score", tmp_path / "m", "photos")
    assert status == 0
    assert output.splitlines()[0] == '"id","score","p_value","anomaly"'
    assert len(output.splitlines()) == 1 + 3 * EACH
    status, output, _ = call("evaluate", tmp_path / "m", "photos", *normal)
    assert status == 0
    assert f"(by {method})" in output
    assert float(re.search(r"AUROC +([\d.]+)", output)[1]) > 0.9
    assert isinstance(ama.load(tmp_path / "m"), detector_class(method))


@pytest.mark.parametrize("reference", [[], ["--features-by-reference"]])
def test_a_folder_of_a_backbone_is_seen_through(call, tmp_path, reference):
    folder = tiny("resnet", tmp_path / "own")
    words = ["--normal-label", "cat", "dog", *SMALL, "--features", folder, *reference]
    status, output, errors = call("fit", "photos", "--out", tmp_path / "m", *words)
    assert (status, output) == (0, "")
    status, output, _ = call("score", tmp_path / "m", "photos")
    assert len(output.splitlines()) == 1 + 3 * EACH
    shutil.rmtree(folder)
    status, again, errors = call("score", tmp_path / "m", "photos")
    assert (status, again) == ((2, "") if reference else (0, output))
    if reference:
        sentence = f"features names a backbone's folder, and there is no folder {folder}"
        assert errors == f"ama: {tmp_path / 'm'} holds its backbone by reference: {sentence}\n"
    status, _, errors = call("fit", "photos", "--out", tmp_path / "n", *words)
    assert status == 2
    assert errors.endswith(f"there is no folder {folder}\n")


def test_a_configuration_file_may_name_the_method(call, tmp_path):
    _, text, _ = call(
        *("fit", "photos", "--out", tmp_path / "m", "--method", "PCAReconstruction"),
        *("--held-out", "0.5", "--print-config"),
    )
    assert "method: PCAReconstruction" in text
    (tmp_path / "fit.yaml").write_text(text.replace("n_components: 40", "n_components: 3"))
    assert call("fit", "--config", tmp_path / "fit.yaml")[0] == 0
    assert ama.load(tmp_path / "m").n_components == 3


@pytest.mark.parametrize("option", ["--anomalies", "--validation"])
def test_a_method_that_learns_from_normal_samples_alone_refuses_others(call, tmp_path, option):
    words = ["--normal-label", "cat", "--method", "NearestNeighbours", option, "photos"]
    status, _, errors = call("fit", "photos", "--out", tmp_path / "m", *words)
    assert (status, errors) == (
        2,
        f"ama: {option} cannot be used: NearestNeighbours learns from normal samples alone\n",
    )
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize(
    ("limit", "took", "told"), [("30s", 56, True), ("30s", 34, False), ("5m", 340, False), (None, 900, False)]
)
def test_a_fit_that_took_much_longer_than_its_limit_says_why(limit, took, told, capsys):
    tell_of_limit(limit, took)
    sentence = f"ama: the fit took {took} s, as max_time (30 s) limits the training alone: "
    assert capsys.readouterr().err.startswith(sentence) == told
