"""A network that tells how noisy rows are."""

from __future__ import annotations

import math

import pytest
import torch

from ama.scores.noise_regression import LARGEST, SMALLEST, fit_noise_network, log_noise, noise_range
from draws import draw


@pytest.fixture(scope="module")
def plane():
    """Rows on a plane in six dimensions, every column of variance 1; and the two directions that span it."""
    axes = draw(0, 2, 6)
    axes /= axes.norm(dim=0)
    return draw(1, 1500, 2) @ axes, axes


@pytest.fixture(scope="module")
def network(plane):
    return fit_noise_network(plane[0], steps=1500, seed=0)


@pytest.mark.parametrize("noise", [0.1, 0.3, 1.0])
def test_it_finds_the_noise_that_was_added(plane, network, noise):
    _, axes = plane
    noisy = draw(2, 500, 2) @ axes + noise * draw(3, 500, 6)
    assert log_noise(noisy, network).mean().item() == pytest.approx(math.log(noise), abs=0.25)


def test_a_row_off_the_plane_is_noisier_than_one_farther_out_on_it(plane, network):
    _, axes = plane
    normal = torch.linalg.svd(axes).Vh[2]
    on, off = 6**0.5 * axes[:1] / axes[0].norm(), normal[None]
    assert on.norm() > off.norm()
    assert log_noise(off, network).item() > log_noise(on, network).item() + 1


def test_a_learned_row_is_as_noisy_as_an_unseen_one(plane, network):
    learned, axes = plane
    of_learned, of_unseen = log_noise(learned, network), log_noise(draw(4, 1500, 2) @ axes, network)
    assert (of_learned.mean() - of_unseen.mean()).abs() < 0.2 * of_unseen.std()


def test_the_same_seed_gives_the_same_network_whatever_was_drawn_before(plane):
    few = plane[0][:50]
    networks = []
    for global_seed in (0, 1):
        torch.manual_seed(global_seed)
        networks.append(fit_noise_network(few, steps=20, seed=3))
    one, other = networks
    assert all(torch.equal(a, b) for a, b in zip(one.weights, other.weights, strict=True))
    assert not torch.equal(one.weights[0], fit_noise_network(few, steps=20, seed=4).weights[0])


def test_rows_beyond_all_noise_are_the_noisier_the_farther_they_are(plane, network):
    distances = torch.logspace(1.3, 15, 30, dtype=torch.float64)
    found = log_noise(distances[:, None] * plane[0][:1].sign(), network)
    assert (found.diff() > 0).all()
    assert found[0] > log_noise(plane[0], network).max()


def test_the_smallest_noise_is_a_share_of_the_distance_of_neighbours():
    grid = torch.cartesian_prod(torch.arange(6.0), torch.arange(6.0)).double()
    least, most = noise_range(grid * 0.4)
    assert math.exp(least) == pytest.approx(0.25 * 0.4 / math.sqrt(2))
    assert math.exp(most) == pytest.approx(LARGEST)
    for scale, bound in ((0.0, SMALLEST[0]), (1e6, SMALLEST[1])):
        assert math.exp(noise_range(grid * scale)[0]) == pytest.approx(bound)
