"""A machine that only scores has no lightning."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import ama

SCORE = """
import sys
sys.modules["lightning"] = None  # importing it fails
import importlib, pkgutil
import numpy as np
import ama, ama.baselines

for module in pkgutil.iter_modules(ama.baselines.__path__):
    importlib.import_module(f"ama.baselines.{module.name}")
folder, images, scores = sys.argv[1:]
np.save(scores, ama.load(folder, "cpu").score_samples(np.load(images)))
assert "sympy" not in sys.modules, "loading computes shapes the slow way, which takes seconds"
"""


@pytest.mark.parametrize(
    ("name", "given"), [("ALAD", {"max_steps": 2, "width": 4}), ("PCAReconstruction", {})]
)
def test_a_saved_baseline_scores_the_same(name, given, digits, tmp_path):
    images, labels = digits
    detector = getattr(ama.baselines, name)(held_out=0.2, random_state=0, device="cpu", **given)
    detector.fit(images[labels == 0]).save(tmp_path / "model")
    np.save(tmp_path / "images.npy", images[:5])
    paths = [str(tmp_path / path) for path in ("model", "images.npy", "scores.npy")]
    subprocess.run([sys.executable, "-c", SCORE, *paths], check=True)
    assert np.allclose(np.load(paths[-1]), detector.score_samples(images[:5]), rtol=1e-5)
