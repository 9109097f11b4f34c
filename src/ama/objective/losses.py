r"""The mirrored game, Eq. 1 to 4 of the paper, as pure functions of the critic's values.

The critic D rates pairs. ``same`` is D(x, x); ``other`` is D(x, y) for some y that is not x: the
reconstruction, an interpolated image, or a synthetic anomaly. Both are vectors with one value per sample.

==========================  ===================================
paper                       here
==========================  ===================================
Eq. 1                       :func:`mirrored_wasserstein`
Eq. 2                       :func:`objective`
... in the authors' code    :func:`mixed_objective`
Eq. 3                       :func:`normal_loss`
Eq. 4                       :func:`negative_loss`
:math:`\lambda_{inter}` ..  ``lambda_inter``, ``lambda_reg``, ``lambda_neg``
==========================  ===================================

D maximises Eq. 2, and E and G minimise it; each of the two players minimises its own function of the same two
values, its ``player``. ``GAMES`` holds the pairs of players to choose from. With the paper's ``wasserstein``, the
default, the functions below are exactly the paper's equations. Eq. 4 enters Eq. 2 with a minus sign, which for
Eq. 1 is the same as exchanging its two values: D should rate (x, y) above (x, x) where x is a negative. The
exchange, unlike the minus sign, carries over to every game.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

Values = Float[Tensor, " b"]
Scalar = Float[Tensor, ""]


def mirrored_wasserstein(same: Values, other: Values) -> Scalar:
    r"""Eq. 1 for a given critic: the batch mean of :math:`D(x, x) - D(x, \hat x)`."""
    return (same - other).mean()


Player = Callable[[Tensor, Tensor], Tensor]


def normal_loss(
    same: Values,
    reconstruction: Values,
    interpolated: Float[Tensor, " m"] | None = None,
    code: Float[Tensor, "b d"] | None = None,
    *,
    lambda_inter: float = 0.0,
    lambda_reg: float = 0.0,
    player: Player = mirrored_wasserstein,
) -> Scalar:
    r"""Eq. 3: reconstructions, interpolated points, and the mean Euclidean norm of the encodings.

    Parameters
    ----------
    same, reconstruction, interpolated
        D's values of (x, x) and of (x, G(E(x))), of shape (b,), and of (x, interpolated) for the first m samples. None
        omits the term.
    code
        Encodings, shape (b, d). None omits the term, which is constant for D.
    lambda_inter, lambda_reg
        :math:`\lambda_{inter}` and :math:`\lambda_{reg}`.
    player
        Loss of the player that is being updated, as a function of two values.
    """
    loss = player(same, reconstruction)
    if interpolated is not None:
        loss = loss + lambda_inter * player(same[: len(interpolated)], interpolated)
    if code is not None:
        loss = loss + lambda_reg * code_norm(code)
    return loss


def negative_loss(
    same: Float[Tensor, " m"], other: Float[Tensor, " m"], *, player: Player = mirrored_wasserstein
) -> Scalar:
    r"""Eq. 4: Eq. 1 on anomalies, synthetic or real, with its two values exchanged and the sign reversed."""
    return -player(other, same)


def objective(normal: Scalar, negative: Scalar, lambda_neg: float) -> Scalar:
    """Eq. 2, which E and G minimise and D maximises."""
    return normal - lambda_neg * negative


def mixed_objective(normal: Scalar, negative: Scalar, lambda_neg: float, n: int, m: int) -> Scalar:
    r"""Eq. 2 as in the authors' code: labels 1 and :math:`-\lambda_{neg}`, averaged over one batch.

    A tenth of negatives at a weight of 5 then counts about half of the normal samples, not five times as much.

    Parameters
    ----------
    normal, negative
        Eq. 3 and 4, means over ``n`` normal samples and over ``m`` negatives.
    lambda_neg
        :math:`\lambda_{neg}`.
    n, m
        Numbers of normal samples and of negatives in the batch.
    """
    return objective(n / (n + m) * normal, m / (n + m) * negative, lambda_neg)


def code_norm(code: Float[Tensor, "b d"]) -> Scalar:
    """Mean Euclidean norm of the encodings, the regulariser of Eq. 3."""
    return code.norm(dim=1).mean()


class Game(NamedTuple):
    """The losses that the two players minimise, as functions of D's values of (x, x) and (x, y)."""

    critic: Player
    generator: Player


GAMES: dict[str, Game] = {
    # The paper's game; unbounded, so D must be Lipschitz.
    "wasserstein": Game(
        critic=lambda same, other: -mirrored_wasserstein(same, other),
        generator=mirrored_wasserstein,
    ),
    # Lim & Ye 2017; values beyond the margin of 1 give D no gradient.
    "hinge": Game(
        critic=lambda same, other: (F.relu(1 - same) + F.relu(1 + other)).mean(),
        generator=mirrored_wasserstein,
    ),
    # Jolicoeur-Martineau 2018; both pairs share x, so the variance due to x cancels in their difference.
    "relativistic": Game(
        critic=lambda same, other: F.softplus(other - same).mean(),
        generator=lambda same, other: F.softplus(same - other).mean(),
    ),
}


Critic = Callable[[Tensor, Tensor], Tensor]


def gradient_penalty(
    critic: Critic,
    x: Float[Tensor, "b ..."],
    y: Float[Tensor, "b ..."],
    target: float = 1.0,
    norm: Literal["pair", "pixel"] = "pair",
) -> Scalar:
    r"""Mean of :math:`(\lVert \nabla D(x, y) \rVert_2 - target)^2` over the pairs, the gradient with respect to (x, y).

    With ``target=1`` and y a mixture of x and its reconstruction this is the WGAN-GP penalty (Gulrajani et
    al. 2017) on pairs; with ``target=0`` and y = x, or the reconstruction, the zero-centred R1 or R2
    (Mescheder et al. 2018). Call it in float32: with the second derivatives in bfloat16, training diverges.

    Parameters
    ----------
    critic
        D, as a function of x and y.
    x, y
        The pairs.
    target
        The norm that is not penalised.
    norm
        "pair": one norm for each pair. "pixel": one for each pixel, over the channels of both images, as in the
        authors' code; then the mean is over pairs and pixels. A row is a single pixel.
    """
    x, y = x.detach().requires_grad_(), y.detach().requires_grad_()
    # Without mirroring D ignores x, and the gradient with respect to x is None.
    values = critic(x, y)
    by_input = torch.autograd.grad(values.sum(), (x, y), create_graph=True, allow_unused=True)
    gradients = [g.flatten(1) if norm == "pair" else g for g in by_input if g is not None]
    squares = torch.cat(gradients, dim=1).square().sum(1)
    if target == 0:
        return squares.mean()
    return ((squares + 1e-12).sqrt() - target).square().mean()


def mixture(x: Float[Tensor, "b ..."], y: Float[Tensor, "b ..."], share: Values) -> Float[Tensor, "b ..."]:
    """Convex combination of ``x`` and ``y`` per sample, with weight ``share`` for ``x``."""
    share = share.view(-1, *[1] * (x.ndim - 1))
    return share * x + (1 - share) * y
