"""The first cases of one seed of the fuzzer; ``make fuzz`` runs as many as one likes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_odd_inputs_and_models_are_read_or_refused_with_one_sentence(tmp_path):
    command = [
        sys.executable,
        "-m",
        "fuzz",
        "--count",
        "120",
        "--seed",
        "0",
        "--jobs",
        "1",
        "--keep",
        tmp_path,
    ]
    paths = os.pathsep.join([str(Path(__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])])
    found = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, timeout=240
    )
    assert found.returncode == 0, f"{found.stdout}\n{found.stderr}"
