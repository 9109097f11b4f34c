"""A whole new term is one file: the one in CONTRIBUTING.md is fitted with, saved, loaded, and scores the same."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import ama
from ama.errors import ModelFolderError
from children import end, start

CONTRIBUTING = Path(__file__).parents[3] / "CONTRIBUTING.md"
FIT = """
import numpy, ama, new_term
images = numpy.load("images.npy")
detector = ama.AMADetector(scoring="auto", max_steps=20, held_out=0.4, random_state=0).fit(images)
assert "pixel_error" in detector.score_weights()
detector.save("model")
numpy.save("before.npy", detector.score_samples(images))
"""
LOAD = """
import numpy, ama, new_term
detector = ama.load("model")
numpy.save("after.npy", detector.score_samples(numpy.load("images.npy")))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory, digits):
    """With the term of CONTRIBUTING.md as a module, some images, and a model that was fitted with the term."""
    folder = tmp_path_factory.mktemp("term")
    images, labels = digits
    np.save(folder / "images.npy", images[labels == 0])
    [code] = re.findall(
        r"<!-- A score term: start -->.*?```python\n(.*?)```", CONTRIBUTING.read_text(), re.DOTALL
    )
    body = [line for line in code.splitlines() if line and not line.startswith(("import", "from"))]
    assert len(body) <= 20
    (folder / "new_term.py").write_text(code)
    ended = end(start(lambda: _fit(folder), folder, folder), folder)
    assert ended.status == 0, ended.errors
    return folder


def _fit(folder: Path) -> None:
    sys.path.insert(0, str(folder))
    exec(FIT, {})


def test_a_term_of_ones_own_takes_part_in_auto_and_is_stored(folder):
    subprocess.run([sys.executable, "-W", "ignore", "-c", LOAD], cwd=folder, check=True)
    assert np.array_equal(np.load(folder / "before.npy"), np.load(folder / "after.npy"))


def test_a_model_whose_term_is_not_registered_says_so(folder):
    with pytest.raises(ModelFolderError, match="needs the term 'pixel_error', which is not registered here"):
        ama.load(folder / "model")
