"""Distances to a bank of places, against a search through all of them."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ama.scores import place_bank
from ama.scores.place_bank import PlaceBank
from draws import draw


def tiles(seed: int, n: int, k: int, size: tuple[int, int]) -> torch.Tensor:
    """Features of the places of n tiles (n, k, i, j), in units of their own."""
    units = torch.logspace(-3, 3, k)[:, None, None]
    return draw(seed, n, k, *size).float() * units + 5 * units


def fitted(x: torch.Tensor, seed: int = 0) -> PlaceBank:
    bank = PlaceBank()
    bank.fit(iter(x.split(1)), len(x), seed)
    return bank


def rows(x: torch.Tensor) -> torch.Tensor:
    return x.permute(0, 2, 3, 1).flatten(0, 2)


@given(st.integers(0, 2**32), st.integers(1, 6), st.integers(1, 40), st.tuples(*[st.integers(2, 9)] * 2))
def test_a_distance_is_that_to_the_nearest_learned_place_in_standard_deviations(seed, n, k, size):
    learned, new = tiles(seed, n, k, size), tiles(seed + 1, 1, k, (3, 5))
    bank = fitted(learned)
    places = rows(learned).double()
    spread = places.std(0, correction=0)
    expected = [
        min((((one - place) / spread).norm()).item() for place in places) for one in rows(new).double()
    ]
    found = bank.distances(new)
    assert found.shape == (1, 3, 5)
    assert found.flatten().tolist() == pytest.approx(expected, rel=1e-3, abs=1e-2)


def test_learned_places_have_no_distance_and_scattered_ones_are_the_largest():
    learned = tiles(0, 3, 20, (8, 8))
    bank = fitted(learned)
    assert len(bank.places) == 3 * 64
    typical = bank.distances(tiles(1, 1, 20, (8, 8))).mean()
    for tile in learned.split(1):
        # Rounding errors are a share of the length of a place, not of its distance.
        assert bank.distances(tile).max() < 0.01 * typical
        moved = tile.clone()
        moved[..., 2, 5] *= 3
        assert bank.distances(moved).flatten().argmax() == 2 * 8 + 5


def test_of_many_places_as_many_of_each_tile_are_candidates(monkeypatch):
    monkeypatch.setattr(place_bank, "MAX_CANDIDATES", 30)
    learned = tiles(0, 10, 4, (5, 6))
    bank = fitted(learned)
    assert len(bank.places) == 30
    every = rows(learned) / bank.scale
    nearest = torch.cdist(bank.places.double(), every.double()).min(1)
    assert nearest.values.max() < 1e-6
    assert (nearest.indices // 30).bincount().tolist() == [3] * 10
    assert torch.equal(fitted(learned).places, bank.places)
    assert not torch.equal(fitted(learned, seed=1).places, bank.places)


def test_random_places_beside_the_coreset_are_others(monkeypatch):
    monkeypatch.setattr(place_bank, "MAX_CHOSEN", 50)
    monkeypatch.setattr(place_bank, "MAX_DRAWN", 30)
    bank = PlaceBank()
    bank.fit([torch.rand(1, 3, 10, 20)], 1, 0)
    assert len(bank.places.unique(dim=0)) == len(bank.places) == 80


def test_a_bank_of_many_places_covers_them_all(monkeypatch):
    monkeypatch.setattr(place_bank, "MAX_CHOSEN", 50)
    monkeypatch.setattr(place_bank, "MAX_DRAWN", 0)
    learned = tiles(0, 4, 3, (10, 10))
    rare = learned.clone()
    rare[2, :, 4, 4] *= 10
    bank = fitted(rare)
    assert bank.places.shape == (50, 3)
    assert bank.distances(rare[2:3])[0, 4, 4] < 0.1


@pytest.mark.parametrize("value", [0.0, 0.1, -7.7, 1e-20, 9.0])
def test_a_constant_feature_is_compared_as_it_is(value):
    learned = tiles(0, 3, 4, (9, 7))
    learned[:, 1] = value
    bank = fitted(learned)
    assert bank.scale[1] == 1
    assert bank.distances(learned[:1]).isfinite().all()
    without = fitted(learned[:, [0, 2, 3]])
    new = tiles(1, 1, 4, (3, 3))
    new[:, 1] = value
    torch.testing.assert_close(bank.distances(new), without.distances(new[:, [0, 2, 3]]), rtol=0.01, atol=0)


def test_what_differs_by_rounding_alone_is_constant():
    learned = tiles(0, 3, 4, (9, 7))
    learned[:, 1] = 0.1 * (1 + 2e-7 * (torch.arange(3 * 63).view(3, 9, 7) % 2))
    bank, new = fitted(learned), tiles(1, 1, 4, (3, 3))
    new[:, 1] = 0.11
    assert bank.scale[1] == 1
    assert bank.distances(new).max() < 100


def test_a_tile_of_more_places_than_are_searched_at_a_time(monkeypatch):
    learned, new = tiles(0, 2, 5, (6, 6)), tiles(1, 1, 5, (7, 9))
    bank = fitted(learned)
    whole = bank.distances(new)
    monkeypatch.setattr(place_bank, "CHUNK", 10)
    torch.testing.assert_close(bank.distances(new), whole, rtol=1e-4, atol=1e-3)


def test_a_bank_is_loaded_with_its_sizes():
    bank, new = fitted(tiles(0, 2, 5, (6, 6))), tiles(1, 1, 5, (3, 4))
    loaded = fitted(tiles(3, 3, 9, (4, 4)))
    loaded.load_state_dict(bank.state_dict())
    assert torch.equal(loaded.distances(new), bank.distances(new))
    empty = PlaceBank()
    empty.load_state_dict(bank.state_dict())
    assert torch.equal(empty.distances(new), bank.distances(new))
