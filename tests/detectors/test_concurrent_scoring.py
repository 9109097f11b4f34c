"""Scoring from threads and from forked and spawned processes: equal scores, and none of them waits forever."""

from __future__ import annotations

import os
import subprocess
import sys

# More threads than one, as a user's: it is with those that GNU OpenMP hangs in a forked process. The forks come before
# the pool of threads: a thread that is just ending may hold a lock of MKL's memory, and a child then waits forever.
SCRIPT = """
import multiprocessing, os, signal, sys, warnings
from concurrent.futures import ThreadPoolExecutor
import numpy as np
import torch
import ama

if hasattr(signal, "alarm"):
    signal.alarm(100)

def same(model, times):
    detector, x, expected = ama.load(model, "cpu"), np.load(f"{model}.npy"), np.load(f"{model}-scores.npy")
    return all(np.array_equal(detector.score_samples(x), expected) for _ in range(times))

def fit(model):
    random = np.random.default_rng(0)
    x = random.normal(size=(700, 4)) if model == "rows" else random.integers(0, 256, (40, 8, 8), np.uint8)
    detector = ama.AMADetector(max_steps=3, random_state=0, progress=False, device="cpu", encoder_width=4,
        generator_width=4, discriminator_width=4, latent_dim=4, held_out=0.4).fit(x)
    detector.save(model)
    np.save(f"{model}.npy", x)
    np.save(f"{model}-scores.npy", detector.score_samples(x))
    return detector

def threads(model):
    detector, x, expected = ama.load(model, "cpu"), np.load(f"{model}.npy"), np.load(f"{model}-scores.npy")
    with ThreadPoolExecutor(8) as pool:
        return all(pool.map(lambda _: np.array_equal(detector.score_samples(x), expected), range(40)))

def forked(model):
    children = []
    for _ in range(2):
        child = os.fork()
        if child == 0:
            signal.alarm(60)
            os._exit(0 if same(model, 5) else 1)
        children.append(child)
    return all(os.waitpid(child, 0)[1] == 0 for child in children)

def pooled(model):
    with multiprocessing.get_context("fork").Pool(2) as pool:
        return all(pool.starmap(same, [(model, 5)] * 2))

if __name__ == "__main__":
    warnings.simplefilter("ignore")  # of few samples, and of forks with threads
    torch.set_num_threads(2)
    models = "rows", "images"
    for model in models:
        fit(model)
        print(model, *([forked(model), pooled(model)] if hasattr(os, "fork") else []))
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        spawned = pool.apply_async(same, ("rows", 10))  # takes seconds to start
        print(*(threads(model) for model in models))
        print("spawned", spawned.get())
"""


def test_threads_and_processes_get_equal_scores(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    done = subprocess.run(
        [sys.executable, "script.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=environment,
        timeout=200,
    )
    assert (done.returncode, done.stderr) == (0, "")
    forked = " True True" if hasattr(os, "fork") else ""
    assert done.stdout.splitlines() == [f"rows{forked}", f"images{forked}", "True True", "spawned True"]
