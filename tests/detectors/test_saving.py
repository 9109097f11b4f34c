"""Wrong arguments of what saves, loads and exports a detector."""

from __future__ import annotations

import subprocess
import sys

LINES = """
import numpy as np
import ama
from ama.detectors.drift_watch import DriftWatch
rows = np.random.default_rng(0).normal(size=(100, 5))
detector = ama.load("model")
calls = [
    lambda: ama.load(None),
    lambda: ama.AMADetector.load(3),
    lambda: detector.save(3),
    lambda: detector.export(3),
    lambda: detector.export("m.onnx", maps=None),
    lambda: DriftWatch.open(detector, 3),
    lambda: DriftWatch(detector).save(None),
    lambda: ama.load("model", device=None),
    lambda: ama.load("model", float32="no"),
    lambda: detector.calibrate(rows, append="no"),
]
for call in calls:
    try:
        print(call())
    except ama.errors.InputError as error:
        print(error)
"""
SENTENCES = """\
folder must be text or a pathlib.Path, found None
folder must be text or a pathlib.Path, found 3
folder must be text or a pathlib.Path, found 3
path must be text or a pathlib.Path, found 3
maps must be True or False, found None
path must be text or a pathlib.Path, found 3
path must be text or a pathlib.Path, found None
device must be one of auto, cpu, cuda, found None
float32 must be True or False, found 'no'
append must be True or False, found 'no'
"""


def test_an_argument_of_another_type_is_refused_by_its_name(row_detector, tmp_path):
    """In a process without the checks of types, which refuse it before."""
    row_detector.save(tmp_path / "model")
    words = [sys.executable, "-c", LINES]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == SENTENCES
