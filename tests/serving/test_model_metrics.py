"""The metrics of a model."""

from __future__ import annotations

import numpy as np
import pytest

import ama
from served import WITHOUT_EXTRA

pytest.importorskip("fastapi", reason=WITHOUT_EXTRA)

from ama.serving.model_holder import LoadedModel
from ama.serving.scoring import scored


def test_no_bar_is_drawn_whatever_the_model_was_saved_with(models, digits, tmp_path, capfd, monkeypatch):
    monkeypatch.setattr("ama.utils.progress.DELAY", 0)
    ama.load(models / "digits", "cpu").set_params(progress=True).save(tmp_path / "model")
    model = LoadedModel(str(tmp_path / "model"), "cpu", None, 50)
    capfd.readouterr()
    model.metrics.observe(scored(model.detector, model.detector.open(digits[0][:300]).read()))
    assert capfd.readouterr().err == ""


def test_drift_is_that_of_the_latest_scores(models, digits):
    model = LoadedModel(str(models / "digits"), "cpu", None, 50)
    images, labels = digits
    strange = images[labels == 1][:80, 0]
    value = model.metrics.registry.get_sample_value
    assert np.isnan(value("ama_drift_p_value"))
    samples = model.detector.open(strange).read()
    model.metrics.observe(scored(model.detector, samples))
    expected = model.detector.drift_of(model.detector.score_samples(strange)[-50:])
    assert value("ama_drift_distance") == pytest.approx(expected.distance)
    assert value("ama_drift_p_value") == pytest.approx(expected.p_value)
    assert value("ama_score_count") == 80
    assert value("ama_score_bucket", {"le": "+Inf"}) == 80
    assert value("ama_window_samples") == 50
    assert value("ama_allowed_share") == model.detector.guaranteed_rate
