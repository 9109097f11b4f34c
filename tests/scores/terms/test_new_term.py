"""A whole new term is one file: the one in CONTRIBUTING.md is fitted with, saved, loaded, and scores the same."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

CONTRIBUTING = Path(__file__).parents[3] / "CONTRIBUTING.md"
FIT = """
import sys, numpy, ama, new_term
images = numpy.load("images.npy")
detector = ama.AMADetector(scoring=sys.argv[1], max_steps=20, held_out=0.4, random_state=0).fit(images)
assert "pixel_error" in detector.score_weights()
detector.save("model")
numpy.save("before.npy", detector.score_samples(images))
"""
LOAD = """
import numpy, ama, new_term
detector = ama.load("model")
numpy.save("after.npy", detector.score_samples(numpy.load("images.npy")))
"""


@pytest.fixture
def folder(tmp_path, digits):
    """With the term of CONTRIBUTING.md as a module, and some images."""
    images, labels = digits
    np.save(tmp_path / "images.npy", images[labels == 0])
    [code] = re.findall(
        r"<!-- A score term: start -->.*?```python\n(.*?)```", CONTRIBUTING.read_text(), re.DOTALL
    )
    body = [line for line in code.splitlines() if line and not line.startswith(("import", "from"))]
    assert len(body) <= 20
    (tmp_path / "new_term.py").write_text(code)
    return tmp_path


def _run(folder: Path, code: str, *arguments: str) -> None:
    subprocess.run([sys.executable, "-W", "ignore", "-c", code, *arguments], cwd=folder, check=True)


@pytest.mark.parametrize("scoring", ["auto", "pixel_error+memory_bank"])
def test_a_term_of_ones_own_takes_part_and_is_stored(folder, scoring):
    _run(folder, FIT, scoring)
    _run(folder, LOAD)
    assert np.array_equal(np.load(folder / "before.npy"), np.load(folder / "after.npy"))


def test_a_model_whose_term_is_not_registered_says_so(folder):
    _run(folder, FIT, "auto")
    done = subprocess.run(
        [sys.executable, "-m", "ama", "score", "model", "images.npy"],
        cwd=folder, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2
    assert "needs the term 'pixel_error', which is not registered here" in done.stderr
    assert len(done.stderr.splitlines()) == 1
