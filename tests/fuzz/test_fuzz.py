"""The first cases of one seed of the fuzzer; ``make fuzz`` runs as many as one likes."""

from __future__ import annotations

import subprocess
import sys

import pytest

from children import environment
from fuzz.judge import fault


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (["ama: x.csv is empty"], 2),
        (["ama: note: skipped x.png", "ama: learning from x", "ama: training diverged"], 1),
        (["ama: note: skipped x.png", "ama: scored 3 samples", "ama: no sign of drift"], 0),
    ],
)
def test_clear_lines_have_no_fault(lines, status):
    assert fault(lines, status) == ""


@pytest.mark.parametrize(
    ("lines", "status", "words"),
    [
        (["Traceback (most recent call last):"], 2, "not a line of ama"),
        (["ama: " + "x" * 300], 2, "more than 300"),
        (["ama: \u202egnp is empty"], 2, "not printable"),
        (["ama: note: overflow encountered in multiply"], 0, "words of a library"),
        (["ama: x.csv is empty"], 3, "exit status 3"),
        (["ama: one", "ama: two"], 2, "2 lines of error"),
        ([], 2, "0 lines of error"),
    ],
)
def test_other_lines_have_one(lines, status, words):
    assert words in fault(lines, status)


def test_odd_inputs_and_models_are_read_or_refused_with_one_sentence(tmp_path):
    # More workers than cores: they wait for a model that may be about to be whole.
    options = ["--count", "40", "--seed", "0", "--jobs", "4", "--keep", str(tmp_path)]
    command = [sys.executable, "-m", "fuzz", *options]
    found = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=240)
    assert found.returncode == 0, f"{found.stdout}\n{found.stderr}"
