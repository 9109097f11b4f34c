"""A detector that MLflow has saved and loaded gives the scores of the one in memory, a row for each of the input's."""

from __future__ import annotations

import copy
import warnings

import numpy as np
import pandas as pd
import pytest

import ama
from ama.errors import InputError
from ama.export.mlflow_model import PyfuncDetector, mlflow_arguments
from places import payments, png


@pytest.fixture
def frame(digits):
    """Encoded images under numbers of their own, of which one cannot be read."""
    images = [png(image[0]) for image in digits[0][:12]]
    images[3] = b"hello"
    return pd.DataFrame({"picture": images}, index=range(100, 112))


def test_what_mlflow_loads_scores_as_the_detector(digit_detector, digits, frame, tmp_path):
    pyfunc = pytest.importorskip("mlflow.pyfunc", reason="pip install '.[mlflow]'")
    digit_detector.save(tmp_path / "model")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of MLflow, which asks for an example
        pyfunc.save_model(tmp_path / "logged", **mlflow_arguments(tmp_path / "model"))
        loaded = pyfunc.load_model(str(tmp_path / "logged"))
    found, expected = loaded.predict(frame), digit_detector.score_table(digits[0][:12])
    assert list(found.columns) == [*expected, "note"]
    assert list(found.index) == list(frame.index)
    readable = np.arange(12) != 3
    # Without the fourth they are scored in a batch of another size, which differs by rounding.
    assert np.allclose(found["score"][readable], expected["score"][readable], rtol=1e-4)
    for name in ("p_value", "anomaly"):
        assert np.array_equal(found[name][readable], expected[name][readable])
    assert found["note"].tolist()[:3] == ["", "", ""]
    assert found.loc[103, "note"].startswith("row 3 cannot be read: it is not an image")
    assert np.isnan(found.loc[103, "score"])
    assert found.loc[103, "anomaly"]
    half = loaded.predict(frame, params={"false_alarm_rate": 0.5})
    assert np.array_equal(half["anomaly"][readable], expected["p_value"][readable] <= 0.5)
    assert np.array_equal(loaded.predict(digits[0][:12])["score"], expected["score"])


def test_rows_are_taken_by_the_names_of_their_columns():
    table = payments(200)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # which says how the columns are encoded
        detector = ama.AMADetector(max_steps=5, random_state=0, progress=False).fit(table)
        new = payments(30, seed=1).set_index(np.arange(30) * 2)
        found = PyfuncDetector(detector).predict(new[new.columns[::-1]])
        assert np.array_equal(found["score"], detector.score_samples(new))
    assert list(found.index) == list(new.index)
    assert found["anomaly"].dtype == bool


def test_a_frame_without_images_is_refused(digit_detector):
    with pytest.raises(InputError, match="no column of encoded images, expected bytes, found a, b"):
        PyfuncDetector(digit_detector).predict(pd.DataFrame({"a": [1.0], "b": [2.0]}))


def test_images_of_which_none_can_be_read_are_anomalies_with_a_note(digit_detector, digits):
    frame = pd.DataFrame({"picture": [b"hello", None]}, index=["a", "b"])
    found = PyfuncDetector(digit_detector).predict(frame)
    assert list(found.columns) == [*digit_detector.score_table(digits[0][:1]), "note"]
    assert list(found.index) == ["a", "b"]
    assert found["anomaly"].tolist() == [True, True]
    assert found["score"].isna().all()
    assert [note.split(":")[0] for note in found["note"]] == ["row 0 cannot be read", "row 1 cannot be read"]


@pytest.fixture(scope="module")
def of_rows():
    rows = pd.DataFrame(np.random.default_rng(0).normal(size=(80, 2)), columns=["a", "b"])
    return ama.AMADetector(max_steps=5, random_state=0, progress=False, held_out=0.4).fit(rows)


def test_columns_by_name_are_a_table(of_rows):
    """As MLflow's server hands over ``{"inputs": {"a": [...], "b": [...]}}``."""
    pyfunc, columns = PyfuncDetector(of_rows), {"b": np.array([1.0, 2.0]), "a": [3.0, 4.0]}
    assert pyfunc.predict(columns).equals(pyfunc.predict(pd.DataFrame(columns)))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"a": [1.0], "b": [1.0, 2.0]}, "the columns are no table: All arrays must be of the same length"),
        ({"a": 1.0, "b": 2.0}, "the columns are no table: "),
        ([[1.0, 2.0]], "expected a data frame, columns by name or an array, found list"),
        (None, "expected a data frame, columns by name or an array, found NoneType"),
    ],
)
def test_what_is_no_table_is_refused(of_rows, given, sentence):
    with pytest.raises(InputError, match=f"^{sentence}"):
        PyfuncDetector(of_rows).predict(given)


def test_a_rate_means_what_it_does_as_the_threshold_of_the_detector(digit_detector, digits):
    images = np.concatenate([digits[0][:200], 255 - digits[0][:20]])
    pyfunc, copied = PyfuncDetector(digit_detector), copy.deepcopy(digit_detector)
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # which says that the first is below what the held-out samples can tell
        for rate in (1e-6, digit_detector.false_alarm_rate, 0.3):
            flagged = copied.set_threshold(rate).predict(images) == -1
            assert flagged.any()
            assert np.array_equal(pyfunc.predict(images, {"false_alarm_rate": rate})["anomaly"], flagged)
    assert digit_detector.false_alarm_rate != rate
    with pytest.raises(InputError, match="false_alarm_rate must be a number between 0 and 1"):
        pyfunc.predict(images, {"false_alarm_rate": 1.0})
