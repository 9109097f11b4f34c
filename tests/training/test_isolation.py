"""Fits in threads equal those alone, and a fit leaves the process as it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

import ama
from ama.baselines import ALAD, PCAReconstruction
from ama.errors import DivergenceError, InputError
from children import end, start

pytestmark = pytest.mark.filterwarnings("ignore:a false-alarm rate")

SHORT = {"max_steps": 4, "batch_size": 16, "held_out": 0.4, "progress": False, "device": "cpu"}


@pytest.fixture
def rows(rng) -> np.ndarray:
    return rng.normal(size=(60, 4))


@pytest.fixture
def images(rng) -> np.ndarray:
    return rng.integers(0, 256, (60, 8, 8), dtype=np.uint8)


def detectors():
    # ALAD draws dropout.
    yield ama.AMADetector(**SHORT, random_state=0)
    yield ama.AMADetector(**SHORT, random_state=1)
    yield ALAD(**SHORT, random_state=2)
    yield PCAReconstruction(held_out=0.4, random_state=3)


def test_fits_in_threads_equal_those_alone(images):
    alone = [detector.fit(images).score_samples(images) for detector in detectors()]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda d: d.fit(images).score_samples(images), detectors()))
    for one, other in zip(alone, together, strict=True):
        assert np.array_equal(one, other)


def state() -> dict:
    """What a fit must leave alone."""
    return {
        "torch": torch.random.get_rng_state().tolist(),
        "numpy": str(np.random.get_state()),
        "dtype": torch.get_default_dtype(),
        "threads": torch.get_num_threads(),
        "gradients": torch.is_grad_enabled(),
        "inference": torch.is_inference_mode_enabled(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "precision": torch.get_float32_matmul_precision(),
        "filters": list(warnings.filters),
        "handlers": {number: signal.getsignal(number) for number in signal.valid_signals()},
        "working folder": os.getcwd(),
    }


def test_a_fit_leaves_the_process_as_it_was(images):
    next(detectors()).fit(images)  # imports
    for detector in detectors():
        before = state()
        detector.fit(images)
        assert state() == before


def test_so_does_one_that_fails(images, monkeypatch):
    monkeypatch.setattr("ama.training.callbacks.LossMonitor.EXPLODED", 0.0)
    for detector in (next(detectors()), ALAD(**SHORT, random_state=0)):
        before = state()
        with pytest.raises(DivergenceError):
            detector.fit(images)
        assert state() == before
    with pytest.raises(InputError):
        detector.fit(images[:3])
    assert state() == before


def test_so_does_one_that_is_interrupted(rows, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    before = state()
    monkeypatch.setattr("ama.training.step.AMATraining.training_step", stop)
    with pytest.raises(KeyboardInterrupt):
        ama.AMADetector(**SHORT, random_state=0).fit(rows)
    assert state() == before


FRESH = """
import logging, random, signal, sys, warnings
import numpy as np
import ama
from ama import AMADetector
def state():
    levels = {name: logging.getLogger(name).level for name in ("", "torch", "py.warnings")}
    handlers = {number: signal.getsignal(number) for number in signal.valid_signals()}
    return list(warnings.filters), levels, handlers, sys.excepthook, random.getstate()
rows = np.random.default_rng(0).normal(size=(60, 3))
before = state()
AMADetector(max_steps=3, held_out=0.5, random_state=0, progress=False).fit(rows)
assert state() == before
"""


def test_the_first_fit_of_a_process_leaves_it_as_it_was():
    subprocess.run([sys.executable, "-W", "error", "-c", FRESH], check=True, timeout=120)


@pytest.mark.parametrize("kind", ["rows", "images"])
@pytest.mark.parametrize("unusual", ["float64", "no_grad", "inference_mode"])
def test_the_callers_settings_of_torch_change_no_model_and_no_score(unusual, kind, request):
    x = request.getfixturevalue(kind)
    usual = ama.AMADetector(**SHORT, random_state=0).fit(x).score_samples(x)
    try:
        if unusual == "float64":
            torch.set_default_dtype(torch.float64)
            found = ama.AMADetector(**SHORT, random_state=0).fit(x).score_samples(x)
        else:
            with getattr(torch, unusual)():
                found = ama.AMADetector(**SHORT, random_state=0).fit(x).score_samples(x)
    finally:
        torch.set_default_dtype(torch.float32)
    assert np.array_equal(found, usual)


def test_a_forked_process_waits_for_no_fit_of_its_parent(rows, tmp_path):
    if not hasattr(os, "fork"):
        pytest.skip("there is no fork")
    from ama.training.isolation import one_at_a_time

    held, done = threading.Event(), threading.Event()

    def hold():
        with one_at_a_time():
            held.set()
            done.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(60)

    def fit():
        ama.AMADetector(**SHORT, random_state=0).fit(rows)

    ended = end(start(fit, tmp_path, tmp_path), tmp_path)
    done.set()
    thread.join()
    assert ended.status == 0, ended.errors
