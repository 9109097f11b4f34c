"""The checks that the package is tested under: of parameters, of results, and of the sizes that they share."""

from __future__ import annotations

import pytest
import torch
from jaxtyping import Float, TypeCheckError, jaxtyped
from torch import Tensor

from shape_checks import typechecker


@jaxtyped(typechecker=typechecker)
def rows(x: Float[Tensor, "n d"], y: Float[Tensor, "n d"], n: int) -> Float[Tensor, "n d"]:
    return (x + y)[:n]


def test_what_fits_is_returned():
    assert rows(torch.ones(3, 2), torch.ones(3, 2), 3).sum() == 12


@pytest.mark.parametrize(
    ("shapes", "n", "told"),
    [
        (((3, 2), (3, 4)), 3, "the parameters"),
        (((3, 2), (3,)), 3, "the parameters"),
        (((3, 2), (3, 2)), "3", "the parameters"),
        (((3, 2), (3, 2)), 1, "the return value"),
    ],
    ids=lambda value: str(value).replace(" ", ""),
)
def test_what_does_not_is_refused(shapes, n, told):
    with pytest.raises(TypeCheckError, match=f"whilst checking {told} of"):
        rows(*map(torch.ones, shapes), n)
