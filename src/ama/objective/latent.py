r"""Points of the latent space: interpolated ones, and ones outside the typical set (section 3.2).

Every sampler takes a ``torch.Generator``, which makes a training step a function of its seed.

=====================================  ==================================
paper                                  here
=====================================  ==================================
simplex interpolation, k               :func:`simplex_interpolation`, ``n_interpolated``
Atypical Selection, :math:`\delta`     :func:`atypical_selection`, ``delta``, ``direction``
Sipple's cube (Figure 3a)              :func:`cube_selection`
the authors' code, unlike the text     :func:`scaled_selection`
x_neg, sampled by one of these         ``NEGATIVES``
=====================================  ==================================
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import torch
from jaxtyping import Float
from torch import Generator, Tensor
from torch.nn import functional as F

Codes = Float[Tensor, "b d"]


def simplex_interpolation(
    code: Codes,
    n_interpolated: int = 3,
    generator: Generator | None = None,
    weights: Literal["normalised", "remainder"] = "normalised",
) -> Codes:
    r"""Convex combinations of each encoding with ``n_interpolated - 1`` others of the batch.

    The first of the k encodings is the sample's own. The others come from shifts of one random permutation of the
    batch, so no sample is paired with itself if the batch holds at least ``n_interpolated`` samples.

    Parameters
    ----------
    code
        Encodings, shape (b, d).
    n_interpolated
        k of the paper, at least 2.
    generator
        Source of random numbers; None for torch's global one.
    weights
        "normalised", as in the text: :math:`\alpha_i / \sum_i \alpha_i` with :math:`\alpha_i \sim U[0, 0.5]`.
        "remainder", as in the authors' code: :math:`\alpha_i \sim U[0, 1 / (k - 1)]` for the first k - 1 encodings,
        and :math:`1 - \sum_i \alpha_i` for the last.

    Raises
    ------
    ValueError
        If ``n_interpolated`` is below 2.
    """
    if n_interpolated < 2:
        raise ValueError(f"n_interpolated must be at least 2, found {n_interpolated}")
    b = len(code)
    if weights == "normalised":
        alpha = 0.5 * _draw(torch.rand, (b, n_interpolated), code, generator)
        alpha = alpha / alpha.sum(1, keepdim=True).clamp_min(torch.finfo(alpha.dtype).tiny)
    else:
        alpha = _draw(torch.rand, (b, n_interpolated - 1), code, generator) / (n_interpolated - 1)
        alpha = torch.cat([alpha, 1 - alpha.sum(1, keepdim=True)], dim=1)
    order = torch.randperm(b, generator=generator, device=_device(generator)).to(code.device)
    places = order.argsort()[:, None] + torch.arange(n_interpolated, device=code.device)
    # The i-th partner of a sample is i places ahead in a random circular order; the 0th is the sample itself.
    partners = order[places % b]
    # A sum of the rows of ``code`` at ``partners``, weighted by alpha.
    return F.embedding_bag(partners, code, mode="sum", per_sample_weights=alpha)


def sphere_directions(
    n: int, d: int, generator: Generator | None = None, like: Tensor | None = None
) -> Float[Tensor, "n d"]:
    """Directions distributed uniformly on the unit sphere in d dimensions."""
    points = _draw(torch.randn, (n, d), like, generator)
    return points / points.norm(dim=1, keepdim=True).clamp_min(1e-12)


def shell_bounds(d: int, delta: float, direction: str) -> tuple[float, float]:
    r"""Inner and outer radius of the atypical shell.

    Inward :math:`\max(0, \sqrt d - \delta)` and :math:`\sqrt d`, outward :math:`\sqrt d` and :math:`\sqrt d + \delta`.

    Raises
    ------
    ValueError
        If ``direction`` is neither inward nor outward, or ``delta`` is not positive.
    """
    if delta <= 0:
        raise ValueError(f"delta must be positive, found {delta}")
    root = math.sqrt(d)
    if direction == "inward":
        return max(0.0, root - delta), root
    if direction == "outward":
        return root, root + delta
    raise ValueError(f"direction must be 'inward' or 'outward', found {direction!r}")


def atypical_selection(
    n: int,
    d: int,
    delta: float = 1.0,
    direction: str = "inward",
    generator: Generator | None = None,
    like: Tensor | None = None,
) -> Float[Tensor, "n d"]:
    r"""Points uniform *in volume* between spheres of radius :math:`\sqrt d` and :math:`\sqrt d \mp \delta`.

    The volume inside radius r grows with :math:`r^d`, so a uniform u gives
    :math:`r = (a^d + u (b^d - a^d))^{1/d}` between radii a < b. It is computed as
    :math:`b\,(q + u (1 - q))^{1/d}` with :math:`q = (a/b)^d`, which does not overflow.

    Raises
    ------
    ValueError
        As :func:`shell_bounds`.
    """
    inner, outer = shell_bounds(d, delta, direction)
    u = _draw(torch.rand, (n, 1), like, generator)
    q = (inner / outer) ** d
    radius = outer * (q + u * (1 - q)) ** (1 / d)
    return radius * sphere_directions(n, d, generator, like)


def scaled_selection(code: Codes, direction: str = "inward", generator: Generator | None = None) -> Codes:
    """Encodings multiplied by u (inward) or divided by u (outward), u ~ U(0, 0.5), as in the authors' code.

    Raises
    ------
    ValueError
        If ``direction`` is neither inward nor outward.
    """
    if direction not in ("inward", "outward"):
        raise ValueError(f"direction must be 'inward' or 'outward', found {direction!r}")
    # 0.5 - U[0, 0.5) cannot be 0, by which an encoding must not be divided.
    factor = 0.5 - 0.5 * _draw(torch.rand, (len(code), 1), code, generator)
    return code * factor if direction == "inward" else code / factor


def cube_selection(
    n: int, d: int, half_side: float = 1.0, generator: Generator | None = None, like: Tensor | None = None
) -> Float[Tensor, "n d"]:
    """Points uniform in the cube of side ``2 * half_side`` around the origin (Sipple 2020; Figure 3a)."""
    return half_side * (2 * _draw(torch.rand, (n, d), like, generator) - 1)


Negatives = Callable[[Tensor, int, float, str, Generator], Tensor]

# Latent codes (n, d) of synthetic anomalies, from the encodings (b, d) of a batch, n, delta, direction and a generator.
NEGATIVES: dict[str, Negatives] = {
    "atypical": lambda code, n, delta, direction, generator: atypical_selection(
        n, code.shape[1], delta, direction, generator, like=code
    ),
    "cube": lambda code, n, delta, direction, generator: cube_selection(
        n, code.shape[1], delta, generator, like=code
    ),
    "scaled": lambda code, n, delta, direction, generator: scaled_selection(
        code[torch.arange(n) % len(code)], direction, generator
    ),
}


def _draw(
    sampler: Callable[..., Tensor], shape: tuple[int, ...], like: Tensor | None, generator: Generator | None
) -> Tensor:
    """Draw on the generator's device, and move to the device of ``like``."""
    dtype = None if like is None else like.dtype
    values = sampler(shape, generator=generator, dtype=dtype, device=_device(generator))
    return values if like is None else values.to(like.device)


def _device(generator: Generator | None) -> torch.device:
    return torch.device("cpu") if generator is None else generator.device
