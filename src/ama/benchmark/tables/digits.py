"""Leave-one-digit-out on scikit-learn's scanned digits: nine digits are normal, the tenth is the anomaly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from sklearn.metrics import roc_auc_score

from ama.baselines.neighbours import NearestNeighbours
from ama.benchmark.tables.compared_methods import NO_THRESHOLD
from ama.data.sources import open_source
from ama.decision.metrics import Evaluation, evaluate
from ama.detectors.ama import AMADetector
from ama.utils.random_generators import generator_for

TRAIN_SHARE = 0.8
STEPS = 1500  # half a minute of one core


@dataclass(frozen=True)
class DigitSplit:
    """Images (n, 1, 8, 8) uint8: normal ones to train on, and a test set of normal ones and the digit left out."""

    train: np.ndarray
    test: np.ndarray
    anomalous: np.ndarray  # of the test images


def split_digits(digit: int, seed: int) -> DigitSplit:
    """A random four fifths of the other nine digits to train on; the rest, and all of ``digit``, to test."""
    samples = open_source("digits").read()
    assert samples.labels is not None
    order = torch.randperm(len(samples), generator=generator_for(seed, 4)).numpy()
    images, is_digit = samples.x.numpy()[order], samples.labels[order] == str(digit)
    normal = images[~is_digit]
    n_train = round(TRAIN_SHARE * len(normal))
    test = np.concatenate([normal[n_train:], images[is_digit]])
    anomalous = np.arange(len(test)) >= len(normal) - n_train
    return DigitSplit(normal[:n_train], test, anomalous)


def neighbour_auroc(split: DigitSplit) -> float:
    """AUROC of the mean distance to the nearest training images on raw pixels: what a user gets without training."""
    detector = NearestNeighbours(**NO_THRESHOLD, random_state=0).fit(split.train)
    return float(roc_auc_score(split.anomalous, -detector.score_samples(split.test)))


def leave_out(
    digit: int,
    seed: int,
    progress: bool | None = None,
    threads: int | None = None,
    max_steps: int = STEPS,
) -> tuple[AMADetector, DigitSplit, Evaluation]:
    """Fit the default detector on nine digits and evaluate it on the tenth.

    Parameters
    ----------
    digit
        0 to 9, the one left out.
    seed
        Of the split and of the fit.
    progress, max_steps
        As in :class:`ama.AMADetector`.
    threads
        Threads of this process, where several run side by side.
    """
    if threads is not None:
        torch.set_num_threads(threads)
    split = split_digits(digit, seed)
    detector = AMADetector(max_steps=max_steps, random_state=seed, progress=progress).fit(split.train)
    return detector, split, evaluate(detector.score_samples(split.test), split.anomalous)
