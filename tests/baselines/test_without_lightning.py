"""A machine that only scores has no lightning."""

from __future__ import annotations

import subprocess
import sys

import numpy as np

import ama

SCORE = """
import sys
sys.modules["lightning"] = None  # importing it fails
import importlib, pkgutil
import numpy as np
import ama, ama.baselines

for module in pkgutil.iter_modules(ama.baselines.__path__):
    importlib.import_module(f"ama.baselines.{module.name}")
images = np.load("images.npy")
for name in sys.argv[1:]:
    np.save(f"{name}.npy", ama.load(name, "cpu").score_samples(images))
assert "sympy" not in sys.modules, "loading computes shapes the slow way, which takes seconds"
"""


def test_saved_baselines_score_the_same(digits, tmp_path):
    images, labels = digits
    given = {"held_out": 0.2, "random_state": 0, "device": "cpu"}
    detectors = {
        "ALAD": ama.baselines.ALAD(max_steps=2, width=4, **given),
        "PCAReconstruction": ama.baselines.PCAReconstruction(**given),
    }
    for name, detector in detectors.items():
        detector.fit(images[labels == 0]).save(tmp_path / name)
    np.save(tmp_path / "images.npy", images[:5])
    subprocess.run([sys.executable, "-c", SCORE, *detectors], cwd=tmp_path, check=True)
    for name, detector in detectors.items():
        scores = np.load(tmp_path / f"{name}.npy")
        assert np.allclose(scores, detector.score_samples(images[:5]), rtol=1e-5)
