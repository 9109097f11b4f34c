"""Samples judged in one pass: everyone's score, and the few worth a look."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import ama
from ama.data.sources import open_source
from ama.errors import InputError
from ama.report.judged_samples import judge


@pytest.fixture(scope="module")
def source(digits):
    images, labels = digits
    return open_source(images[labels < 3]), labels[labels < 3]


def chunks(source, anomalous, size):
    start = 0
    for samples in source.batches(size):
        yield samples, None if anomalous is None else anomalous[start : start + len(samples)]
        start += len(samples)


def test_the_examples_are_the_extremes_of_all_samples_whatever_the_chunks(digit_detector, source):
    opened, labels = source
    found = [judge(digit_detector, chunks(opened, labels > 0, size), shown=5) for size in (1024, 37)]
    scores = digit_detector.score_samples(opened.read().x)
    for judged in found:
        assert np.allclose(judged.score, scores, rtol=1e-4, atol=1e-4)
        assert np.array_equal(judged.anomalous, labels > 0)
        assert np.array_equal(judged.normal_scores, judged.score[labels == 0])
        groups = {
            name: [e for e in judged.examples if name in e.groups]
            for name in ("most anomalous", "most normal", "borderline", "false alarms", "missed anomalies")
        }
        assert {e.index for e in groups["most anomalous"]} == set(np.argsort(judged.score)[:5])
        assert {e.index for e in groups["most normal"]} == set(np.argsort(-judged.score)[:5])
        nearest = np.argsort(np.abs(judged.score - digit_detector.offset_))[:5]
        assert {e.index for e in groups["borderline"]} == set(nearest)
        flagged = judged.score < digit_detector.offset_
        alarms = np.flatnonzero(flagged & (labels == 0))
        assert {e.index for e in groups["false alarms"]} == set(alarms[np.argsort(judged.score[alarms])][:5])
        missed = np.flatnonzero(~flagged & (labels > 0))
        assert {e.index for e in groups["missed anomalies"]} == set(
            missed[np.argsort(-judged.score[missed])][:5]
        )
        for example in judged.examples:
            assert torch.equal(example.x, opened.read().x[example.index])
            assert example.score == judged.score[example.index]
            assert (example.p_value <= 0.05) == (example.score < digit_detector.offset_)
            assert example.id == str(example.index)
            assert example.anomalous == (labels[example.index] > 0)
        assert [e.score for e in judged.examples] == sorted(e.score for e in judged.examples)


def test_an_example_does_not_keep_its_chunk(digit_detector, source):
    judged = judge(digit_detector, chunks(source[0], None, 1024), shown=3)
    for example in judged.examples:
        assert example.x.untyped_storage().nbytes() == example.x.nbytes


def test_the_lengths_are_those_of_the_encodings(digit_detector, source):
    judged = judge(digit_detector, chunks(source[0], None, 100))
    x = source[0].read().x[:20]
    networks = digit_detector.model_.networks
    with torch.no_grad():
        expected = networks.encoder(networks.normalise(x)).norm(dim=1)
    assert np.allclose(judged.norms[:20], expected, rtol=1e-4)
    assert judged.anomalous is None
    assert judged.normal_scores is judged.score
    assert {group for e in judged.examples for group in e.groups} == {
        "most anomalous",
        "borderline",
        "most normal",
    }


def test_a_method_without_encodings_has_no_lengths(digits, source):
    images, labels = digits
    detector = ama.baselines.PCAReconstruction(random_state=0).fit(images[labels == 0])
    assert judge(detector, chunks(source[0], None, 100)).norms is None


def test_no_samples_make_no_report(digit_detector):
    with pytest.raises(InputError, match="a report needs samples, found none"):
        judge(digit_detector, [])
