"""A model that scores in bfloat16 is exported as what it is in float32."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import ama
from ama.errors import InputError, ModelFolderError
from ama.io.storable import empty


@pytest.fixture(scope="module")
def in_bfloat16(digits):
    given = {"max_steps": 20, "scoring_precision": "bfloat16", "held_out": 0.3, "progress": False}
    return ama.AMADetector(**given, random_state=0).fit(digits[0][:300])


def test_the_file_has_the_scores_p_values_and_labels_in_float32(digits, in_bfloat16, tmp_path):
    ort = pytest.importorskip("onnxruntime", reason="pip install '.[onnx]'")
    images, before = digits[0][300:], in_bfloat16.score_samples(digits[0][300:])
    with pytest.warns(UserWarning, match="its scores are those of ama score --float32"):
        exported = in_bfloat16.export(tmp_path / "model.onnx")
    assert np.array_equal(in_bfloat16.score_samples(images), before)
    session = ort.InferenceSession(exported.path, providers=["CPUExecutionProvider"])
    score, p_value, anomaly = session.run(["score", "p_value", "anomaly"], {"x": images})
    twin = copy.deepcopy(in_bfloat16).score_in_float32()
    expected = twin.score_samples(images)
    assert not np.array_equal(expected, before)
    assert exported.bound < 1e-3
    assert (np.abs(score - expected) <= exported.bound * (1 + np.abs(expected))).all()
    assert (p_value >= twin.p_value(images)).all()
    assert np.array_equal(anomaly, twin.predict(images) == -1)


def test_scores_in_float32_are_saved_and_calibrated_as_such(digits, in_bfloat16, tmp_path):
    twin = copy.deepcopy(in_bfloat16).score_in_float32()
    twin.save(tmp_path / "model")
    in_bfloat16.save(tmp_path / "other")
    at_once = ama.load(tmp_path / "other", "cpu", float32=True)
    loaded, images = ama.load(tmp_path / "model", "cpu"), digits[0][300:400]
    assert np.array_equal(at_once.p_value(images), twin.p_value(images))
    assert loaded.score_in_float32() is loaded
    assert np.array_equal(loaded.p_value(images), twin.p_value(images))
    assert loaded.offset_ == twin.offset_ != in_bfloat16.offset_


def test_a_calibration_goes_on_in_both_types(digits, in_bfloat16):
    one = copy.deepcopy(in_bfloat16).calibrate(digits[0][300:400], append=True)
    other = copy.deepcopy(in_bfloat16).score_in_float32().calibrate(digits[0][300:400], append=True)
    assert one.score_in_float32().offset_ == other.offset_
    assert np.array_equal(one.model_.calibration, other.model_.calibration)


def test_a_model_of_an_older_ama_is_refused_in_a_sentence(in_bfloat16, tmp_path):
    pytest.importorskip("onnx", reason="pip install '.[onnx]'")
    older = copy.deepcopy(in_bfloat16)
    older.model_.float32_calibration = empty(0)
    with (
        pytest.warns(UserWarning, match="the model scores in bfloat16"),
        pytest.raises(InputError, match="the model scores in bfloat16 and has no calibration in float32"),
    ):
        older.export(tmp_path / "model.onnx")


def test_a_rate_without_its_threshold_is_not_exported(digits, in_bfloat16, tmp_path):
    other = copy.deepcopy(in_bfloat16).set_params(false_alarm_rate=0.4)
    with pytest.raises(ModelFolderError, match=r"but the threshold of false_alarm_rate 0\.4 is"):
        other.export(tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())
