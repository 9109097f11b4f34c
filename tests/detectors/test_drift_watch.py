"""A drift watch of a detector: what it compares with, its file, and the states that it refuses."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from ama.detectors.drift_watch import DriftWatch, held_out_scores
from ama.errors import InputError


def test_held_out_scores_are_those_of_new_samples_of_the_same_pixels(digit_detector, digits):
    images, labels = digits
    copy = pickle.loads(pickle.dumps(digit_detector))
    ones = images[labels == 1][:60]
    copy.calibrate(ones)
    # Within the rounding of bfloat16, but with no slack to one side.
    np.testing.assert_allclose(held_out_scores(copy), copy.score_samples(ones), rtol=1e-6, atol=1e-6)


def test_a_watch_finds_another_digit_and_continues_from_its_file(digit_detector, digits, tmp_path):
    images, labels = digits
    path, scores = tmp_path / "watch.json", digit_detector.score_samples(images[labels == 1])
    whole = DriftWatch(digit_detector).update(scores)
    assert (whole.change, whole.from_held_out) == ("lower", True)
    assert whole.alarm_at is not None
    for part in np.split(scores, [10, 11, 90]):
        watch = DriftWatch.open(digit_detector, path)
        found = watch.update(part)
        watch.save(path)
    assert found == whole._replace(runs=4)
    assert DriftWatch.open(digit_detector, path).verdict() == found


def test_a_run_that_another_has_overtaken_is_not_lost_and_does_not_lose_the_other(digit_detector, tmp_path):
    path = tmp_path / "watch.json"
    first, second = DriftWatch.open(digit_detector, path), DriftWatch.open(digit_detector, path)
    for run in range(2):
        first.update([float(run)])
        first.save(path)
    second.update([2.0])
    with pytest.raises(
        InputError, match=r"another run has written .*watch\.json since this watch was opened"
    ):
        second.save(path)
    second.save(tmp_path / "another.json")
    assert DriftWatch.open(digit_detector, path).runs == 2
    DriftWatch(digit_detector).save(path)  # a new watch takes its place
    assert DriftWatch.open(digit_detector, path).runs == 0


def test_where_held_out_samples_were_absorbed_the_stream_is_compared_with_itself(row_detector):
    assert len(held_out_scores(row_detector)) == 0
    rows = np.random.default_rng(1).normal(size=(300, 5)) * [1, 2, 3, 4, 5]
    watch = DriftWatch(row_detector)
    found = watch.update(row_detector.score_samples(rows))
    assert (found.from_held_out, found.alarm_at) == (False, None)
    found = watch.update(row_detector.score_samples(3 * rows))
    assert 300 < found.alarm_at < 400


def test_a_state_of_another_calibration_is_refused(digit_detector, digits, tmp_path):
    images, labels = digits
    path = tmp_path / "watch.json"
    DriftWatch(digit_detector).save(path)
    other = pickle.loads(pickle.dumps(digit_detector)).calibrate(images[labels == 1])
    with pytest.raises(
        InputError, match=r"watch\.json cannot be continued: the drift watch belongs to another"
    ):
        DriftWatch.open(other, path)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        ({"runs": -1}, "runs is -1, expected at least 0"),
        ({"runs": 2**63}, "runs is .*expected a whole number"),
        ({"seen": "3"}, "seen is '3', expected a whole number"),
        ({"format": 2}, "its format is 2, expected 1"),
        ({"odd": 2}, "unknown key 'odd'"),
        ({"level": 2.0}, "level is 2.0"),
        ({"bag": [1.0]}, "bag holds 1 scores"),
    ],
)
def test_a_damaged_state_is_refused_and_the_watch_stays_as_it_was(digit_detector, damage, sentence):
    watch = DriftWatch(digit_detector)
    state = watch.state_dict()
    with pytest.raises(InputError, match=f"damaged: .*{sentence}"):
        watch.load_state_dict({**state, **damage})
    assert watch.state_dict() == state


@pytest.mark.parametrize(
    "given", [{"level": 0.0}, {"level": 1.0}, {"level": True}, {"seed": -1}, {"seed": True}]
)
def test_a_level_or_seed_that_cannot_be_is_refused(digit_detector, given):
    with pytest.raises(InputError, match="must be"):
        DriftWatch(digit_detector, **given)
    with pytest.raises(InputError, match="finite"):
        DriftWatch(digit_detector).update(np.array([np.nan]))


def test_what_are_no_scores_is_refused_and_the_watch_stays_as_it_was(digit_detector):
    watch = DriftWatch(digit_detector)
    with pytest.raises(InputError, match=r"^scores must be finite numbers, .*, found \['a'\]$"):
        watch.update(["a"])
    assert watch.verdict() == DriftWatch(digit_detector).verdict()
    with pytest.raises(InputError, match=r"^scores must be finite numbers, .* at least 1, found 0$"):
        digit_detector.drift_of([])
