"""SIGINT, SIGTERM and SIGHUP at any moment: one line, the usual status, nothing half-written, no litter."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import ama
import children
from ama.cli.main import main
from children import Ended, called, command, end, signalled_at, start
from places import SMALL, weights

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")

ENDS = {"SIGINT": (130, "interrupted"), "SIGTERM": (143, "terminated"), "SIGHUP": (129, "terminated")}
FIT = ["fit", "rows.csv", "--out", "model", *SMALL, "--batch-size", "64"]


@pytest.fixture(scope="module", autouse=True)
def heeded():
    """What runs the tests may have been started with signals ignored, as by nohup; children would inherit that."""
    ignored = [number for name in ENDS if signal.getsignal(number := getattr(signal, name)) == signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("stopping")
    rows = np.random.default_rng(0).normal(size=(100, 3))
    np.savetxt(folder / "rows.csv", rows, delimiter=",", header="a,b,c", comments="")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert main([*FIT, "--out", "old"]) == 0
        # What this process has imported, the forked ones need not.
        assert main(["report", "old", "rows.csv", "--out", "r.html"]) == 0
    (folder / "r.html").unlink()
    (folder / "old.csv").write_text("old")
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


MOMENTS = {
    "reading": ("ama.data.samples", "read", FIT),
    "a step": ("ama.training.step", "training_step", FIT),
    "the statistics": ("ama.scores.model", "finish", FIT),
    "saving": ("ama.io.model_writer", "save_model", FIT),
    "scoring": ("ama.scores.model", "scores", ["score", "old", "rows.csv", "--out", "old.csv"]),
    "the report": (
        "ama.report.page_builder",
        "build_report",
        ["report", "old", "rows.csv", "--out", "r.html"],
    ),
}


@pytest.mark.parametrize(("moment", "name"), list(zip(MOMENTS, [*ENDS] * 2, strict=True)))
def test_a_signal_is_one_line_and_leaves_everything_as_it_was(table, tmp_path, moment, name):
    module, function, words = MOMENTS[moment]
    before = files(table)
    work = signalled_at(module, function, getattr(signal, name), command(*words))
    ended = end(start(work, table, tmp_path), tmp_path)
    assert stopped(ended) == (name, [])
    assert files(table) == before


def stopped(ended: Ended) -> tuple[str, list[str]]:
    """The signal that ended a command by its status and its last line, and what it said besides."""
    *others, last = [line for line in ended.errors.splitlines() if not line.startswith("ama: learning from")]
    assert ended.output == ""
    name = next(name for name, end in ENDS.items() if end == (ended.status, last.removeprefix("ama: ")))
    return name, others


@pytest.mark.parametrize(
    ("module", "name"), [("ama.cli.main", "SIGTERM"), ("torch", "SIGINT"), ("lightning", "SIGHUP")]
)
def test_a_signal_during_an_import_is_one_line(table, module, name):
    code = (
        "import sys; from children import command, signalled_at; "
        f"sys.exit(signalled_at({module!r}, '<module>', {int(getattr(signal, name))}, command(*{FIT}))())"
    )
    before = files(table)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=table,
        env=children.environment(),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert stopped(Ended(done.returncode, done.stdout, done.stderr)) == (name, [])
    assert files(table) == before


def test_the_last_checkpoint_of_a_terminated_fit_is_resumed(table, tmp_path):
    words = [*FIT, "--max-steps", "100"]
    checkpoints = ["--checkpoints", "c", "--checkpoint-every", "0.01s"]
    fit = start(command(*words, *checkpoints), table, tmp_path)
    while not (table / "c" / "last.ckpt").exists():
        time.sleep(0.01)
    os.kill(fit, signal.SIGTERM)
    assert stopped(end(fit, tmp_path)) == ("SIGTERM", [])
    assert sorted(os.listdir(table / "c")) == [".lock", "last.ckpt"]
    assert not (table / "model").exists()
    for name, more in (("resumed", checkpoints), ("undisturbed", [])):
        ended = called(table, tmp_path, *words, *more, "--out", name)
        assert ended.status == 0, ended.errors
    assert weights(table / "resumed") == weights(table / "undisturbed")


def test_signals_that_the_caller_ignores_stay_ignored(table, tmp_path):
    def work() -> int:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        return command(*FIT, "--out", "ignored")()

    moment = ("ama.training.step", "training_step", signal.SIGHUP)
    assert end(start(signalled_at(*moment, work), table, tmp_path), tmp_path).status == 0
    assert (table / "ignored").is_dir()


@pytest.mark.parametrize(("name", "status"), [("SIGINT", 7), ("SIGTERM", -signal.SIGTERM)])
def test_a_fit_in_python_leaves_signals_to_the_program(tmp_path, name, status):
    def work() -> int:
        try:
            rows = np.random.default_rng(0).normal(size=(60, 3))
            ama.AMADetector(max_steps=50, random_state=0, held_out=0.4).fit(rows)
        except KeyboardInterrupt:
            return 7
        return 8

    moment = ("ama.training.step", "training_step", getattr(signal, name))
    assert end(start(signalled_at(*moment, work), tmp_path, tmp_path), tmp_path).status == status
