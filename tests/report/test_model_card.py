"""The model card says what the detector is."""

from __future__ import annotations

from ama.report.model_card import model_card


def test_the_card_holds_data_parameters_guarantee_and_versions(digit_detector):
    card = {name: dict(lines) for name, lines in model_card(digit_detector)}
    assert card["Model"]["method"] == "AMADetector"
    assert card["Model"]["learned from"] == "178 images of 8 x 8 pixels, 1 channel"
    assert card["Model"]["training"].startswith("150 steps in ")
    assert card["Model"]["parameters given"] == "held_out = 0.2, max_steps = 150, random_state = 0"
    weights = digit_detector.score_weights()
    assert len(weights) > 1
    assert card["Model"]["score"] == ", ".join(f"{name} (weight {w:.2f})" for name, w in weights.items())
    guarantee = card["Guarantee"]
    assert guarantee["held-out normal samples"] == str(len(digit_detector.model_.calibration))
    assert guarantee["false alarms"].startswith("at most 5 % of normal samples")
    assert guarantee["threshold of the map"] == (
        f"{digit_detector.map_threshold:.4g}: at most 5 % of normal images have a region above it"
    )
    assert guarantee["threshold"] == f"score below {digit_detector.offset_:.6g}"
    assert card["Versions"]["torch"] == digit_detector.versions_["torch"]


def test_rows_and_other_methods_have_a_card_too(row_detector):
    card = {name: dict(lines) for name, lines in model_card(row_detector)}
    assert card["Model"]["learned from"] == "400 rows of 5 columns"
