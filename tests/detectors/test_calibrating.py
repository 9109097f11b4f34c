"""Calibrations that grow, and those that forget."""

from __future__ import annotations

import copy
import pickle
import re
import subprocess
import sys
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import ama
from ama.baselines import NearestNeighbours
from ama.detectors.calibrating import appended
from ama.errors import InputError


@given(st.integers(1, 30), st.integers(1, 30), st.none() | st.integers(1, 70))
def test_the_latest_scores_stay(m, n, window):
    scores = torch.arange(m + n).double()
    former = {"calibration": scores[:m], "map_calibration": scores[:m]}
    new = {"calibration": scores[m:], "map_calibration": scores[m:]}
    found = appended(former, new, window)
    expected = scores if window is None else scores[-window:]
    for values in found.values():
        assert torch.equal(values, expected)


def test_of_fewer_maps_the_same_share_stays():
    former = {"calibration": torch.arange(100.0), "map_calibration": torch.arange(20.0)}
    new = {"calibration": torch.arange(100.0, 150), "map_calibration": torch.arange(20.0, 30)}
    found = appended(former, new, 100)
    assert torch.equal(found["map_calibration"], torch.arange(10.0, 30))


@pytest.mark.filterwarnings("ignore:the 30 samples score higher")  # other people wrote them
def test_a_calibration_grows_and_forgets(digit_detector, digits):
    images, labels = digits
    ones, before = images[labels == 1], digit_detector.model_.calibration
    detector, fresh = (pickle.loads(pickle.dumps(digit_detector)) for _ in range(2))
    added = fresh.calibrate(ones[:50]).model_
    scores, maps = added.calibration, added.map_calibration
    detector.calibrate(ones[:50], append=True)
    assert torch.equal(detector.model_.calibration, torch.cat([before, scores]))
    expected = torch.cat([digit_detector.model_.map_calibration, maps])
    assert torch.equal(detector.model_.map_calibration, expected)
    assert detector.n_added_ == 50
    detector.calibrate(ones[50:80], 0.1, window=60)
    later = fresh.calibrate(ones[50:80]).model_.calibration
    assert torch.equal(detector.model_.calibration, torch.cat([scores[-30:], later]))
    assert (detector.n_added_, detector.guaranteed_rate) == (30, 0.1)
    detector.calibrate(ones[:50], window=20)
    assert torch.equal(detector.model_.calibration, scores[-20:])
    assert np.array_equal(detector.score_samples(ones), digit_detector.score_samples(ones))


def test_a_parameter_for_the_next_fit_changes_no_promise(digit_detector, digits):
    detector = pickle.loads(pickle.dumps(digit_detector))
    promises = "guaranteed_rate", "map_false_alarm_rate", "map_threshold", "offset_"
    before = [getattr(detector, name) for name in promises]
    detector.set_params(false_alarm_rate=0.3)
    assert [getattr(detector, name) for name in promises] == before
    assert before[0] == digit_detector.false_alarm_rate != 0.3
    detector.calibrate(digits[0][digits[1] == 1])
    assert detector.guaranteed_rate == detector.map_false_alarm_rate == detector.false_alarm_rate_ == 0.3


def test_samples_that_are_added_twice_are_remarked_on(digit_detector, digits):
    images, labels = digits
    detector = pickle.loads(pickle.dumps(digit_detector)).calibrate(images[labels == 1])
    with pytest.warns(UserWarning, match="added scores equals a former one"):
        detector.calibrate(images[labels == 1], append=True)


def test_samples_that_were_learned_are_remarked_on(digits):
    images = digits[0][digits[1] < 2]
    detector = ama.AMADetector(max_steps=20, random_state=0, held_out=0.3, progress=False).fit(images[:240])
    with pytest.warns(UserWarning, match=r"240 samples score higher .* if the model learned from them"):
        pickle.loads(pickle.dumps(detector)).calibrate(images[:240])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        detector.calibrate(images[240:])


@pytest.mark.parametrize("window", [0, -1, True])
def test_a_window_that_cannot_be_is_refused(digit_detector, digits, window):
    with pytest.raises(InputError, match="window must be a whole number from 1, found"):
        digit_detector.calibrate(digits[0][:5], window=window)


@pytest.mark.parametrize(
    ("unwanted", "warned"),
    [
        (lambda d, X: d.set_threshold(0.001), "needs 999 held-out .*; calibrate it on more normal samples$"),
        (lambda d, X: d.calibrate(X[:5] + 1), "needs 19 held-out"),
        (lambda d, X: d.calibrate(X[:300]), "score higher"),
        (
            lambda d, X: d.fit(X[:40] + 1),
            r"needs 19 held-out .*; give more samples or a larger held_out \(--held-out\)$",
        ),
    ],
    ids=["set_threshold", "calibrate", "calibrate by learned rows", "fit"],
)
def test_a_warning_that_is_an_error_leaves_threshold_and_scores_as_they_were(rng, unwanted, warned):
    rows, new = rng.normal(size=(400, 3)), rng.normal(size=(50, 3))
    detector = NearestNeighbours(random_state=0, device="cpu").fit(rows)

    def found() -> list:
        plain = {name: value for name, value in vars(detector).items() if name != "model_"}
        return [plain, detector.p_value(new).tolist(), detector.predict(new).tolist()]

    before = copy.deepcopy(found())
    with pytest.raises(UserWarning, match=warned):
        unwanted(detector, rows)
    assert found() == before


def test_few_held_out_samples_name_the_users_line_and_no_rate_is_refused(tmp_path):
    """In a process without the checks of shapes and types, which add callers and refuse it before."""
    lines = [
        "import numpy as np",
        "from ama.baselines.neighbours import NearestNeighbours",
        "rows = np.random.default_rng(0).normal(size=(100, 2))",
        "detector = NearestNeighbours(false_alarm_rate=0.01)",
        "detector.fit(rows)",
        "detector.set_threshold(0.011)",
        "detector.calibrate(rows[:30] + 1, 0.012)",
        "try:",
        "    detector.set_threshold(None)",
        "except ValueError as error:",
        "    print(type(error).__name__, error, detector.false_alarm_rate)",
    ]
    (tmp_path / "lines.py").write_text("\n".join(lines))
    words = [sys.executable, "-W", "always", tmp_path / "lines.py"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    warned = re.findall(r"lines\.py:(\d): UserWarning: a false-alarm rate of", done.stderr)
    assert [lines[int(number) - 1] for number in warned] == lines[4:7]
    assert (
        done.stdout
        == "InputError false_alarm_rate must be a number between 0 and 1, both excluded, found None 0.012\n"
    )


@pytest.mark.filterwarnings("ignore:the 30 samples score higher")
def test_other_threads_find_nothing_half_done(digit_detector, digits, tmp_path, monkeypatch):
    images, labels = digits
    detector = pickle.loads(pickle.dumps(digit_detector))
    of_class, settings = type(detector.model_), detector.model_.settings
    score = of_class.score

    def meanwhile(model, raw):
        # What a thread does that has its turn within the calibration, in the model as in its copies.
        assert detector.model_.settings == settings
        assert torch.equal(detector.model_.calibration, digit_detector.model_.calibration)
        assert detector.offset_ == digit_detector.offset_
        return score(model, raw)

    before = detector.__getstate__()
    with monkeypatch.context() as patched:
        patched.setattr(of_class, "score", meanwhile)
        detector.calibrate(images[labels == 1][:30], 0.2)
    detector.check_threshold()
    detector.save(tmp_path / "model")
    # Who has begun to copy the detector gets all of the former calibration.
    assert before["offset_"] == digit_detector.offset_ != detector.offset_
    assert torch.equal(before["model_"].calibration, digit_detector.model_.calibration)
    assert np.array_equal(detector.score_samples(images[:20]), digit_detector.score_samples(images[:20]))
