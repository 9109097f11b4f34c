"""Shared fixtures: seeds, small data, and trained detectors that several tests read but do not change."""

from __future__ import annotations

import gc
import os

# Test workers share the cores: with a team of threads each, they and what they start would wait for one another.
os.environ["OMP_NUM_THREADS"] = "1"
# Where this is set, each process that they start would compile the package again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

from functools import cache
from pathlib import Path

# Before the package: what its modules would import first, under the hook that adds the checks of shapes, is looked for
# in a cache of its own, and compiled anew.
import lightning.pytorch  # noqa: F401
import numpy as np
import pytest
import torch
from hypothesis import settings
from lightning.fabric.utilities import registry
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook
from sklearn.datasets import load_digits
from threadpoolctl import threadpool_limits

import ama
import shape_checks

# Lightning asks every installed package for its callbacks at each fit.
registry.entry_points = cache(registry.entry_points)
torch.set_num_threads(1)
threadpool_limits(1)

# Few examples of each law: the suite has many laws, and they are checked at every run. In CI they are the same at
# every run, so that a commit which fails is at fault; elsewhere they are drawn anew.
settings.register_profile("quick", max_examples=25, deadline=None, derandomize="CI" in os.environ)
settings.load_profile("quick")

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"


def pytest_collection_finish():
    """Spare the collector the modules and tests, which stay: it takes a tenth of the time otherwise."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


@pytest.fixture(autouse=True)
def _shapes():
    shape_checks.check_again()


@pytest.fixture(autouse=True)
def _seeds():
    np.random.seed(0)
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    if not SHARED_DATA.is_dir():
        pytest.skip(f"the development data are not at {SHARED_DATA}")
    return SHARED_DATA


@pytest.fixture(scope="session")
def digits() -> tuple[np.ndarray, np.ndarray]:
    """scikit-learn's digits as images (n, 1, 8, 8) uint8, and their labels."""
    X, y = load_digits(return_X_y=True)
    return np.round(X * 255 / 16).astype(np.uint8).reshape(-1, 1, 8, 8), y


@pytest.fixture(scope="session")
def digit_detector(digits) -> ama.AMADetector:
    """Trained on zeros only; ones are its obvious anomalies."""
    images, labels = digits
    return ama.AMADetector(max_steps=150, held_out=0.2, random_state=0).fit(images[labels == 0])


@pytest.fixture(scope="session")
def row_detector() -> ama.AMADetector:
    rows = np.random.default_rng(0).normal(size=(400, 5)) * [1, 2, 3, 4, 5]
    return ama.AMADetector(max_steps=100, random_state=0).fit(rows)


@pytest.fixture
def no_patience(monkeypatch):
    """A folder that is no whole model is refused at the second try: nobody replaces it."""
    monkeypatch.setattr("ama.io.model_reader.PAUSES", (0.0, 0.001))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def run_notebook():
    """Runs cells of code in a real kernel and returns them with their outputs."""

    def run(sources: list[str]) -> list[NotebookNode]:
        notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
        return (
            NotebookClient(notebook, timeout=300, kernel_name="python3", shutdown_kernel="immediate")
            .execute()
            .cells
        )

    return run
