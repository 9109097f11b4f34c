"""Leave-one-digit-out on scikit-learn's scanned digits: nine digits are normal, the tenth is anomalous."""

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
STEPS = 1300  # ten seconds on two cores


@dataclass(frozen=True)
class DigitSplit:
    """Images (n, 1, 8, 8) uint8: normal ones for training; normal ones and the digit left out for the test."""

    train: np.ndarray
    test: np.ndarray
    anomalous: np.ndarray  # (m,) bool, of the test images


def split_digits(digit: int, seed: int) -> DigitSplit:
    """Train on a random four fifths of the other nine digits; test on the rest of them and on all of ``digit``."""
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
    """AUROC without training: of the mean distance to the nearest training images in raw pixels."""
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
        The digit to leave out, 0 to 9.
    seed
        Seed of the split and of the fit.
    progress, max_steps
        As in :class:`ama.AMADetector`.
    threads
        Number of threads of this process, for several processes side by side. None leaves it as it is.
    """
    if threads is not None:
        torch.set_num_threads(threads)
    split = split_digits(digit, seed)
    detector = AMADetector(max_steps=max_steps, random_state=seed, progress=progress).fit(split.train)
    return detector, split, evaluate(detector.score_samples(split.test), split.anomalous)
