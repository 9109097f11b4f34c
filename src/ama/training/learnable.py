"""Refuses samples that nothing can be learned from."""

from __future__ import annotations

from jaxtyping import Shaped
from torch import Tensor

from ama.errors import InputError

MIN_SAMPLES = 5


def check_learnable(normal: Shaped[Tensor, "n ..."]) -> None:
    """Refuse samples that nothing can be learned from.

    Raises
    ------
    InputError
        If there are fewer than 5, or all are the same.
    """
    n = len(normal)
    if n < MIN_SAMPLES:
        raise InputError(
            f"a fit needs at least {MIN_SAMPLES} normal samples, found {n} sample{'s' if n != 1 else ''}"
        )
    if bool((normal == normal[:1]).all()):
        raise InputError(f"all {n} normal samples are identical, so there is nothing to learn from them")
