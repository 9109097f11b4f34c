"""Several files as the source of a command."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ama.cli.main import main
from image_files import noise, save

SMALL = ["--max-steps", "5", "--noise-steps", "20", "--held-out", "0.4"]


@pytest.fixture
def tables(tmp_path, monkeypatch, rng):
    """Three files of 80 rows in the working folder."""
    monkeypatch.chdir(tmp_path)
    names = ["a.csv", "b.csv", "c.csv"]
    for name in names:
        pd.DataFrame(rng.normal(size=(80, 3)), columns=list("xyz")).to_csv(name, index=False)
    return names


def test_commands_take_several_tables_as_one(tables, capsys):
    a, b, c = tables
    assert main(["fit", a, b, "--out", "model", *SMALL]) == 0
    assert "learning from a.csv and 1 more: 160 rows of 3 columns" in capsys.readouterr().err
    assert main(["score", "model", b, c, "--out", "scores.csv"]) == 0
    scores = pd.read_csv("scores.csv")
    for name, part in ((b, scores[:80]), (c, scores[80:])):
        assert main(["score", "model", name, "--out", "one.csv"]) == 0
        np.testing.assert_allclose(pd.read_csv("one.csv")["score"], part["score"])
    assert main(["calibrate", "model", b, c, "--out", "calibrated"]) == 0
    assert main(["report", "model", b, c, "--out", "report.html"]) == 0
    capsys.readouterr()
    assert main(["evaluate", "model", a, b, "--anomalies", c, "--append-to", "results.jsonl"]) == 0
    assert json.loads(Path("results.jsonl").read_text())["source"] == ["a.csv and 1 more", "c.csv"]


def test_images_that_a_shell_expands_are_scored_by_their_paths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = [f"photos/{i:02}.png" for i in range(80)]
    os.mkdir("photos")
    for name, image in zip(names, noise(80, 8, 8), strict=True):
        save(tmp_path / name, image)
    assert main(["fit", *names, "--out", "model", *SMALL]) == 0
    assert main(["score", "model", *names[:3], "--out", "scores.csv"]) == 0
    assert pd.read_csv("scores.csv")["id"].tolist() == names[:3]


def test_a_configuration_holds_one_source_or_a_list(tables, capsys):
    a, b, _ = tables
    for given in ([a], [a, b]):
        assert main(["fit", *given, "--out", "model", *SMALL, "--print-config"]) == 0
        printed = capsys.readouterr().out
        assert printed.startswith("source: a.csv\n" if given == [a] else "source:\n- a.csv\n- b.csv\n")
        Path("fit.yaml").write_text(printed)
        assert main(["fit", "--config", "fit.yaml"]) == 0
        assert f"{80 * len(given)} rows" in capsys.readouterr().err


def test_the_printed_options_of_other_commands_hold_one_source_as_a_text(tables, capsys):
    assert main(["score", "model", "a.csv", "--print-config"]) == 0
    assert "\nsource: a.csv\n" in "\n" + capsys.readouterr().out
    assert main(["score", "model", "a.csv", "b.csv", "--print-config"]) == 0
    assert "\nsource:\n- a.csv\n- b.csv\n" in "\n" + capsys.readouterr().out


def test_a_file_after_the_options_is_one_too_many(tables, capsys):
    assert main(["score", "model", "a.csv", "--out", "s.csv", "b.csv"]) == 2
    told = "score: the argument 'b.csv' is one too many: name all files of the source one after the other"
    assert told in capsys.readouterr().err


def test_no_file_of_several_is_written_over_or_is_the_anomalies(tables, capsys):
    a, b, _ = tables
    assert main(["fit", a, b, "--out", "model", *SMALL]) == 0
    before = Path(b).read_text()
    assert main(["score", "model", a, b, "--out", b]) == 2
    assert "cannot write b.csv: b.csv is read from it" in capsys.readouterr().err
    assert Path(b).read_text() == before
    assert main(["evaluate", "model", a, b, "--anomalies", b]) == 2
    assert main(["fit", a, b, "--anomalies", b, "--out", "other"]) == 2
    assert capsys.readouterr().err.count("b.csv is given as normal and as --anomalies") == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["digits", "more"], "the list has 'digits' at position 1"),
        (["a.csv", "."], "the list has '.' at position 2 (counted from 1), expected paths of tables"),
        (["a.csv", "none.csv"], "none.csv cannot be read: No such file or directory"),
    ],
)
def test_what_is_no_file_beside_others_is_refused(tables, capsys, words, message):
    assert main(["fit", *words, "--out", "model"]) == 2
    assert message in capsys.readouterr().err


def test_an_empty_list_in_a_configuration_is_refused(tables, capsys):
    Path("fit.yaml").write_text("source: []\nout: model\n")
    assert main(["fit", "--config", "fit.yaml"]) == 2
    assert "source is an empty list, expected a file, a folder or a data set" in capsys.readouterr().err
