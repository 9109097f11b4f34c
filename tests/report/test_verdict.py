"""The first words of a report."""

from __future__ import annotations

from unittest.mock import Mock

import numpy as np
import pytest
import torch

from ama.decision import conformal
from ama.decision.conformal import Drift
from ama.detectors.base import Detector
from ama.detectors.drift_watch import WatchVerdict
from ama.errors import LONGEST_SENTENCE
from ama.report.judged_samples import Judged
from ama.report.verdict import (
    as_factor,
    drift_sentence,
    percent,
    scope_sentence,
    undiscovered_sentence,
    verdict,
    watch_sentence,
)

DETECTOR = Mock(spec=Detector, offset_=0.0, guaranteed_rate=0.05)


def judged(score, anomalous):
    return Judged(np.array(score), np.arange(len(score)), anomalous, None, [])


def test_without_labels_it_holds_what_is_flagged_and_the_guarantee():
    text = verdict(DETECTOR, judged([-1.0] * 30 + [1.0] * 1970, None))
    assert text == (
        "30 of 2,000 samples (1.5 %) are flagged as anomalies. "
        "If all samples were normal, it would be at most 5 % on average."
    )


def test_with_labels_it_holds_what_is_found_and_the_false_alarms():
    score = [-1.0] * 9 + [1.0] + [-1.0] * 3 + [1.0] * 97
    text = verdict(DETECTOR, judged(score, np.arange(110) < 10))
    assert text == (
        "90 % of the 10 anomalies are flagged, and 3 % of the 100 normal samples; "
        "the guarantee is at most 5 % on average."
    )


@pytest.mark.parametrize(
    ("share", "text"), [(0.0, "0 %"), (1.0, "100 %"), (0.9995, "100 %"), (0.0149, "1.5 %"), (0.001, "0.1 %")]
)
def test_shares_are_rounded_to_a_tenth_of_a_percent(share, text):
    assert percent(share) == text


def test_the_held_out_samples_that_discoveries_need_are_named():
    scores = np.array([-5.0, -6.0, *np.linspace(1, 2, 98)])

    def n_flagged(m):
        calibration = torch.linspace(0, 3, m)
        return conformal.discoveries(
            conformal.p_value(torch.from_numpy(scores), calibration).numpy(), 0.1
        ).sum()

    assert undiscovered_sentence(scores, np.linspace(0, 3, 40), 0.1) == (
        "2 of 100 samples score below all 40 held-out normal samples, which are too few to flag any with --fdr 0.1: "
        "that takes at least 499, by `ama calibrate` or a fit on more samples"
    )
    assert (n_flagged(40), n_flagged(498), n_flagged(499)) == (0, 0, 2)
    assert undiscovered_sentence(scores[2:], np.linspace(0, 3, 40), 0.1) is None


@pytest.mark.parametrize(
    ("p_value", "text"),
    [
        (0.4, "0.4"),
        (0.0101, "0.0101"),
        (0.010002, "0.010002"),
        (0.01, "0.01"),
        (0.00996, "0.01"),
        (1e-9, "1e-09"),
    ],
)
def test_a_p_value_is_never_shown_as_the_level_of_drift_that_it_exceeds(p_value, text):
    said = drift_sentence(Drift(0.05, p_value, True), 99, "model")
    assert f"p = {text})" in said
    assert said.startswith("no sign of drift") == (float(text) > conformal.DRIFT_LEVEL)


def test_drift_is_named_with_what_to_do():
    assert drift_sentence(Drift(0.05, 0.4, True), 99, "model").startswith(
        "no sign of drift (Kolmogorov-Smirnov test"
    )
    lower, higher = (drift_sentence(Drift(0.5, 1e-9, low), 99, "model") for low in (True, False))
    assert "the scores are lower than expected" in lower
    assert "unless many of these samples are anomalies" in lower
    assert "the scores are higher than expected" in higher
    assert "unless the model was trained on these samples" in higher
    for text in (lower, higher):
        assert "against 99 held-out normal samples: p = 1e-09" in text
        assert text.endswith("run `ama calibrate model SOURCE` on such samples, or fit again")


@pytest.mark.parametrize(
    ("held_out_from", "words"),
    [("end", "as new as the end of the series"), ("groups", "samples of new groups")],
)
def test_with_drift_it_is_said_for_which_samples_the_rate_holds(held_out_from, words):
    drifted, steady = Drift(0.5, 1e-9, True), Drift(0.05, 0.4, True)
    detector = Mock(spec=Detector, held_out_from_=held_out_from)
    sentence = scope_sentence(drifted, detector)
    assert words in sentence
    assert len(sentence) <= LONGEST_SENTENCE
    assert scope_sentence(steady, detector) is None
    for other in (Mock(spec=Detector, held_out_from_="anywhere"), Mock(spec=Detector)):
        assert scope_sentence(drifted, other) is None


def test_a_drift_watch_is_one_sentence_with_its_bound():
    found = WatchVerdict(10**7, 10**4, 999.0, 1e3, 10**7, "less varied", None, 0.01, False)
    assert watch_sentence(
        found._replace(seen=1, runs=1, log_evidence=0.0, log_largest=0.0, largest_at=0)
    ) == (
        "drift watch: 1 sample in 1 run, compared with one another; evidence 1, largest 1; no alarm, which "
        "needs 100 (at most 1 % of streams without drift ever alarm)"
    )
    text = watch_sentence(found._replace(alarm_at=10**7))
    assert "largest 1e+434 at sample 10000000; alarm since sample 10000000: scores are less varied" in text
    assert len(text) <= LONGEST_SENTENCE


@pytest.mark.parametrize(("logarithm", "text"), [(-1.2, "0.3"), (0, "1"), (7.74, "2300"), (92.2, "1e+40")])
def test_evidence_is_written_to_two_digits(logarithm, text):
    assert as_factor(logarithm) == text
