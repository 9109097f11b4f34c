r"""Points of the latent space: interpolated ones, and ones outside the typical set (section 3.2).

Every sampler takes a ``torch.Generator``, so that a training step is a function of its seed.

=====================================  ==================================
paper                                  here
=====================================  ==================================
simplex interpolation, k               :func:`simplex_interpolation`, ``n_interpolated``
Atypical Selection, :math:`\delta`     :func:`atypical_selection`, ``delta``, ``direction``
Sipple's cube (Figure 3a)              :func:`cube_selection`
the authors' code instead of the text  :func:`scaled_selection`
=====================================  ==================================
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Generator, Tensor

Codes = Float[Tensor, "b d"]


def simplex_interpolation(code: Codes, n_interpolated: int = 3, generator: Generator | None = None) -> Codes:
    r"""Convex combinations of each encoding with ``n_interpolated - 1`` others of the batch.

    :math:`\sum_i \alpha_i e_i / \sum_i \alpha_i` with :math:`\alpha_i \sim U[0, 0.5]`; the first of the k
    encodings is the sample's own. The others are drawn as rolled permutations of the batch, so no
    sample meets itself as long as the batch holds at least ``n_interpolated`` samples.

    Parameters
    ----------
    code
        Encodings, shape (b, d).
    n_interpolated
        k of the paper, at least 2.

    Raises
    ------
    ValueError
        If ``n_interpolated`` is below 2.
    """
    if n_interpolated < 2:
        raise ValueError(f"n_interpolated must be at least 2, found {n_interpolated}")
    b = len(code)
    alpha = 0.5 * _rand((b, n_interpolated), code, generator)
    weights = alpha / alpha.sum(1, keepdim=True).clamp_min(torch.finfo(alpha.dtype).tiny)
    order = torch.randperm(b, generator=generator, device=_device(generator)).to(code.device)
    place = torch.empty_like(order)
    place[order] = torch.arange(b, device=code.device)
    # The i-th partner of a sample is the one i places further in a random circle.
    partners = torch.stack([order[(place + i) % b] for i in range(n_interpolated)], dim=1)
    return torch.einsum("bk,bkd->bd", weights, code[partners])


def sphere_directions(
    n: int, d: int, generator: Generator | None = None, like: Tensor | None = None
) -> Float[Tensor, "n d"]:
    """Directions uniform on the unit sphere of d dimensions."""
    points = _randn((n, d), like, generator)
    return points / points.norm(dim=1, keepdim=True).clamp_min(1e-12)


def shell_bounds(d: int, delta: float, direction: str) -> tuple[float, float]:
    r"""Inner and outer radius of the atypical shell.

    :math:`\sqrt d - \delta, \sqrt d` inward, or :math:`\sqrt d, \sqrt d + \delta` outward.

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
    r"""Points uniform *in volume* between the spheres of radius :math:`\sqrt d` and :math:`\sqrt d \mp \delta`.

    The volume inside radius r grows with :math:`r^d`, so a uniform u gives
    :math:`r = (a^d + u (b^d - a^d))^{1/d}` between radii a < b. It is computed as
    :math:`b\,(q + u (1 - q))^{1/d}` with :math:`q = (a/b)^d`, which does not overflow.

    Raises
    ------
    ValueError
        As :func:`shell_bounds`.
    """
    inner, outer = shell_bounds(d, delta, direction)
    u = _rand((n, 1), like, generator)
    q = (inner / outer) ** d
    radius = outer * (q + u * (1 - q)) ** (1 / d)
    return radius * sphere_directions(n, d, generator, like)


def scaled_selection(code: Codes, direction: str = "inward", generator: Generator | None = None) -> Codes:
    """Encodings moved towards the origin or away from it by a share U(0, 0.5), as the authors' code does."""
    if direction not in ("inward", "outward"):
        raise ValueError(f"direction must be 'inward' or 'outward', found {direction!r}")
    share = 0.5 * _rand((len(code), 1), code, generator)
    return code * (1 - share if direction == "inward" else 1 + share)


def cube_selection(
    n: int, d: int, half_side: float = 1.0, generator: Generator | None = None, like: Tensor | None = None
) -> Float[Tensor, "n d"]:
    """Points uniform in the cube of side ``2 * half_side`` around the origin (Sipple 2020; Figure 3a)."""
    return half_side * (2 * _rand((n, d), like, generator) - 1)


def _device(generator: Generator | None) -> torch.device:
    return torch.device("cpu") if generator is None else generator.device


def _rand(shape: tuple[int, ...], like: Tensor | None, generator: Generator | None) -> Tensor:
    dtype = None if like is None else like.dtype
    draw = torch.rand(shape, generator=generator, dtype=dtype, device=_device(generator))
    return draw if like is None else draw.to(like.device)


def _randn(shape: tuple[int, ...], like: Tensor | None, generator: Generator | None) -> Tensor:
    dtype = None if like is None else like.dtype
    draw = torch.randn(shape, generator=generator, dtype=dtype, device=_device(generator))
    return draw if like is None else draw.to(like.device)
