"""Eq. 1 to 4 against the oracle, their gradients, and their sign for each player."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.autograd import gradcheck

import oracle
from ama.objective.losses import (
    GAMES,
    code_norm,
    gradient_penalty,
    mirrored_wasserstein,
    mixed_objective,
    mixture,
    negative_loss,
    normal_loss,
    objective,
)
from draws import draw

sizes, seeds = st.integers(1, 9), st.integers(0, 2**32)
lambdas = st.floats(0, 10)
games = pytest.mark.parametrize("game", GAMES.values(), ids=GAMES)
players = pytest.mark.parametrize(
    "player",
    [
        pytest.param(player, id=f"{name}-{role}")
        for name, g in GAMES.items()
        for role, player in g._asdict().items()
    ],
)


def _leaves(*shapes):
    return tuple(draw(seed, *shape).requires_grad_() for seed, shape in enumerate(shapes))


def _slopes(function, *inputs):
    inputs = [value.clone().requires_grad_() for value in inputs]
    return torch.autograd.grad(function(*inputs), inputs)


@given(seeds, sizes, sizes)
def test_the_losses_of_one_game_agree_with_the_paper(seed, b, m):
    values, negatives = draw(seed, 2, b), draw(seed + 1, 2, m)
    assert mirrored_wasserstein(*values).item() == pytest.approx(
        oracle.mirrored_wasserstein(*values.tolist()), abs=1e-12
    )
    assert negative_loss(*negatives).item() == pytest.approx(
        oracle.negative_loss(*negatives.tolist()), abs=1e-12
    )


@given(seeds, sizes, sizes, lambdas, lambdas)
def test_normal_loss_is_eq_3(seed, b, d, lambda_inter, lambda_reg):
    values, code = draw(seed, 3, b), draw(seed + 1, b, d)
    found = normal_loss(*values, code, lambda_inter=lambda_inter, lambda_reg=lambda_reg)
    expected = oracle.normal_loss(*values.tolist(), code.tolist(), lambda_inter, lambda_reg)
    assert found.item() == pytest.approx(expected, abs=1e-12)


@given(seeds, sizes, sizes, lambdas, lambdas, lambdas)
def test_wasserstein_players_minimise_plus_and_minus_eq_2(seed, b, m, lambda_inter, lambda_reg, lambda_neg):
    values, negatives, code = draw(seed, 3, b), draw(seed + 1, 2, m), draw(seed + 2, b, 4)
    weights = {"lambda_inter": lambda_inter, "lambda_reg": lambda_reg}

    def paper(codes, reg):
        normal = oracle.normal_loss(*values.tolist(), codes, lambda_inter, reg)
        return oracle.objective(normal, oracle.negative_loss(*negatives.tolist()), lambda_neg)

    def played(player, code):
        normal = normal_loss(*values, code, **weights, player=player)
        return objective(normal, negative_loss(*negatives, player=player), lambda_neg).item()

    game = GAMES["wasserstein"]
    assert played(game.generator, code) == pytest.approx(paper(code.tolist(), lambda_reg), abs=1e-11)
    assert played(game.critic, None) == pytest.approx(-paper([[]] * b, 0.0), abs=1e-11)


@given(seeds, sizes, sizes, lambdas)
def test_the_mixed_objective_is_the_authors_mean_over_labelled_samples(seed, n, m, lambda_neg):
    (same, other), negatives = draw(seed, 2, n), draw(seed + 1, 2, m)
    found = mixed_objective(normal_loss(same, other), negative_loss(*negatives), lambda_neg, n, m)
    batch = torch.cat([torch.stack([same, other]), negatives], 1)
    expected = oracle.labelled_batch(*batch.tolist(), [1.0] * n + [-lambda_neg] * m)
    assert found.item() == pytest.approx(expected, abs=1e-11)


def test_a_tenth_of_negatives_at_five_weighs_about_half_of_the_normal_samples():
    # 25 of a batch of 256: the ratio that the authors' labels have.
    normal, negative = torch.tensor(1.0), torch.tensor(1.0)
    of_normal = mixed_objective(normal, torch.tensor(0.0), 5.0, 231, 25)
    of_negative = -mixed_objective(torch.tensor(0.0), negative, 5.0, 231, 25)
    assert (of_negative / of_normal).item() == pytest.approx(0.541, abs=1e-3)


@given(seeds, sizes)
def test_the_other_games_agree_with_their_papers(seed, b):
    same, other = 2 * draw(seed, 2, b)
    hinge, relativistic = GAMES["hinge"], GAMES["relativistic"]
    pair = same.tolist(), other.tolist()
    assert hinge.critic(same, other).item() == pytest.approx(oracle.hinge_critic(*pair))
    assert hinge.generator(same, other).item() == pytest.approx(oracle.mirrored_wasserstein(*pair), abs=1e-12)
    assert relativistic.critic(same, other).item() == pytest.approx(oracle.relativistic(*pair))
    assert relativistic.generator(same, other).item() == pytest.approx(oracle.relativistic(*pair[::-1]))


@players
@given(seeds, sizes, sizes, lambdas, lambdas)
def test_every_player_weights_its_terms_as_eq_2_and_3_do(player, seed, b, m, lambda_inter, lambda_neg):
    same, reconstruction, interpolated = draw(seed, 3, b)
    anomaly, held_against = draw(seed + 1, 2, m)
    normal = normal_loss(same, reconstruction, interpolated, lambda_inter=lambda_inter, player=player)
    found = objective(normal, negative_loss(anomaly, held_against, player=player), lambda_neg)
    expected = (
        player(same, reconstruction).item()
        + lambda_inter * player(same, interpolated).item()
        + lambda_neg * player(held_against, anomaly).item()
    )
    assert found.item() == pytest.approx(expected, abs=1e-11)


@players
def test_a_term_left_out_counts_nothing(player):
    same, reconstruction = draw(0, 2, 5)
    bare = normal_loss(same, reconstruction, lambda_inter=3.0, lambda_reg=3.0, player=player)
    assert torch.equal(bare, player(same, reconstruction))


@given(seeds, sizes, sizes)
def test_code_norm_is_the_mean_euclidean_norm(seed, b, d):
    code = draw(seed, b, d)
    assert code_norm(code).item() == pytest.approx(math.fsum(map(oracle.norm, code.tolist())) / b)


def test_losses_pass_gradcheck():
    assert gradcheck(mirrored_wasserstein, _leaves((5,), (5,)))
    assert gradcheck(negative_loss, _leaves((5,), (5,)))
    assert gradcheck(lambda n, m: objective(n, m, 5.0), _leaves((), ()))
    assert gradcheck(code_norm, _leaves((5, 3)))


@players
def test_every_player_passes_gradcheck(player):
    assert gradcheck(player, _leaves((5,), (5,)))
    assert gradcheck(lambda *pair: negative_loss(*pair, player=player), _leaves((5,), (5,)))
    assert gradcheck(
        lambda *terms: normal_loss(*terms, lambda_inter=0.2, lambda_reg=0.7, player=player),
        _leaves((5,), (5,), (5,), (5, 3)),
    )


@games
def test_critic_raises_same_pairs_above_reconstructions_and_generator_the_reverse(game):
    same, other = draw(0, 2, 6) * 0.3  # inside the hinge's margin
    by_same, by_other = _slopes(game.critic, same, other)
    assert (by_same < 0).all()
    assert (by_other > 0).all()
    _, by_other = _slopes(game.generator, same, other)
    assert (by_other < 0).all()


@games
@given(seeds, st.floats(0.01, 5))
def test_losses_never_move_against_their_player(game, seed, step):
    same, other = draw(seed, 2, 6)
    assert game.critic(same + step, other) <= game.critic(same, other)
    assert game.critic(same, other - step) <= game.critic(same, other)
    assert game.generator(same, other + step) < game.generator(same, other)


@games
def test_gradients_of_negatives_are_opposite_to_those_of_reconstructions(game):
    same, reconstruction, anomaly, reconstructed_anomaly = draw(0, 4, 6) * 0.3

    def whole(player):
        def loss(anomaly, reconstructed_anomaly):
            normal = normal_loss(same, reconstruction, player=player)
            return objective(normal, negative_loss(anomaly, reconstructed_anomaly, player=player), 5.0)

        return loss

    by_same, by_other = _slopes(whole(game.critic), anomaly, reconstructed_anomaly)
    assert (by_same > 0).all()
    assert (by_other < 0).all()
    _, by_other = _slopes(whole(game.generator), anomaly, reconstructed_anomaly)
    assert (by_other > 0).all()


def test_the_hinge_critic_has_no_loss_beyond_the_margin():
    same, other = torch.full((4,), 1.5), torch.full((4,), -1.5)
    assert GAMES["hinge"].critic(same, other) == 0


@games
def test_every_loss_stays_finite_for_huge_values(game):
    same, other = torch.tensor([1e4, -1e4]), torch.tensor([-1e4, 1e4])
    assert all(torch.isfinite(player(same, other)) for player in game)


@given(seeds, sizes, sizes, st.sampled_from([0.0, 1.0, 2.5]))
def test_gradient_penalty_is_the_paper_on_a_critic_whose_gradient_is_known(seed, b, d, target):
    x, y, (w, u) = draw(seed, b, d), draw(seed + 1, b, d), draw(seed + 2, 2, d)
    found = gradient_penalty(lambda x, y: (w * x * y + u * x.sin()).sum(1), x, y, target)
    gradients = [
        [w[j] * y[i, j] + u[j] * math.cos(x[i, j]) for j in range(d)] + [w[j] * x[i, j] for j in range(d)]
        for i in range(b)
    ]
    expected = oracle.gradient_penalty([list(map(float, gradient)) for gradient in gradients], target)
    assert found.item() == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(seeds, st.integers(1, 4), st.sampled_from([0.0, 1.0, 2.5]))
def test_the_penalty_per_pixel_is_the_authors(seed, b, target):
    """D(x, y) = sum w x y, whose gradient is (w y, w x)."""
    x, y, w = draw(seed, 3, b, 2, 3, 2)
    found = gradient_penalty(lambda x, y: (w * x * y).flatten(1).sum(1), x, y, target, "pixel")
    expected = oracle.pixel_penalty(torch.cat([w * y, w * x], 1).tolist(), target)
    assert found.item() == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_the_penalty_per_pixel_of_rows_is_the_usual_one():
    x, y, w = draw(0, 3, 5, 4)

    def critic(x, y):
        return (w * x * y).sum(1)

    assert gradient_penalty(critic, x, y, norm="pixel") == gradient_penalty(critic, x, y, norm="pair")


@pytest.mark.parametrize("target", [0.0, 1.0])
def test_gradient_penalty_passes_gradcheck_by_the_critics_weights(target):
    x, y = draw(0, 3, 1, 2, 2), draw(1, 3, 1, 2, 2)

    def penalty(first, second):
        def critic(x, y):
            return torch.tanh(torch.cat([x, y], 1).flatten(1) @ first) @ second

        return gradient_penalty(critic, x, y, target)

    assert gradcheck(penalty, _leaves((8, 5), (5,)))


@pytest.mark.parametrize("target", [0.0, 1.0])
def test_a_critic_that_ignores_x_is_penalised_for_its_slope_in_y_alone(target):
    x, y, w = draw(0, 4, 3), draw(1, 4, 3), torch.tensor([3.0, 0.0, 4.0], dtype=torch.float64)
    assert gradient_penalty(lambda x, y: y @ w, x, y, target).item() == pytest.approx((5 - target) ** 2)


def test_a_flat_critic_is_penalised_without_a_nan_in_its_gradient():
    layer = nn.Linear(6, 1, bias=False)
    nn.init.zeros_(layer.weight)
    x, y = torch.randn(4, 3), torch.randn(4, 3)
    penalty = gradient_penalty(lambda x, y: layer(torch.cat([x, y], 1)).squeeze(1), x, y)
    penalty.backward()
    assert penalty.item() == pytest.approx(1.0, abs=1e-5)
    assert torch.isfinite(layer.weight.grad).all()


def test_gradient_penalty_leaves_no_gradient_on_its_inputs():
    layer = nn.Linear(2, 1)
    x = torch.randn(4, 2, requires_grad=True)
    gradient_penalty(lambda x, y: layer(x * y).squeeze(1), x, x).backward()
    assert x.grad is None
    assert layer.weight.grad is not None


@given(seeds, sizes)
def test_mixture_gives_each_sample_its_own_share(seed, b):
    x, y = draw(seed, 2, b, 1, 2, 3)
    share = draw(seed + 1, b).sigmoid()
    mixed = mixture(x, y, share)
    for i, s in enumerate(share.tolist()):
        torch.testing.assert_close(mixed[i], s * x[i] + (1 - s) * y[i])


def test_mixture_ends_at_its_two_inputs():
    x, y = torch.randn(2, 3, 4)
    assert torch.equal(mixture(x, y, torch.ones(3)), x)
    assert torch.equal(mixture(x, y, torch.zeros(3)), y)
