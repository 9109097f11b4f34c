"""fit, score and evaluate on files of every kind, and on everything that can be wrong with them."""

from __future__ import annotations

import io
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
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

import ama
from ama.cli import main
from ama.conformal import discoveries
from ama.evaluation import evaluate
from ama.methods import method as detector_class

SMALL = [
    *("--max-steps", "20", "--batch-size", "16", "--held-out", "0.5", "--latent-dim", "4"),
    *("--encoder-width", "4", "--generator-width", "4", "--discriminator-width", "4"),
]
COLUMNS = ["id", "r_score", "a_score", "score", "p_value", "anomaly"]
CLASSES = ("cat", "dog", "fox")
EACH = 40


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    threads, before = torch.get_num_threads(), os.environ.get("OMP_NUM_THREADS")
    torch.set_num_threads(1)
    os.environ["OMP_NUM_THREADS"] = "1"  # of the processes started here
    yield
    torch.set_num_threads(threads)
    if before is None:
        del os.environ["OMP_NUM_THREADS"]
    else:
        os.environ["OMP_NUM_THREADS"] = before


def picture(kind: str, random: np.random.Generator) -> np.ndarray:
    """Cats are bright above, dogs bright on the left, foxes nothing but noise; 8 x 8 grey pixels."""
    ramp = np.linspace(220, 40, 8)
    base = {"cat": ramp[:, None], "dog": ramp[None, :], "fox": random.uniform(0, 255, (8, 8))}[kind]
    return np.clip(base + random.normal(0, 10, (8, 8)), 0, 255).astype(np.uint8)


def png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="PNG")
    return file.getvalue()


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """The same samples as a folder, a hub's Parquet and an .npz; a table of numbers; and a model of each."""
    place, random = tmp_path_factory.mktemp("place"), np.random.default_rng(0)
    pictures = {kind: [picture(kind, random) for _ in range(EACH)] for kind in CLASSES}
    for kind, found in pictures.items():
        (place / "photos" / kind).mkdir(parents=True)
        for i, pixels in enumerate(found):
            (place / "photos" / kind / f"{i:02}.png").write_bytes(png(pixels))
    every = [(kind, pixels) for kind, found in pictures.items() for pixels in found]
    images = [{"bytes": png(pixels), "path": f"{kind}-{i}.png"} for i, (kind, pixels) in enumerate(every)]
    labels = [CLASSES.index(kind) for kind, _ in every]
    names = {"info": {"features": {"label": {"names": list(CLASSES), "_type": "ClassLabel"}}}}
    hub = pa.table({"image": images, "label": labels})
    pq.write_table(hub.replace_schema_metadata({"huggingface": json.dumps(names)}), place / "hub.parquet")
    np.savez(place / "arrays.npz", X=np.stack([pixels for _, pixels in every]), y=labels)
    values = random.normal(size=(3 * EACH, 3)) + np.repeat([0, 1, 9], EACH)[:, None]
    table = pa.table({"name": [f"n{i}" for i in range(3 * EACH)], **dict(zip("abc", values.T, strict=True))})
    table = table.append_column("kind", [[kind for kind, _ in every]]).rename_columns(["id", *"abc", "kind"])
    pa.csv.write_csv(table, place / "table.csv")
    for kind in CLASSES[:2]:
        (place / "new-cats-and-dogs" / kind).mkdir(parents=True)
        for i in range(30):
            (place / "new-cats-and-dogs" / kind / f"{i:02}.png").write_bytes(png(picture(kind, random)))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        normal = ["--normal-label", "cat", "dog", *SMALL]
        assert main(["fit", "photos", "--out", "photos.model", *normal]) == 0
        assert main(["fit", "table.csv", "--out", "table.model", "--label-column", "kind", *normal]) == 0
    return place


@pytest.fixture
def call(place, monkeypatch, capsys):
    """Runs a command in the shared place, in this process: exit status, standard output, standard error."""
    monkeypatch.chdir(place)
    capsys.readouterr()

    def run(*words: object) -> tuple[int, str, str]:
        status = main([str(word) for word in words])
        return status, *capsys.readouterr()

    return run


def read(path: Path) -> pa.Table:
    return pq.read_table(path) if path.suffix == ".parquet" else pa.csv.read_csv(path)


def weights(folder: Path | str) -> bytes:
    return (Path(folder) / "weights.safetensors").read_bytes()


# Whole runs


@pytest.mark.parametrize("source", ["photos", "hub.parquet", "arrays.npz"])
def test_the_same_pictures_in_any_form_give_the_same_model_scores_and_metrics(call, tmp_path, source):
    known = ("0", "1") if source == "arrays.npz" else ("cat", "dog")
    status, output, errors = call(
        "fit", source, "--out", tmp_path / "model", "--normal-label", *known, *SMALL
    )
    assert (status, output) == (0, "")
    assert f"learning from 80 images of 8 x 8 pixels, 1 channel, of {source}" in errors
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


def test_anomalies_may_be_a_source_of_their_own(call, tmp_path):
    both = call("evaluate", "photos.model", "photos", "--normal-label", "cat")
    for kind in ("dog", "fox"):
        (tmp_path / kind).symlink_to(Path("photos", kind).resolve())
    apart = call("evaluate", "photos.model", "photos/cat", "--anomalies", tmp_path)
    assert both == apart
    assert "40 normal samples, 80 anomalies" in both[1]


def test_known_anomalies_take_part_in_the_fit(call, tmp_path):
    words = ["fit", "photos", "--normal-label", "cat", "dog", *SMALL, "--out"]
    assert call(*words, tmp_path / "model", "--anomalies", "photos/fox", "--negatives", "none")[0] == 0
    assert call(*words, tmp_path / "without", "--negatives", "none")[0] == 0
    assert weights(tmp_path / "model") != weights(tmp_path / "without")
    assert ama.load(tmp_path / "model").validation_auroc_ is None


def test_a_labelled_source_selects_the_weights(call, tmp_path):
    words = ["fit", "photos", "--normal-label", "cat", "dog", *SMALL, "--out", tmp_path / "model"]
    assert call(*words, "--validation", "hub.parquet")[0] == 0
    assert ama.load(tmp_path / "model").validation_auroc_ > 0.5


def test_pictures_are_resized_where_that_is_asked_for(call, tmp_path):
    status, _, errors = call("fit", "photos", "--out", tmp_path / "model", "--image-size", 16, *SMALL)
    assert status == 0
    assert "learning from 120 images of 16 x 16 pixels" in errors
    assert ama.load(tmp_path / "model").shape_ == (1, 16, 16)


def test_the_default_seed_is_0_and_another_gives_another_model(call, tmp_path):
    words = ["fit", "photos", "--normal-label", "cat", "dog", *SMALL]
    for seed in (0, 1):
        assert call(*words, "--out", tmp_path / str(seed), "--random-state", seed)[0] == 0
    assert weights(tmp_path / "0") == weights("photos.model") != weights(tmp_path / "1")


def test_a_fit_in_python_is_the_same_fit(call, place):
    images = np.load("arrays.npz")["X"][:80]
    detector = ama.AMADetector(
        max_steps=20,
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


def test_a_model_that_is_replaced_leaves_nothing_of_the_older(call, tmp_path):
    for size in (8, 16):
        words = ["--out", tmp_path / "model", "--image-size", size, *SMALL]
        assert call("fit", "photos", *words)[0] == 0
    assert ama.load(tmp_path / "model").shape_ == (1, 16, 16)
    assert os.listdir(tmp_path) == ["model"]


# Scores


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
    scored, drift = errors.splitlines()
    assert scored == f"ama: scored 120 samples, {flagged} flagged as anomalies; wrote {tmp_path / name}"
    assert f"held-out normal samples: p = {detector.drift(source).p_value:.2g})" in drift
    assert os.listdir(tmp_path) == [name]


def test_the_ids_name_the_files(call, tmp_path):
    call("score", "photos.model", "photos", "--out", tmp_path / "scores.parquet")
    ids = read(tmp_path / "scores.parquet")["id"].to_pylist()
    assert ids == [f"{kind}/{i:02}.png" for kind in CLASSES for i in range(EACH)]


def test_without_a_file_the_scores_go_to_standard_output_alone(call, tmp_path):
    call("score", "photos.model", "photos", "--out", tmp_path / "scores.csv")
    status, output, errors = call("score", "photos.model", "photos")
    assert status == 0
    assert output == (tmp_path / "scores.csv").read_text()
    assert re.match(r"ama: scored 120 samples, \d+ flagged as anomalies\nama: .*drift.*\n", errors)


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
    assert drift.startswith(
        "ama: the scores are lower than they should be (Kolmogorov-Smirnov test against 26 "
    )
    assert drift.endswith("`ama calibrate photos.model SOURCE` with such samples, or fit anew")


@pytest.mark.filterwarnings("always")  # a remark, not an error
def test_another_rate_of_false_alarms_is_a_matter_of_scoring(call, tmp_path):
    path = tmp_path / "scores.parquet"
    for rate in (0.05, 0.1, 0.3):
        assert call("score", "photos.model", "photos", "--out", path, "--false-alarm-rate", rate)[0] == 0
        table = read(path)
        assert np.array_equal(table["anomaly"], table["p_value"].to_numpy() <= rate)
    status, _, errors = call("score", "photos.model", "photos", "--out", path, "--false-alarm-rate", "0.001")
    assert status == 0
    assert "note: a false-alarm rate of 0.001 needs 999 held-out normal samples, found 26" in errors


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


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--fdr", "0.1", "--false-alarm-rate", "0.1"], "give either --fdr or --false-alarm-rate"),
        (["--fdr", "0"], "--fdr must lie between 0 and 1, both excluded; found 0"),
        (["--false-alarm-rate", "1"], "false_alarm_rate must lie between 0 and 1, both excluded; found 1"),
    ],
)
def test_a_rate_that_cannot_be_kept_is_refused(call, tmp_path, words, sentence):
    status, output, errors = call("score", "photos.model", "photos", "--out", tmp_path / "s.csv", *words)
    assert (status, output) == (2, "")
    assert errors.startswith(f"ama: {sentence}")
    assert os.listdir(tmp_path) == []


# Calibrating


def test_a_model_is_calibrated_anew_in_its_place_or_another(call, tmp_path):
    shutil.copytree("photos.model", tmp_path / "model")
    words = ["calibrate", tmp_path / "model", "new-cats-and-dogs"]
    status, output, errors = call(*words, "--out", tmp_path / "other", "--false-alarm-rate", "0.1")
    assert (status, output) == (0, "")
    assert re.fullmatch(
        rf"ama: saved {tmp_path}/other: calibrated on 60 normal samples in place of 26; flags about 10% of normal "
        r"samples; their scores differ from the former ones with p = 0\.\d+ \(Kolmogorov-Smirnov test\)\n",
        errors,
    )
    assert (tmp_path / "model" / "config.json").read_bytes() == Path("photos.model/config.json").read_bytes()
    assert call(*words)[0] == 0
    new, old = ama.load(tmp_path / "model"), ama.load("photos.model")
    assert np.array_equal(new.score_samples("photos"), old.score_samples("photos"))
    assert new.false_alarm_rate == old.false_alarm_rate == 0.05
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


def test_a_calibration_that_cannot_be_is_refused_and_leaves_the_model(call, tmp_path):
    shutil.copytree("photos.model", tmp_path / "model")
    for words, sentence in (
        ([tmp_path / "model", "table.csv"], "table.csv holds rows"),
        (
            [tmp_path / "model", "photos", "--false-alarm-rate", "2"],
            "false_alarm_rate must lie between 0 and 1",
        ),
        ([tmp_path / "model", "photos", "--normal-label", "cow"], "no sample of photos has the label 'cow'"),
        ([tmp_path / "nothing", "photos"], f"there is no model at {tmp_path}/nothing"),
    ):
        status, output, errors = call("calibrate", *words)
        assert (status, output) == (2, "")
        assert sentence in errors
        assert len(errors.splitlines()) == 1
    assert weights(tmp_path / "model") == weights("photos.model")


def test_the_same_commands_in_other_processes_give_the_same_bytes(call, tmp_path):
    def process(*words: object) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "ama.cli", *map(str, words)],
            capture_output=True,
            text=True,
            cwd=os.getcwd(),
        )
        assert (done.returncode, done.stdout) == (0, "")
        return done.stderr

    normal = ["--normal-label", "cat", "dog", *SMALL]
    assert "%|" not in process("fit", "photos", "--out", tmp_path / "model", *normal)
    assert weights(tmp_path / "model") == weights("photos.model")
    names = ["scores.parquet", "scores.csv"]
    assert "%|" not in process("score", tmp_path / "model", "photos", "--out", tmp_path / names[0])
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
    assert np.array_equal(found[0], ama.load("table.model").score_samples(rows))


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
def test_a_scoring_that_is_killed_leaves_the_older_file_and_nothing_else(place, many, tmp_path):
    (tmp_path / "scores.csv").write_text("older")
    words = ["score", str(place / "table.model"), str(many), "--out", str(tmp_path / "scores.csv")]
    process = subprocess.Popen([sys.executable, "-m", "ama.cli", *words], stderr=subprocess.PIPE, text=True)

    def written() -> int:
        """Size of the file without a name that the scores are gathered in."""
        sizes = [0]
        for file in Path(f"/proc/{process.pid}/fd").iterdir():
            try:
                if str(file.readlink()).startswith(str(tmp_path)):
                    sizes.append(file.stat().st_size)
            except OSError:
                continue
        return max(sizes)

    end = time.monotonic() + 60
    while written() < 100_000 and process.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
    process.kill()
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (-signal.SIGKILL, "")
    assert (tmp_path / "scores.csv").read_text() == "older"
    assert os.listdir(tmp_path) == ["scores.csv"]


@pytest.mark.skipif(os.name != "posix", reason="limits on file size are POSIX's")
def test_a_disk_that_fills_up_while_scoring_is_one_sentence(place, tmp_path):
    # A limit on file size makes the kernel refuse the write, as a full disk does.
    (tmp_path / "scores.csv").write_text("older")
    code = (
        "import resource, sys; from ama.cli import main\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)); sys.exit(main(sys.argv[1:]))"
    )
    words = [
        "score",
        str(place / "photos.model"),
        str(place / "photos"),
        "--out",
        str(tmp_path / "scores.csv"),
    ]
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"ama: cannot write {tmp_path / 'scores.csv'}: File too large\n"
    assert (tmp_path / "scores.csv").read_text() == "older"
    assert os.listdir(tmp_path) == ["scores.csv"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_standard_output_that_is_full_or_gone_is_no_traceback(place):
    words = [sys.executable, "-m", "ama.cli", "score", str(place / "photos.model"), str(place / "photos")]
    with open("/dev/full", "w") as full:
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (
        1,
        "ama: cannot write to standard output: No space left on device\n",
    )
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(words, stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")


# Evaluations


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
    assert first["metrics"]["a_score"] == evaluate(scores.a_score.numpy(), anomalous).as_dict()
    assert first["metrics"]["r_score"] == evaluate(-scores.r_score.numpy(), anomalous).as_dict()
    flagged = detector.predict("photos") < 0
    assert first["false_alarm_rate"] == flagged[~anomalous].mean()
    assert f"{flagged[~anomalous].mean():.2%} of normal samples, {flagged[anomalous].mean():.2%} of" in output
    assert (first["source"], first["normal_label"]) == (["photos"], ["cat", "dog"])
    assert first["steps"] == first["settings"]["max_steps"] == first["parameters"]["max_steps"] == 20
    assert {"versions", "machine", "date", "command", "fit_seconds"} <= first.keys()


# What can be wrong


def write(folder: Path, pictures: dict[str, np.ndarray | str]) -> Path:
    folder.mkdir()
    for name, pixels in pictures.items():
        if isinstance(pixels, str):
            (folder / name).write_text(pixels)
        else:
            Image.fromarray(pixels).save(folder / name)
    return folder


def noise(n: int, side: int = 8) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    return {f"{i:02}.png": random.integers(0, 256, (side, side), dtype=np.uint8) for i in range(n)}


@pytest.fixture
def bad(tmp_path) -> Path:
    """Sources to stumble over."""
    bad = tmp_path / "bad"
    bad.mkdir()
    write(bad / "one", noise(1))
    write(bad / "three", noise(3))
    write(bad / "same", {f"{i}.png": np.full((8, 8), 7, np.uint8) for i in range(20)})
    write(bad / "tiny", noise(20, side=1))
    write(bad / "text", {"a.png": "hello"})
    write(bad / "mixed", noise(60) | {"x.png": "hello", "y.png": ""})
    write(bad / "flat", noise(60))
    write(bad / "foreign", {"holiday.txt": "sun"})
    (bad / "empty").mkdir()
    rows = [f"{i},{i % 7}" for i in range(60)]
    (bad / "nan.csv").write_text("\n".join(["a,b", *rows[:17], "1,nan", *rows]))
    (bad / "same.csv").write_text("\n".join(["a,b", *["1,2"] * 60]))
    (bad / "lacking.csv").write_text("\n".join(["a,d", *rows]))
    (bad / "words.csv").write_text("\n".join(["a,b", *["1,x"] * 60]))
    (bad / "file").write_text("x")
    return bad


def refused(result: tuple[int, str, str], sentence: str) -> bool:
    """Whether a command ended with status 2, nothing on standard output, and the sentence as its last line."""
    status, output, errors = result
    *remarks, last = errors.splitlines()
    assert (status, output) == (2, ""), result
    assert all(line.startswith(("ama: learning from", "ama: skipped")) for line in remarks), errors
    assert re.fullmatch(f"ama: {sentence}", last), errors
    return True


SOURCES = [
    ("one", "a fit needs at least 5 normal samples, found 1 sample"),
    ("three", "a fit needs at least 5 normal samples, found 3 samples"),
    ("same", "all 20 normal samples are identical, .*"),
    (
        "tiny",
        "images must be 8 to 256 pixels a side, found 1 x 1 in .*tiny/00.png; --image-size 32 resizes them",
    ),
    ("text", "none of the samples of .*text can be read; the first: a.png cannot be read: it is no PNG, .*"),
    ("missing", "there is no file or folder .*missing, expected images, .*"),
    ("missing.csv", "there is no file or folder .*missing.csv, expected images, .*"),
    ("empty", ".*empty holds no files, expected images .*"),
    ("nan.csv", r".*nan.csv has nan in row 18 \(counted from 1\), column 'b', expected a finite number: .*"),
    ("same.csv", "all 60 normal samples are identical, .*"),
    ("words.csv", r"column 'b' of .*words.csv holds no numbers \(string\): encode it as numbers or drop it"),
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
    (["--max-time", "0"], "max_time must be a positive length of time .*, found '0'"),
    (["--max-time=-5m"], "max_time must be a positive length of time .*, found '-5m'"),
    (["--false-alarm-rate", "0"], "false_alarm_rate must lie between 0 and 1, both excluded; found 0.0"),
    (["--false-alarm-rate", "1"], "false_alarm_rate must lie between 0 and 1, both excluded; found 1.0"),
    (["--image-size", "4"], "image_size must be 8 to 256 pixels a side, found 4 x 4"),
    (["--latent-dim", "0"], "latent_dim must be a .*number from 1 to 4096, found 0"),
    (["--label-column", "kind"], "photos has no column 'kind', as the labels of a folder .*"),
    (["--anomalies", "table.csv"], r"table.csv holds rows, expected images of shape \(1, 8, 8\)"),
    (["--anomalies", "missing"], "there is no file or folder missing, .*"),
    (["--validation", "photos"], "--validation needs --normal-label to tell .*"),
    (["--validation", "photos/cat", "--normal-label", "cat"], "photos/cat has no labels to tell .*"),
]


@pytest.mark.parametrize(("words", "sentence"), OPTIONS, ids=lambda value: " ".join(value)[:40])
def test_an_option_that_does_not_fit_is_refused(call, tmp_path, words, sentence):
    assert refused(call("fit", "photos", "--out", tmp_path / "model", *SMALL, *words), sentence)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("nowhere/model", "the folder .*nowhere does not exist"),
        ("file", "something that is no ama model is there, and it will not be overwritten"),
        ("file/model", "the folder .*file does not exist"),
        ("foreign", "something that is no ama model is there, and it will not be overwritten"),
    ],
)
def test_a_model_is_never_written_over_something_else(call, bad, name, sentence):
    before = sorted(os.listdir(bad))
    result = call("fit", "photos", "--out", bad / name, *SMALL)
    assert refused(result, f"cannot save a model at {bad / name}: {sentence}")
    assert result[2].count("\n") == 1  # before any work
    assert sorted(os.listdir(bad)) == before
    assert (bad / "foreign" / "holiday.txt").read_text() == "sun"


def test_unreadable_files_among_good_ones_are_skipped_and_counted(call, bad, tmp_path):
    status, _, errors = call("fit", bad / "mixed", "--out", tmp_path / "model", *SMALL)
    assert status == 0
    assert errors.splitlines()[:3] == [
        "ama: skipped: x.png cannot be read: it is no PNG, JPEG, BMP, TIFF, GIF or WEBP image",
        "ama: skipped: y.png cannot be read: it is empty",
        "ama: skipped 2 unreadable samples in all; --strict refuses them",
    ]
    status, _, errors = call("score", "photos.model", bad / "mixed", "--out", tmp_path / "scores.csv")
    assert status == 0
    assert "skipped 2 unreadable samples in all" in errors
    assert "scored 60 samples" in errors
    assert read(tmp_path / "scores.csv")["id"].to_pylist() == sorted(noise(60))


def test_unreadable_files_are_refused_where_that_is_asked_for(call, bad, tmp_path):
    mixed = bad / "mixed"
    sentence = f"in {mixed}, x.png cannot be read: it is no PNG, .*"
    assert refused(call("fit", mixed, "--out", tmp_path / "model", "--strict", *SMALL), sentence)
    assert refused(
        call("score", "photos.model", "--strict", mixed, "--out", tmp_path / "scores.csv"), sentence
    )
    assert refused(call("evaluate", "photos.model", "photos", "--anomalies", mixed, "--strict"), sentence)
    assert os.listdir(tmp_path) == ["bad"]


SCORINGS = [
    ("missing", "photos", "there is no model at missing: no such folder"),
    ("photos", "photos", "photos is not a model folder: it holds no config.json"),
    ("table.csv", "photos", "table.csv is not a model folder: .*"),
    ("photos.model", "missing", "there is no file or folder missing, .*"),
    ("photos.model", "table.csv", r"table.csv holds rows, expected images of shape \(1, 8, 8\)"),
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
    assert refused(result, ".*flat has no labels to tell normal samples by: it needs sub-folders, .*")


def test_a_training_that_diverges_is_a_failed_run_and_writes_nothing(call, tmp_path):
    words = ["fit", "digits", "--out", tmp_path / "model", "--max-steps", "25"]
    wild = ["--loss", "wasserstein", "--lipschitz", "gradient_penalty", "--penalty-weight", "0"]
    status, output, errors = call(*words, *wild, "--learning-rate", "1", "--averaging", "0")
    assert (status, output) == (1, "")
    assert re.fullmatch(
        r"ama: training diverged at step 25: the \w+ loss is \S+; try .*", errors.splitlines()[-1]
    )
    assert os.listdir(tmp_path) == []


def test_a_threshold_that_few_samples_cannot_give_is_remarked_on(call, bad, tmp_path):
    words = [sys.executable, "-m", "ama.cli", "fit", bad / "flat", "--out", tmp_path / "model", *SMALL]
    done = subprocess.run([*words, "--held-out", "0.1"], capture_output=True, text=True)
    assert done.returncode == 0
    learning, note, saved = done.stderr.splitlines()
    assert learning.startswith("ama: learning from 60 images")
    assert note.startswith("ama: note: a false-alarm rate of 0.05 needs 19 held-out normal samples, found 4")
    assert saved.endswith("flags about 20% of normal samples")


# Other methods


@pytest.mark.parametrize("method", ["PCAReconstruction", "DeepSVDD"])
def test_another_method_is_fitted_scored_and_judged_by_the_same_commands(call, tmp_path, method):
    short = ["--held-out", "0.5", *(["--max-steps", "20"] if method == "DeepSVDD" else [])]
    normal = ["--normal-label", "cat", "dog"]
    status, _, errors = call("fit", "photos", "--out", tmp_path / "m", "--method", method, *normal, *short)
    assert status == 0, errors
    status, output, _ = call("score", tmp_path / "m", "photos")
    assert status == 0
    assert output.splitlines()[0] == '"id","score","p_value","anomaly"'
    assert len(output.splitlines()) == 1 + 3 * EACH
    status, output, _ = call("evaluate", tmp_path / "m", "photos", *normal)
    assert status == 0
    assert f"(by {method})" in output
    assert float(re.search(r"AUROC +([\d.]+)", output)[1]) > 0.9
    assert isinstance(ama.load(tmp_path / "m"), detector_class(method))


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
def test_what_only_this_packages_detector_learns_from_is_refused(call, tmp_path, option):
    words = ["--normal-label", "cat", "--method", "NearestNeighbours", option, "photos"]
    status, _, errors = call("fit", "photos", "--out", tmp_path / "m", *words)
    assert (status, errors) == (
        2,
        f"ama: {option} is for AMADetector: NearestNeighbours learns from normal samples alone\n",
    )
    assert not (tmp_path / "m").exists()
