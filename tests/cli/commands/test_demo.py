"""``ama demo``: one command that needs no preparation, learns, prints its metrics and draws pictures."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow.csv
import pytest
from PIL import Image

import ama
from ama.benchmark.tables.digits import split_digits
from ama.cli.main import main
from ama.decision.metrics import evaluate
from children import command, end, signalled_at, start

STEPS = 5


class Shown(NamedTuple):
    folder: Path
    results: Path
    output: str
    errors: str


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """A demo with short trainings, the digit 0 first: its folder, its results file and what it printed."""
    folder, results = tmp_path_factory.mktemp("demo") / "new" / "folder", tmp_path_factory.mktemp("results")
    words = ["--digit", "0", "--every-digit", "--max-steps", str(STEPS), "--out", str(folder)]
    done = subprocess.run(
        [sys.executable, "-m", "ama", "demo", *words, "--append-to", str(results / "results.jsonl")],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return Shown(folder, results / "results.jsonl", done.stdout, done.stderr)


def test_it_prints_how_well_it_flags_the_digit_left_out(shown):
    output = shown.output
    auroc = re.search(r"AUROC +(0\.\d{4})  \(95 % interval (0\.\d{4}) to (0\.\d{4})\)", output)
    value, low, high = map(float, auroc.groups())
    assert value > 0.9
    assert low < value < high
    assert "Tested on 324 new images of them and 178 of the digit 0:" in output
    assert re.search(
        r"threshold for 5% false alarms it flags \d+% of the digit 0 and \d\.\d% of the others", output
    )


def test_it_ends_its_first_part_with_the_report(shown):
    assert f"open {shown.folder / 'report.html'} in a browser to see everything" in shown.output
    page = (shown.folder / "report.html").read_text()
    assert "of the 178 anomalies are flagged" in page
    assert "Scanned digits, learned without the digit 0" in page


def test_a_pipe_gets_notes_and_no_progress_bars(shown):
    assert "Learning scanned digits (8 x 8 pixels) without the digit 0 ...\n" in shown.errors
    assert "Leaving out each of the other digits in turn, two fits at a time ...\n" in shown.errors
    assert "%|" not in shown.errors
    assert "\r" not in shown.errors
    assert "%|" not in shown.output


def test_it_writes_what_it_names_and_nothing_else(shown):
    folder = shown.folder
    named = [line.removeprefix("wrote ") for line in shown.output.splitlines() if line.startswith("wrote ")]
    assert sorted(named) == sorted(str(folder / name) for name in os.listdir(folder))
    assert sorted(os.listdir(folder)) == [
        "model",
        "r_scores.png",
        "reconstructions.png",
        "report.html",
        "scores.csv",
        "scores.png",
    ]


@pytest.mark.parametrize(
    ("name", "width", "height"),
    [("reconstructions.png", 1500, 600), ("r_scores.png", 800, 400), ("scores.png", 800, 400)],
)
def test_the_pictures_open_and_are_not_blank(shown, name, width, height):
    with Image.open(shown.folder / name) as picture:
        assert picture.format == "PNG"
        assert abs(picture.width - width) < 0.2 * width
        assert abs(picture.height - height) < 0.2 * height
        pixels = np.asarray(picture.convert("L"))
    assert (pixels == 255).mean() < 0.95
    assert (pixels < 128).mean() > 0.01
    halves = np.array_split(pixels, 4, axis=1)
    assert all(part.std() > 10 for part in halves)  # something is drawn everywhere across


def test_the_scores_are_those_of_the_model_it_saved(shown):
    folder = shown.folder
    table = pyarrow.csv.read_csv(folder / "scores.csv")
    assert table.column_names == ["anomalous", "r_score", "score", "anomaly"]
    split = split_digits(0, seed=0)
    detector = ama.load(folder / "model")
    assert detector.n_steps_ == STEPS
    scores, anomalous = table["score"].to_numpy(), table["anomalous"].to_numpy()
    assert np.array_equal(anomalous, split.anomalous)
    assert np.allclose(scores, detector.score_samples(split.test), rtol=1e-4, atol=1e-4)
    assert np.array_equal(table["anomaly"].to_numpy(), scores < detector.offset_)
    assert str(evaluate(scores, anomalous).auroc) in shown.output


@pytest.mark.parametrize("digit", ["10", "-1"])
def test_a_digit_that_is_none_is_refused(tmp_path, capsys, digit):
    assert main(["demo", f"--digit={digit}", "--out", str(tmp_path / "demo")]) == 2
    assert capsys.readouterr() == ("", f"ama: --digit must be 0 to 9, found {digit}\n")
    assert os.listdir(tmp_path) == []


def test_a_place_that_cannot_hold_it_is_refused_before_the_training(tmp_path, capsys):
    (tmp_path / "file").write_text("x")
    assert main(["demo", "--out", str(tmp_path / "file")]) == 2
    assert f"cannot write the demo to {tmp_path / 'file'}: File exists" in capsys.readouterr().err
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "holiday.jpg").write_text("sun")
    assert main(["demo", "--out", str(tmp_path)]) == 2
    output, errors = capsys.readouterr()
    assert output == ""
    assert re.fullmatch(r"ama: cannot save a model at .*something other than an ama model.*\n", errors)
    assert sorted(os.listdir(tmp_path)) == ["file", "model"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--append-to", "r.jsonl"], "--append-to needs --every-digit, whose results it keeps"),
        (["--append-to", "file/r.jsonl", "--every-digit"], "cannot write file/r.jsonl: "),
    ],
)
def test_results_that_cannot_be_kept_are_refused_before_the_training(
    tmp_path, monkeypatch, capsys, words, sentence
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("x")
    assert main(["demo", *words]) == 2
    assert capsys.readouterr().err.startswith(f"ama: {sentence}")
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_a_picture_is_replaced_by_a_whole_one_alone(tmp_path):
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "reconstructions.png").write_text("old")
    demo = command("demo", "--max-steps", STEPS, "--out", "demo")
    ended = end(
        start(signalled_at("PIL.PngImagePlugin", "_save", signal.SIGTERM, demo), tmp_path, tmp_path), tmp_path
    )
    assert ended.status == 143
    assert sorted(os.listdir(tmp_path / "demo")) == ["model", "reconstructions.png"]
    assert (tmp_path / "demo" / "reconstructions.png").read_text() == "old"


def test_every_digit_in_turn_gives_a_table_and_a_line_for_each(shown):
    table = re.findall(r"^  (\d) +(\d\.\d{4}) +(\d\.\d{4}) +\d+$", shown.output, re.M)
    assert [int(digit) for digit, _, _ in table] == list(range(10))
    average = re.search(r"^  average +(\d\.\d{4}) +(\d\.\d{4})$", shown.output, re.M)
    for column in (1, 2):
        mean = np.mean([float(row[column]) for row in table])
        assert float(average[column]) == pytest.approx(mean, abs=1e-4)
    records = [json.loads(line) for line in shown.results.read_text().splitlines()]
    assert [record["digit"] for record in records] == list(range(10))
    for record, row in zip(records, table, strict=True):
        assert (record["seed"], record["max_steps"]) == (0, STEPS)
        assert f"{record['metrics']['auroc']['value']:.4f}" == row[1]
        assert f"{record['nearest_neighbours_auroc']:.4f}" == row[2]
