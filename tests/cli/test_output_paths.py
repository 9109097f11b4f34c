"""What a command writes replaces neither its model nor its source nor another of its outputs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ama.cli.main import main
from places import SMALL, noise, refused, write


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """Images and rows, with a model of each."""
    place = tmp_path_factory.mktemp("made")
    write(place / "photos", noise(80))
    rows = np.random.default_rng(0).normal(size=(80, 3))
    np.savetxt(place / "rows.csv", rows, delimiter=",", header="a,b,c", comments="")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        for source, model in (("photos", "seen"), ("rows.csv", "read")):
            assert main(["fit", source, "--out", model, *SMALL]) == 0
    return place


@pytest.fixture
def call(made, tmp_path, monkeypatch, capsys):
    """Runs a command beside copies of them; afterwards every file there must be as it was."""
    shutil.copytree(made, tmp_path / "place")
    monkeypatch.chdir(tmp_path / "place")
    (tmp_path / "place" / "link").symlink_to("seen")
    capsys.readouterr()
    before = files()
    yield lambda *words: (main([*words]), *capsys.readouterr())
    assert files() == before


def files() -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in Path().rglob("*") if path.is_file()}


SEPARATE = "must name separate places, neither inside the other, found"
REFUSED = [
    ("score seen photos --coco seen/config.json", "cannot write seen/config.json: it is part of the model seen; "),
    ("score seen photos --coco link/config.json", "cannot write link/config.json: it is part of the model seen; "),
    ("score link photos --watch-state seen/config.json", "cannot write seen/config.json: it is part of the model link"),
    ("score seen photos --maps seen", "cannot write seen: it is part of the model seen; "),
    ("score seen photos --coco c.json --watch-state ./c.json", f"--coco and --watch-state {SEPARATE} c.json and ./c"),
    ("score seen photos --coco photos/00.png", "cannot write photos/00.png: its name must end in .json"),
    ("score read file://{place}/rows.csv --out rows.csv", "cannot write rows.csv: {place}/rows.csv is read from it; "),
    ("score read local://{place}/rows.csv --out rows.csv", "cannot write rows.csv: {place}/rows.csv is read from it;"),
    ("report read photos --anomalies rows.csv --out rows.csv", "cannot write rows.csv: rows.csv is read from it; "),
    ("score seen photos --maps photos/maps", "cannot write photos/maps: the next run would take what lies in photos "),
    ("score seen file://{place}/photos --maps photos/m", "cannot write photos/m: the next run would take what lies in"),
    ("fit ~nobody-of-that-name/x --out new", "there is no file or folder ~nobody-of-that-name/x: "),
    ("fit rows.csv --out c --checkpoints c", f"--out and --checkpoints {SEPARATE} c and c"),
    ("fit rows.csv --out m --checkpoints m/c", f"--out and --checkpoints {SEPARATE} m and m/c"),
    ("fit rows.csv --out c/m --checkpoints c", f"--out and --checkpoints {SEPARATE} c/m and c"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "sentence"), REFUSED)
def test_an_output_that_would_replace_something_is_refused_before_the_work(call, words, sentence):
    words, sentence = (text.format(place=Path.cwd()) for text in (words, sentence))
    assert refused(call(*words.split()), re.escape(sentence) + ".*")


def test_separate_outputs_are_written(made, tmp_path, monkeypatch):
    """Also beside the images that are scored, and by a method without checkpoints."""
    shutil.copytree(made, tmp_path / "place")
    monkeypatch.chdir(tmp_path / "place")
    for words in (
        "score seen photos --out photos/s.csv --coco photos/c.json --watch-state w.json --maps photo-maps",
        "fit rows.csv --method PCAReconstruction --held-out 0.5 --out pca",
    ):
        assert main(words.split()) == 0
    assert Path("photos/s.csv").exists()
    assert len(list(Path("photo-maps").iterdir())) == 80


def test_a_new_shard_of_the_source_is_said_to_be_one(made, tmp_path, monkeypatch, capsys):
    shutil.copytree(made, tmp_path / "place")
    monkeypatch.chdir(tmp_path / "place")
    Path("shards").mkdir()
    pd.read_csv("rows.csv").to_parquet("shards/0.parquet")
    for out, told in (
        ("shards/s.csv", False),
        ("s.parquet", False),
        ("photos/s.parquet", False),
        ("shards/s.parquet", True),
    ):
        assert (
            main(["score", *(("seen", "photos") if "photos" in out else ("read", "shards")), "--out", out])
            == 0
        )
        note = f"note: {out} lies among the shards of shards: the next run would read it as one of them"
        assert (note in capsys.readouterr().err) == told


def test_a_file_of_a_folder_of_csv_files_is_not_replaced(made, tmp_path, monkeypatch, capsys):
    shutil.copytree(made, tmp_path / "place")
    monkeypatch.chdir(tmp_path / "place")
    Path("parts").mkdir()
    shutil.copy("rows.csv", "parts/0.csv")
    Path("parts/notes.txt").touch()
    Path("parts/1.csv").write_text(Path("rows.csv").read_text())
    assert main(["score", "read", "parts", "--out", "parts/0.csv"]) == 2
    assert "cannot write parts/0.csv: parts is read from it" in capsys.readouterr().err
    assert main(["score", "read", "parts", "--out", "parts/scores.csv"]) == 0
    assert "parts/scores.csv lies among the shards of parts" in capsys.readouterr().err


def test_a_name_that_cannot_be_one_is_left_to_the_command(call):
    assert refused(call("score", "seen", "photos", "--out", "a\0b.csv"), "cannot write a.b.csv: .*null byte")
