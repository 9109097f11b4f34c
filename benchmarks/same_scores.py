"""Whether a change keeps every score: small fits at one thread and fixed seeds, before and after it.

``python benchmarks/same_scores.py write before.npz --data FOLDER`` in the tree before the change, the same with
``after.npz`` in the tree after it, then ``python benchmarks/same_scores.py compare before.npz after.npz``. FOLDER
holds ``mnist/train`` and ``cifar10/train``; without it they are left out, and a line says so. Everything is fitted and
scored in float32.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.datasets import load_breast_cancer, load_digits
from threadpoolctl import threadpool_limits

import ama
from ama.data.sources import open_source

COMMON: dict[str, Any] = {"random_state": 0, "progress": False, "device": "cpu"}
FLOAT32: dict[str, Any] = {"precision": "float32", "scoring_precision": "float32"}
SMALL: dict[str, Any] = {
    **{"encoder_width": 8, "generator_width": 8, "discriminator_width": 8, "latent_dim": 8},
    **{"preset": "paper", "batch_size": 32, "max_steps": 40},
}
PAPER: dict[str, dict[str, Any]] = {
    "paper": {"negative_start": 0.2},
    "cube": {
        "negatives": "cube",
        "negative_pairs": "mismatched",
        "lipschitz": "zero_centred",
        "loss": "hinge",
    },
    "scaled": {"negatives": "scaled", "direction": "outward", "mirrored": False, "held_out": 0.3},
}
BASELINES: dict[str, dict[str, Any]] = {
    "DeepSVDD": {"max_steps": 60, "pretraining_steps": 30, "precision": "float32"},
    "FenceGAN": {"max_steps": 40, "precision": "float32"},
    "ALAD": {"max_steps": 20, "precision": "float32"},
    "NearestNeighbours": {},
    "PCAReconstruction": {},
}


def fits(data: Path | None) -> Iterator[tuple[str, ama.AMADetector, np.ndarray]]:
    """Name, fitted detector, and samples to score."""
    values, digit = load_digits(return_X_y=True)
    digits = np.round(values * (255 / 16)).astype(np.uint8).reshape(-1, 1, 8, 8)
    threes = digits[digit == 3]
    yield "digits", ama.AMADetector(max_steps=400, **FLOAT32, **COMMON).fit(digits[digit != 8]), digits[:200]
    for name, given in PAPER.items():
        yield name, ama.AMADetector(**SMALL, **given, **COMMON).fit(threes), digits[:100]
    for name, given in BASELINES.items():
        yield name, getattr(ama.baselines, name)(**given, **COMMON).fit(threes), digits[:100]
    rows, benign = load_breast_cancer(return_X_y=True)
    yield "table", ama.AMADetector(max_steps=300, **COMMON).fit(rows[benign == 1]), rows[:150]
    for name, label, steps in (("mnist", "2", 200), ("cifar10", "1", 100)):
        if data is None:
            print(f"{name} is left out: give --data")
            continue
        train = open_source(data / name / "train").read()
        images = train.x.numpy()
        detector = ama.AMADetector(max_steps=steps, **FLOAT32, **COMMON)
        yield name, detector.fit(images[train.labels == label][:2000]), images[:300]


def write(path: Path, data: Path | None) -> None:
    """Every score, p-value, threshold, map and reconstruction of the fits."""
    found: dict[str, Any] = {}
    for name, detector, samples in fits(data):
        print(name, flush=True)
        found |= {f"{name}/{key}": values for key, values in detector.named_scores(samples).items()}
        found[f"{name}/p"], found[f"{name}/threshold"] = detector.p_value(samples), np.array(detector.offset_)
        if hasattr(detector, "anomaly_map"):
            found[f"{name}/map"] = detector.anomaly_map(samples[:40])
            found[f"{name}/reconstruction"] = detector.reconstruct(samples[:40])
    np.savez(path, **found)


def compare(before: Path, after: Path) -> int:
    """Print what differs and by how much; returns the number of arrays that do."""
    one, other = np.load(before), np.load(after)
    differing = set(one.files) ^ set(other.files)
    for key in sorted(set(one.files) & set(other.files)):
        if not np.array_equal(one[key], other[key], equal_nan=True):
            differing.add(key)
            print(f"{key}: differs by up to {np.abs(one[key] - other[key]).max():.3g}")
    print(f"{len(one.files)} arrays, {len(differing)} differ or are in one file alone")
    return len(differing)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    writing = commands.add_parser("write")
    writing.add_argument("path", type=Path)
    writing.add_argument("--data", type=Path)
    comparing = commands.add_parser("compare")
    comparing.add_argument("before", type=Path)
    comparing.add_argument("after", type=Path)
    given = parser.parse_args()
    if given.command == "compare":
        raise SystemExit(1 if compare(given.before, given.after) else 0)
    torch.set_num_threads(1)
    threadpool_limits(1)
    warnings.simplefilter("ignore")  # thresholds of few samples
    write(given.path, given.data)


if __name__ == "__main__":
    main()
