"""The checks that the package is tested under: of parameters, of results, and of the sizes that they share."""

from __future__ import annotations

import pytest
import torch
from jaxtyping import Float, TypeCheckError, jaxtyped
from torch import Tensor

from shape_checks import CHECKED_CALLS, check_again, typechecker


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


class Column:
    @property
    @jaxtyped(typechecker=typechecker)
    def of_rows(self) -> Float[Tensor, " n"]:
        return torch.ones(3, 2)


def test_after_many_calls_a_function_is_checked_in_the_next_test_only():
    wrong = (torch.ones(3, 2), torch.ones(3, 4), 3)
    for _ in range(CHECKED_CALLS):
        rows(torch.ones(3, 2), torch.ones(3, 2), 3)
    with pytest.raises(RuntimeError, match="must match the size"):  # of torch, not of the checker
        rows(*wrong)
    check_again()
    with pytest.raises(TypeCheckError):
        rows(*wrong)


def test_a_result_is_checked_as_often_as_parameters_are():
    for _ in range(CHECKED_CALLS):
        with pytest.raises(TypeCheckError):
            Column().of_rows  # noqa: B018
    assert Column().of_rows.shape == (3, 2)
