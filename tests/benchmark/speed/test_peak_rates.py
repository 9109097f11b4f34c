"""The machine's peak rates, on shapes small enough for a test."""

from __future__ import annotations

import torch

from ama.benchmark.speed import peak_rates as module


def test_every_data_type_has_the_rates_of_its_fastest_shapes(monkeypatch):
    monkeypatch.setattr(module, "SECONDS_PER_SHAPE", 0.01)
    monkeypatch.setattr(module, "CONVOLUTIONS", ((1, 8, 4), (2, 8, 4)))
    monkeypatch.setattr(module, "MATRIX_SIDES", (16, 32))
    found = module.peak_rates(torch.bfloat16, torch.float32)
    assert found.keys() == {torch.bfloat16, torch.float32}
    for rates in found.values():
        assert rates.keys() == {"forward", "training", "matmul"}
        assert all(1e5 < rate < 1e14 for rate in rates.values())


def test_rates_are_recorded_in_giga_by_the_name_of_the_type():
    assert module.in_giga({torch.float32: {"matmul": 1.6e9}}) == {"float32": {"matmul": 2}}
