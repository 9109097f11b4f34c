"""The rows of a cell: which are learned and which judged."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ama.benchmark.tables import row_samples as module
from ama.benchmark.tables.cell import Cell
from ama.benchmark.tables.row_samples import SHARES, rows_of
from ama.benchmark.tables.row_sets import LabelledRows, labelled_rows

NAME = "adbench/6_cardio"
N_NORMAL, N_ANOMALIES = 101, 20


@pytest.fixture
def folder(tmp_path):
    """Normal rows are numbered from 0, anomalies from 1,000."""
    (tmp_path / "adbench").mkdir()
    numbers = np.concatenate([np.arange(N_NORMAL), 1000 + np.arange(N_ANOMALIES)])
    np.savez(
        tmp_path / f"{NAME}.npz", X=np.stack([numbers, numbers], axis=1), y=(numbers >= 1000).astype(int)
    )
    labelled_rows.cache_clear()
    yield str(tmp_path)
    labelled_rows.cache_clear()


def rows(folder, seed=0, contamination=None):
    return rows_of(Cell(NAME, None, None, "LOF", seed, strict_only=True, contamination=contamination), folder)


def numbers(x):
    return set(x[:, 0].int().tolist())


def test_half_of_the_normal_rows_are_learned_and_all_others_judged(folder):
    found = rows(folder)
    assert (len(found.train), len(found.test)) == (50, 51 + N_ANOMALIES)
    assert numbers(found.train) | numbers(found.test) == numbers(labelled_rows(NAME, folder).x)
    assert ((found.test[:, 0] >= 1000).numpy() == found.anomalous).all()
    assert len(found.known) == 0


def test_the_seed_draws_the_rows(folder):
    assert torch.equal(rows(folder).train, rows(folder).train)
    assert not torch.equal(rows(folder).train, rows(folder, seed=1).train)


def test_large_sets_are_cut(folder, monkeypatch):
    monkeypatch.setattr(module, "MOST_ROWS", 8)
    found = rows(folder)
    assert (len(found.train), len(found.test), found.anomalous.sum()) == (8, 16, 8)
    assert not numbers(found.train) & numbers(found.test)


def test_shares_differ_in_the_learned_anomalies_alone(folder):
    found = {share: rows(folder, contamination=share) for share in SHARES}
    learned = {share: numbers(one.train) for share, one in found.items()}
    normal = {share: {n for n in one if n < 1000} for share, one in learned.items()}
    assert normal[0.0] == normal[0.05] == normal[0.1]
    assert [len(learned[share] - normal[share]) for share in SHARES] == [0, 3, 6]
    for share, one in found.items():
        assert torch.equal(one.test, found[0.0].test)
        assert one.anomalous.sum() == N_ANOMALIES // 2
        assert not learned[share] & numbers(one.test)
    # Anomalies are among the rows, not behind them.
    assert not (found[0.1].train[-6:, 0] >= 1000).all()


def test_where_anomalies_are_few_fewer_normal_rows_keep_the_share(folder, monkeypatch):
    whole, n = labelled_rows(NAME, folder), N_NORMAL + 6
    few = LabelledRows(whole.x[:n], whole.anomalous[:n])
    monkeypatch.setattr(module, "labelled_rows", lambda *_: few)
    learned = rows(folder, contamination=0.1).train[:, 0]
    assert ((learned < 1000).sum(), (learned >= 1000).sum()) == (27, 3)
