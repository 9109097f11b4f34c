"""Leave-one-digit-out: the split, the fit, and the nearest neighbours for comparison."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from ama.benchmark.tables.digits import DigitSplit, leave_out, neighbour_auroc, split_digits


def rows(images: np.ndarray) -> list[bytes]:
    return [image.tobytes() for image in images]


@pytest.mark.parametrize("digit", [0, 8])
def test_every_image_is_used_once_and_the_digit_left_out_only_in_the_test(digits, digit):
    images, labels = digits
    split = split_digits(digit, seed=0)
    test_normal, test_digit = split.test[~split.anomalous], split.test[split.anomalous]
    assert sorted(rows(split.train) + rows(test_normal)) == sorted(rows(images[labels != digit]))
    assert sorted(rows(test_digit)) == sorted(rows(images[labels == digit]))
    assert len(split.train) == round(0.8 * (labels != digit).sum())
    assert (split.train.dtype, split.train.shape[1:]) == (np.uint8, (1, 8, 8))


def test_the_split_is_random_and_a_function_of_its_seed():
    first, again, other = (split_digits(3, seed) for seed in (0, 0, 1))
    assert np.array_equal(first.train, again.train)
    assert np.array_equal(first.test, again.test)
    assert not np.array_equal(first.train, other.train)
    # Shuffled: about as many of each of the other nine digits.
    images, labels = load_digits(return_X_y=True)
    known = {
        np.round(x * 255 / 16).astype(np.uint8).tobytes(): y for x, y in zip(images, labels, strict=True)
    }
    counts = np.bincount([known[image] for image in rows(first.train)], minlength=10)
    assert counts[3] == 0
    assert counts.sum() == len(first.train)
    assert counts[[0, 1, 2, 4, 5, 6, 7, 8, 9]].min() > 0.09 * len(first.train)


def test_neighbours_separate_far_images_from_near_ones():
    random = np.random.default_rng(0)
    train, near = (random.integers(100, 110, (50, 1, 8, 8), dtype=np.uint8) for _ in range(2))
    far = random.integers(200, 210, (5, 1, 8, 8), dtype=np.uint8)
    anomalous = np.arange(55) >= 50
    assert neighbour_auroc(DigitSplit(train, np.concatenate([near, far]), anomalous)) == 1
    assert neighbour_auroc(DigitSplit(train, np.concatenate([near, far]), ~anomalous)) == 0
    assert neighbour_auroc(split_digits(8, 0)) > 0.9


def test_a_short_fit_is_evaluated_on_the_split_of_its_seed():
    threads = torch.get_num_threads()
    try:
        detector, split, evaluation = leave_out(0, seed=1, progress=False, threads=1, max_steps=30)
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(threads)
    assert np.array_equal(split.test, split_digits(0, 1).test)
    assert (detector.random_state, detector.n_steps_, detector.preset) == (1, 30, "auto")
    assert (evaluation.n_normal, evaluation.n_anomalous) == ((~split.anomalous).sum(), split.anomalous.sum())
    order = detector.score_samples(split.test)
    pairs = order[~split.anomalous][:, None] - order[split.anomalous]
    assert evaluation.auroc.value == pytest.approx((pairs > 0).mean() + (pairs == 0).mean() / 2)
