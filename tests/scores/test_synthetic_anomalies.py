"""Synthetic anomalies are made of normal samples, and no sample is paired with itself."""

from __future__ import annotations

import pytest
import torch

from ama.scores.synthetic_anomalies import image_anomalies, row_anomalies


def generator():
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_every_kind_is_made_of_two_different_samples_or_of_one_upside_down(dtype):
    n = 30
    x = torch.arange(n).to(dtype)[:, None, None, None].expand(n, 2, 8, 9).clone()
    x[:, :, 0] += 100
    kinds = image_anomalies(x, generator())
    assert kinds.keys() == {"blend", "half", "patch", "upside_down"}
    assert all(kind.shape == x.shape and kind.dtype == x.dtype for kind in kinds.values())
    own = x[:, 0, 1, 0]
    partner = kinds["half"][:, 0, 1, -1]
    assert (own != partner).all()
    assert sorted(partner.tolist()) == sorted(own.tolist())
    assert torch.equal(kinds["half"][:, 0, 1, :4], x[:, 0, 1, :4])
    mean = (own.double() + partner.double()) / 2
    assert (kinds["blend"][:, 1, 3, 3].double() - mean).abs().max() <= 0.5
    assert torch.equal(kinds["patch"][:, 1, 4, 4], partner)
    assert torch.equal(kinds["patch"][:, :, 0], x[:, :, 0])
    assert torch.equal(kinds["upside_down"][:, :, -1], x[:, :, 0].flip(2))


def test_rows_are_blended_halved_swapped_permuted_and_moved():
    rows = torch.randn(60, 10, dtype=torch.float64)
    kinds = row_anomalies(rows, generator())
    assert kinds.keys() == {"blend", "half", "swapped", "permuted", "beyond"}
    assert torch.equal(kinds["half"][:, :5], rows[:, :5])
    assert not (kinds["half"][:, 5:] == rows[:, 5:]).any()
    assert ((kinds["swapped"] != rows).sum(1) == 1).all()
    assert torch.equal(kinds["permuted"].sort(0).values, rows.sort(0).values)
    assert (kinds["permuted"] != rows).any(1).all()
    moved = kinds["beyond"] - rows
    assert ((moved != 0).sum(1) == 2).all()
    ordered = rows.sort(0).values
    share = (moved.abs() / (ordered[-7] - ordered[6]))[moved != 0]
    assert share.min() >= 1
    assert share.max() <= 3


def test_rows_of_any_size_stay_finite():
    rows = 1.7e308 * torch.tensor([[1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]], dtype=torch.float64)
    assert all(
        kind.isfinite().all() for name, kind in row_anomalies(rows, generator()).items() if name != "blend"
    )
