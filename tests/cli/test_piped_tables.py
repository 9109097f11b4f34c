"""A table that is piped into a command."""

import gzip
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import ama
from ama.cli.main import main
from children import environment

WRITERS = {
    "csv": lambda frame, path: frame.to_csv(path, index=False),
    "semicolons": lambda frame, path: frame.to_csv(path, index=False, sep=";"),
    "csv.gz": lambda frame, path: path.write_bytes(gzip.compress(frame.to_csv(index=False).encode())),
    "jsonl": lambda frame, path: frame.to_json(path, orient="records", lines=True, double_precision=15),
    "parquet": lambda frame, path: frame.to_parquet(path),
    "feather": lambda frame, path: frame.to_feather(path),
    "xlsx": lambda frame, path: frame.to_excel(path, index=False),
}


@pytest.fixture
def rows(tmp_path, monkeypatch, rng):
    """80 rows, and a model of such in the working folder."""
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame(rng.normal(size=(80, 3)).round(3), columns=list("xyz"))
    ama.AMADetector(max_steps=5, noise_steps=20, held_out=0.4, random_state=0).fit(frame).save("model")
    frame.to_csv("rows.csv", index=False)
    return frame


@pytest.fixture
def piped(monkeypatch):
    """Makes a file standard input."""

    def pipe(path):
        monkeypatch.setattr("sys.stdin", stream := open(path))  # noqa: SIM115
        streams.append(stream)

    streams = []
    yield pipe
    for stream in streams:
        stream.close()


@pytest.mark.parametrize("kind", WRITERS)
def test_a_table_of_any_kind_is_read(rows, piped, capsys, kind):
    WRITERS[kind](rows, Path("piped"))
    piped("piped")
    assert main(["score", "model", "-", "--out", "scores.csv"]) == 0
    capsys.readouterr()
    assert main(["score", "model", "rows.csv", "--out", "expected.csv"]) == 0
    assert Path("scores.csv").read_bytes() == Path("expected.csv").read_bytes()


@pytest.mark.parametrize("source", ["'-'", "['-', '-']"])
def test_a_configuration_may_name_it_too(rows, piped, source):
    Path("score.yaml").write_text(f"model: model\nsource: {source}\nout: scores.csv\n")
    piped("rows.csv")
    assert main(["score", "--config", "score.yaml"]) == 0
    assert len(pd.read_csv("scores.csv")) == 80 * source.count("'-'")


def test_what_is_piped_may_be_one_of_several_files(rows, piped):
    piped("rows.csv")
    assert main(["score", "model", "rows.csv", "-", "--out", "scores.csv"]) == 0
    assert len(pd.read_csv("scores.csv")) == 160


@pytest.mark.parametrize(
    ("held", "message"),
    [
        (b"", "stdin.csv is an empty file"),
        (b"PAR1 and no more", "stdin.parquet cannot be read"),
        (b"<!doctype html><table></table>", "stdin.csv holds HTML or XML, expected a table"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n", "a pointer of Git LFS"),
    ],
)
def test_what_is_no_table_is_refused(rows, piped, capsys, held, message):
    Path("piped").write_bytes(held)
    piped("piped")
    assert main(["score", "model", "-"]) == 2
    assert message in capsys.readouterr().err


def test_without_a_pipe_a_sentence_says_so(rows, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", None)
    assert main(["score", "model", "-"]) == 2
    assert "the source - is standard input, to which nothing is piped" in capsys.readouterr().err


def test_a_real_pipe_is_read_and_nothing_is_left(rows, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "ama", "score", "model", "-"],
        input=rows.to_csv(index=False).encode(),
        capture_output=True,
        env=environment(),
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(b"\n") == 81
    assert list((tmp_path / "temporary").iterdir()) == []
