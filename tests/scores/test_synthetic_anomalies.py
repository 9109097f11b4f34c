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


def test_rows_are_blended_and_halved():
    rows = torch.randn(10, 5, dtype=torch.float64)
    kinds = row_anomalies(rows, generator())
    assert kinds.keys() == {"blend", "half"}
    assert torch.equal(kinds["half"][:, :2], rows[:, :2])
    assert not (kinds["half"][:, 2:] == rows[:, 2:]).any()
