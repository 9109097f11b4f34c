"""The typicality test of single images and of groups."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ama.baselines.typicality import Typicality
from ama.errors import InputError


@pytest.fixture(scope="module")
def zeros(digits):
    images, labels = digits
    return images[labels == 0]


def fitted(zeros, **given):
    quick = {"max_steps": 5, "width": 8, "held_out": 0.3, "false_alarm_rate": 0.2}
    return Typicality(**quick, random_state=0, device="cpu", **given).fit(zeros)


@pytest.mark.parametrize("likelihood", ["glow", "pixelcnn++"])
def test_what_counts_is_the_distance_from_the_entropy(zeros, likelihood):
    detector = fitted(zeros, likelihood=likelihood)
    found = detector.named_scores(zeros[:30])
    assert np.allclose(found["score"], -np.abs(-found["likelihood"] - detector.model_.entropy.item()))
    surprise = -detector.named_scores(zeros)["likelihood"].mean()
    assert detector.model_.entropy.item() == pytest.approx(surprise, rel=0.05)


def test_a_group_has_one_score(zeros):
    alone, grouped = fitted(zeros), fitted(zeros, group=4)
    images = zeros[:10]
    log_p = alone.named_scores(images)["likelihood"]
    found = grouped.score_samples(images)
    for part in (slice(0, 4), slice(4, 8), slice(8, 10)):
        expected = -abs(-log_p[part].mean() - grouped.model_.entropy.item())
        assert np.allclose(found[part], expected, rtol=1e-5)


def test_a_group_stays_that_of_the_fit(zeros):
    detector = fitted(zeros, group=4)
    detector.set_params(group=1)
    scores = detector.score_samples(zeros[:10])
    assert detector.independent(scores).tolist() == scores[[0, 4, 8]].tolist()


def test_no_group_is_divided_where_a_source_is_read_in_parts(zeros, tmp_path):
    detector, images = fitted(zeros, group=3), np.resize(zeros, (1100, *zeros.shape[1:]))
    np.savez(tmp_path / "images.npz", x=images)
    assert np.allclose(detector.score_samples(tmp_path / "images.npz"), detector.score_samples(images))


def test_the_threshold_of_groups_comes_from_disjoint_groups(zeros):
    alone, grouped = fitted(zeros), fitted(zeros, group=8)
    assert len(grouped.model_.calibration) == len(alone.model_.calibration) // 8
    # The mean of eight varies less than one.
    assert torch.std(grouped.model_.calibration) < torch.std(alone.model_.calibration)
    assert (grouped.predict(zeros[:80]) == -1).mean() <= 0.3


def test_more_in_a_group_than_are_held_out_is_refused(zeros):
    with pytest.raises(InputError, match="group is 500, but only 53 samples are held out for the threshold"):
        fitted(zeros, group=500)


def test_drift_takes_one_score_of_each_group(zeros):
    grouped = fitted(zeros, group=4)
    scores = grouped.score_samples(zeros[:10])
    assert np.array_equal(grouped.independent(scores), scores[[0, 4, 8]])
    assert grouped.drift(zeros[:10]) == grouped.drift_of(scores)
