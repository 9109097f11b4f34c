"""A detector that is fitted on rows of which some are anomalies."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

import ama
from ama.errors import InputError
from ama.report.model_card import model_card

FAST = {"max_steps": 20, "random_state": 0}


def rows(n, n_anomalies, seed):
    """Normal rows around 0, and anomalies near one place; 1 marks an anomaly."""
    random = np.random.default_rng(seed)
    x = np.concatenate([random.normal(size=(n, 5)), random.normal(4, 0.2, (n_anomalies, 5))])
    return x, np.repeat([0, 1], [n, n_anomalies])


@pytest.fixture(scope="module")
def contaminated():
    return rows(900, 100, 0)[0]


@pytest.fixture(scope="module")
def detector(contaminated):
    with pytest.warns(UserWarning, match="of 1,000 rows the 100 most unusual are left out"):
        return ama.AMADetector(contamination_share=0.1, **FAST).fit(contaminated)


def test_anomalies_that_were_learned_from_are_found_all_the_same(contaminated, detector):
    x, anomalous = rows(500, 500, 1)
    assert roc_auc_score(anomalous, -detector.score_samples(x)) > 0.99
    hidden = ama.AMADetector(**FAST).fit(contaminated)
    assert roc_auc_score(anomalous, -hidden.score_samples(x)) < 0.95


def test_flags_most_anomalies_and_few_normal_rows(detector):
    x, anomalous = rows(2000, 500, 2)
    flagged = detector.predict(x) == -1
    assert flagged[anomalous == 1].mean() > 0.9
    assert flagged[anomalous == 0].mean() < 0.05 + 0.1 / (1 - 0.1)


def test_auto_is_a_tenth(contaminated, detector):
    with pytest.warns(UserWarning, match=r"contamination_share=0\.1"):
        assumed = ama.AMADetector(contamination_share="auto", **FAST).fit(contaminated)
    assert np.array_equal(assumed.score_samples(contaminated), detector.score_samples(contaminated))
    assert assumed.model_.settings.contamination_share == 0.1


def test_the_card_says_for_which_rows_the_guarantee_holds(detector):
    card = {name: dict(lines) for name, lines in model_card(detector)}
    assert "without those like the most unusual 10 %" in card["Guarantee"]["holds for"]


def test_a_folder_keeps_it_and_one_of_an_older_version_had_none(detector, tmp_path):
    detector.save(tmp_path / "model")
    assert ama.load(tmp_path / "model").left_out == 0.1
    path = tmp_path / "model" / "config.json"
    config = json.loads(path.read_text())
    del config["settings"]["contamination_share"], config["parameters"]["contamination_share"]
    path.write_text(json.dumps(config))
    assert ama.load(tmp_path / "model").left_out == 0.0


def test_images_and_impossible_shares_are_refused(digits):
    with pytest.raises(
        InputError, match=r"contamination_share=0\.1 looks for unusual rows, and images are not"
    ):
        ama.AMADetector(contamination_share=0.1, **FAST).fit(digits[0][:100])
    with pytest.raises(InputError, match=r"contamination_share must be a number from 0 to 0\.4, found 0\.5"):
        ama.AMADetector(contamination_share=0.5, **FAST).fit(rows(50, 5, 0)[0])
    with pytest.raises(InputError, match=r"contamination_share must be a number from 0 to 0\.4, found 'all'"):
        ama.AMADetector(contamination_share="all", **FAST).fit(rows(50, 5, 0)[0])


@pytest.mark.filterwarnings("ignore:contamination_share=0.4")
def test_too_few_rows_that_are_left_are_refused():
    with pytest.raises(
        InputError, match=r"contamination_share=0\.4 leaves 2 of 10 rows to learn from, expected at least 5"
    ):
        ama.AMADetector(contamination_share=0.4, **FAST).fit(rows(10, 0, 0)[0])
