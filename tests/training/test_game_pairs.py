"""The pairs of a batch: which samples they hold, where gradients flow, and what batch normalisation sees."""

from __future__ import annotations

import dataclasses

import pytest
import torch

import draws
from ama import AMADetector
from ama.scores.kinds.factory import kind_of
from ama.training.game_pairs import PairMaker
from ama.utils.random_generators import generator_for

BASE = dataclasses.replace(
    draws.TINY, precision="float32", negatives="atypical", lambda_neg=1.0, lambda_inter=0.0
)
SHAPES = pytest.mark.parametrize("shape", [(1, 8, 8), (5,)])
EXTREME = 40.0  # standard deviations: a negative that no running statistic would survive


def _maker(shape=(1, 8, 8), anomalies=None, n=32, **changed):
    choice = dataclasses.replace(BASE, **changed)
    torch.manual_seed(0)
    x = torch.randn(n, *shape)
    networks = kind_of(shape).networks(choice)
    networks.scaling.fit(x)
    return PairMaker(networks, choice, anomalies), x


def _pairs(maker, x, with_negatives=True, step=0):
    return maker.pairs(x, with_negatives, generator_for(0, 2, step))


def _statistics(maker):
    """The running statistics of E and G, after some batches."""
    networks = (maker.networks.encoder, maker.networks.generator)
    return {
        f"{i} {name}": value.clone()
        for i, network in enumerate(networks)
        for name, value in network.state_dict().items()
        if "running" in name
    }


@SHAPES
@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("pairs", ["generated", "mismatched"])
@pytest.mark.parametrize("share", [0.01, 0.1, 1.0])
def test_separate_negatives_leave_the_running_statistics_as_they_are(shape, known, pairs, share):
    anomalies = EXTREME * torch.ones(3, *shape) if known else None
    found = []
    for with_negatives in (False, True):
        maker, x = _maker(shape, anomalies, negative_pairs=pairs, negative_share=share)
        for step in range(5):
            _pairs(maker, x, with_negatives, step)
        found.append(_statistics(maker))
    without, with_them = found
    assert without.keys() == with_them.keys()
    for name, value in without.items():
        assert torch.equal(value, with_them[name]), name


@SHAPES
def test_mixed_negatives_weigh_by_their_share_of_the_batch_and_no_more(shape):
    """One update from rest moves the running mean to a tenth of the batch's: n normal samples and m negatives."""
    maker, x = _maker(shape, EXTREME * torch.ones(3, *shape), negative_batch="mixed", negative_share=0.25)
    layer = next(m for m in maker.networks.encoder.modules() if hasattr(m, "running_mean"))
    first = next(iter(maker.networks.encoder.layers))
    pairs, _ = _pairs(maker, x)
    batch = torch.cat([pairs["same"][0], pairs["negative"][0]])
    assert (len(pairs["same"][0]), len(pairs["negative"][0])) == (24, 8)
    expected = first(batch).transpose(0, 1).flatten(1).mean(1)
    torch.testing.assert_close(layer.running_mean, 0.1 * expected)


@pytest.mark.parametrize("pairs", ["generated", "mismatched"])
def test_negative_pairs_follow_the_two_readings_of_eq_4(pairs):
    maker, x = _maker(negative_pairs=pairs)
    maker.networks.eval()  # batch normalisation repeats itself
    anomaly, other = _pairs(maker, x).pairs["negative"]
    n = round(BASE.negative_share * len(x))
    assert len(anomaly) == len(other) == n
    if pairs == "mismatched":
        torch.testing.assert_close(anomaly, x[:n])
    else:
        torch.testing.assert_close(other, maker.networks.reconstruct(anomaly))


@pytest.mark.parametrize("batch", ["separate", "mixed"])
def test_known_anomalies_take_the_place_of_synthetic_ones(batch):
    known = torch.full((3, 1, 8, 8), 9.0)
    maker, x = _maker(anomalies=known, negative_batch=batch)
    pairs, code = _pairs(maker, x)
    anomaly, _ = pairs["negative"]
    assert torch.equal(anomaly, maker.networks.normalise(known[:1]).expand_as(anomaly))
    assert len(code) == len(pairs["same"][0]) == len(x) - (len(anomaly) if batch == "mixed" else 0)


@pytest.mark.parametrize("detached", [False, True])
def test_detached_samples_carry_no_gradient_to_what_made_them(detached):
    maker, x = _maker(lambda_inter=1.0, detached=detached)
    pairs, _ = _pairs(maker, x)
    anomaly, _ = pairs["negative"]
    assert anomaly.requires_grad != detached
    (by_encoder,) = torch.autograd.grad(
        pairs["interpolated"][1].sum(), maker.networks.encoder.to_latent.weight, allow_unused=True
    )
    assert (by_encoder is None) == detached


@pytest.mark.parametrize("batch", ["separate", "mixed"])
@pytest.mark.parametrize("n", [2, 3])
def test_the_smallest_batches_have_a_negative(batch, n):
    maker, x = _maker((5,), negative_batch=batch, n=n, negative_share=0.001)
    pairs, _ = _pairs(maker, x)
    assert len(pairs["negative"][0]) == 1
    assert all(torch.isfinite(second).all() for _, second in pairs.values())


def test_mismatched_negatives_take_the_place_of_samples_of_a_mixed_batch():
    maker, x = _maker(negative_pairs="mismatched", negative_batch="mixed", negative_share=0.25)
    pairs, code = _pairs(maker, x)
    n = len(x) // 4
    assert torch.equal(pairs["negative"][0], x[:n])
    assert torch.equal(pairs["same"][0], x[n:])
    assert len(pairs["negative"][1]) == n
    assert len(code) == len(pairs["reconstruction"][1]) == len(x) - n


@pytest.mark.parametrize("pairs", ["generated", "mismatched"])
@pytest.mark.parametrize("share", [0.25, 0.75, 1.0])
@pytest.mark.parametrize("negatives", ["atypical", "cube", "scaled"])
@SHAPES
def test_a_mixed_batch_has_as_many_negatives_as_asked_for(shape, negatives, share, pairs):
    maker, x = _maker(
        shape,
        negatives=negatives,
        negative_pairs=pairs,
        negative_batch="mixed",
        negative_share=share,
        lambda_inter=1.0,
    )
    found, _ = _pairs(maker, x)
    n_negatives = min(round(share * len(x)), len(x) - 1)
    assert [len(second) for second in found["negative"]] == [n_negatives] * 2
    assert len(found["same"][0]) == len(x) - n_negatives
    assert all(torch.isfinite(second).all() for _, second in found.values())


@pytest.mark.parametrize("batch", ["separate", "mixed"])
def test_a_few_rows_and_one_known_anomaly_can_be_fitted(batch):
    rows = torch.randn(19, 4).numpy()
    y = [1] * 18 + [-1]
    detector = AMADetector(
        max_steps=4, batch_size=8, negative_batch=batch, false_alarm_rate=0.5, random_state=0, progress=False
    )
    assert detector.fit(rows, y).score_samples(rows).shape == (19,)


def test_without_a_weight_there_are_no_negatives():
    maker, x = _maker(lambda_neg=0.0)
    assert "negative" not in _pairs(maker, x).pairs
