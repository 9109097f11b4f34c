"""The time until the command line answers."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import warnings
from functools import partial

import numpy as np

from ama.benchmark.speed.timing import seconds_of
from ama.detectors.ama import AMADetector

ROUNDS = 3  # enough for the files to be in the page cache


def start_times(rounds: int = ROUNDS) -> dict[str, float]:
    """Seconds of ``ama --help`` and of ``ama score`` on ten images, each in a process of its own.

    Parameters
    ----------
    rounds
        Of each, of which the fastest counts.
    """
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        images = np.random.default_rng(0).integers(0, 256, (60, 28, 28), dtype=np.uint8)
        detector = AMADetector(max_steps=2, held_out=0.4, scoring="r_score", progress=False).fit(images)
        detector.save(f"{folder}/model")
        np.save(f"{folder}/ten.npy", images[:10])
        score = ["score", f"{folder}/model", f"{folder}/ten.npy", "--out", f"{folder}/scores.csv"]
        return {
            "help_seconds": _fastest(rounds, "--help"),
            "score_10_images_seconds": _fastest(rounds, *score),
        }


def _fastest(rounds: int, *words: str) -> float:
    command = [sys.executable, "-m", "ama", *words]
    return min(
        seconds_of(partial(subprocess.run, command, check=True, capture_output=True)) for _ in range(rounds)
    )
