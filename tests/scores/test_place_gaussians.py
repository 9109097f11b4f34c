"""The Gaussians of places of tiles, against NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ama.scores.place_gaussians import DIMENSIONS, SHRINKAGE, SIDE, PlaceGaussians
from draws import draw


def maps(seed: int, n: int, k: int = 5, size: tuple[int, int] = (3, 4)) -> torch.Tensor:
    """Features of the places of n tiles (n, k, i, j), in units of their own."""
    units = torch.logspace(-3, 3, k)[:, None, None]
    return draw(seed, n, k, *size).float() * units + 5 * units


def fitted(tiles: torch.Tensor, n_tiles: int = 1, seed: int = 0) -> PlaceGaussians:
    gaussians = PlaceGaussians()
    for _ in gaussians.fit_passing(tiles.split(1), n_tiles, seed):
        pass
    return gaussians


@given(st.integers(0, 2**32), st.integers(2, 40), st.integers(1, 3))
def test_each_place_of_each_tile_has_its_gaussian(seed, n, n_tiles):
    tiles, new = maps(seed, n * n_tiles), maps(seed + 1, 1)
    gaussians = fitted(tiles, n_tiles)
    to_vectors = gaussians.projection.double()
    assert to_vectors.shape == (5, 5)
    for index in range(n_tiles):
        found = gaussians.distances(new, index)
        assert found.shape == (1, 3, 4)
        own = torch.einsum("kd,nkij->nijd", to_vectors, tiles[index::n_tiles].double()).numpy()
        x = torch.einsum("kd,kij->ijd", to_vectors, new[0].double()).numpy()
        for i, j in ((0, 0), (2, 1)):
            centred = x[i, j] - own[:, i, j].mean(0)
            covariance = np.cov(own[:, i, j].T) + SHRINKAGE * np.eye(5)
            expected = np.sqrt(centred @ np.linalg.inv(covariance) @ centred)
            assert found[0, i, j].item() == pytest.approx(expected, rel=1e-2)


def test_tiles_pass_on_unchanged_to_what_else_is_fitted():
    tiles = maps(0, 35).split(1)
    passed = list(PlaceGaussians().fit_passing(tiles, 1, 0))
    assert all(one is other for one, other in zip(passed, tiles, strict=True))


def test_the_projection_is_semi_orthogonal_in_standard_deviations():
    many = maps(0, 4, k=DIMENSIONS + 20, size=(8, 8))
    gaussians = fitted(many)
    spread = many.transpose(0, 1).flatten(1).std(1, correction=0)
    q = gaussians.projection * spread[:, None]
    torch.testing.assert_close(q.T @ q, torch.eye(DIMENSIONS), rtol=0, atol=1e-4)
    assert torch.equal(fitted(many).projection, gaussians.projection)
    assert not torch.equal(fitted(many, seed=1).projection, gaussians.projection)


def test_what_is_usual_elsewhere_is_unusual_here():
    tiles = maps(0, 60)
    tiles[..., 0] *= 3  # the first column differs from the others
    gaussians, new = fitted(tiles), maps(1, 1)
    new[..., 0] *= 3
    usual = gaussians.distances(new, 0)
    swapped = gaussians.distances(new.flip(3), 0)
    assert swapped[..., [0, 3]].min() > usual.max()
    assert swapped[..., 1:3].max() < 2 * usual.max()


def test_a_large_map_has_few_places_and_memory():
    tiles = maps(0, 3, k=DIMENSIONS + 20, size=(2 * SIDE, SIDE + 5))
    gaussians = fitted(tiles)
    assert gaussians.distances(tiles[:1], 0).shape == (1, SIDE, SIDE)
    assert sum(t.numel() * t.element_size() for t in gaussians.buffers()) < 4.4e6


def test_a_constant_channel_changes_nothing():
    tiles = maps(0, 20)
    tiles[:, 1] = 0.1
    distances = fitted(tiles).distances(tiles[:1], 0)
    assert distances.isfinite().all()
    assert distances.max() < 20


def test_a_second_fit_replaces_the_first():
    gaussians = fitted(maps(0, 20))
    for _ in gaussians.fit_passing(maps(1, 9, k=7).split(1), 3, 0):
        pass
    again = fitted(maps(1, 9, k=7), 3)
    for name, buffer in gaussians.named_buffers():
        assert torch.equal(buffer, again.get_buffer(name)), name


def test_gaussians_are_loaded_with_their_sizes():
    gaussians, new = fitted(maps(0, 20), 2), maps(1, 1)
    loaded = PlaceGaussians()
    loaded.load_state_dict(gaussians.state_dict())
    assert torch.equal(loaded.distances(new, 1), gaussians.distances(new, 1))
