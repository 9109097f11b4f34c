"""The split of an experiment into training, validation and test samples."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from ama.benchmark.tables.experiments import draw_experiment


def _numbered(start, n):
    return torch.arange(start, start + n)[:, None]


@given(
    st.integers(20, 400),
    st.integers(1, 60),
    st.integers(2, 300),
    st.sampled_from([None, 10, 200]),
    st.integers(),
)
def test_every_sample_of_an_experiment_is_in_one_part_and_validation_in_no_test(n, t, a, o, seed):
    normal, test_normal, anomalies = _numbered(0, n), _numbered(1000, t), _numbered(2000, a)
    other = None if o is None else _numbered(3000, o)
    found = draw_experiment(normal, test_normal, anomalies, other, abs(seed) % 2**32)
    samples, labels = found.validation
    assert set(labels.tolist()) <= {1.0, -1.0}
    assert int((labels == 1).sum()) == round(0.05 * n)
    assert sorted(found.train.flatten().tolist() + samples[labels == 1].flatten().tolist()) == list(range(n))
    drawn_anomalies = samples[labels == -1].flatten().tolist()
    tested = found.test[torch.from_numpy(found.anomalous)].flatten().tolist()
    if other is None:
        assert len(drawn_anomalies) == min(50, a // 2)
        assert sorted(tested + drawn_anomalies) == anomalies.flatten().tolist()
    else:
        assert len(drawn_anomalies) == min(50, o)
        assert set(drawn_anomalies) <= set(other.flatten().tolist())
        assert tested == anomalies.flatten().tolist()
    known = found.known.flatten().tolist()
    assert len(known) == (0 if other is None else min(50, max(0, o - 50)))
    assert not set(known) & set(drawn_anomalies)
    assert not set(known) & set(tested)
    assert found.test[torch.from_numpy(~found.anomalous)].flatten().tolist() == test_normal.flatten().tolist()
    assert found.drawn[~found.anomalous].all()
    assert found.drawn[found.anomalous].sum() == min(len(tested), max(1, round(0.2 * t)))


def test_an_experiment_is_a_function_of_its_seed():
    parts = _numbered(0, 100), _numbered(1000, 50), _numbered(2000, 200), None
    one, same, another = (draw_experiment(*parts, seed) for seed in (0, 0, 1))
    assert torch.equal(one.train, same.train)
    assert np.array_equal(one.drawn, same.drawn)
    assert not torch.equal(one.train, another.train)


def test_a_part_of_the_test_samples_is_judged_and_all_else_stays():
    whole = draw_experiment(_numbered(0, 100), _numbered(1000, 40), _numbered(2000, 60), None, 0)
    part = whole.judging(30, seed=0)
    assert len(part.test) == len(part.anomalous) == len(part.drawn) == 30
    places = [whole.test.flatten().tolist().index(number) for number in part.test.flatten().tolist()]
    assert places == sorted(places)
    assert part.anomalous.tolist() == whole.anomalous[places].tolist()
    assert part.drawn.tolist() == whole.drawn[places].tolist()
    assert torch.equal(part.train, whole.train)
    assert not torch.equal(part.test, whole.judging(30, seed=1).test)
    assert torch.equal(whole.judging(1000, seed=0).test, whole.test)
