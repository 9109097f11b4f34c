"""The checks that the package is tested under: of parameters, of results, and of the sizes that they share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import torch
from beartype.roar import BeartypeCallHintParamViolation, BeartypeCallHintReturnViolation
from jaxtyping import Float, TypeCheckError
from torch import Tensor

from ama.decision.score_bounds import bounded
from shape_checks import checked, typechecker

check = checked(typechecker=typechecker)


@check
def rows(x: Float[Tensor, "n d"], y: Float[Tensor, "n d"], n: int) -> Float[Tensor, "n d"]:
    return (x + y)[:n]


@check
def codes(n: int, made: int) -> Float[Tensor, "{n} d"]:
    return torch.ones(made, 2)


@check
def parts(x: Float[Tensor, "n d"]) -> Iterator[Tensor]:
    yield from x


@check
@dataclass
class Pair:
    x: Float[Tensor, "n d"]
    y: Float[Tensor, "n d"]


def test_what_fits_is_returned():
    assert rows(torch.ones(3, 2), torch.ones(3, 2), 3).sum() == 12
    assert len(codes(3, made=3)) == len(list(parts(torch.ones(3, 2)))) == 3
    assert Pair(torch.ones(3, 2), torch.ones(3, 2)).x.shape == (3, 2)


@pytest.mark.parametrize(
    ("shapes", "n", "told"),
    [
        (((3, 2), (3, 4)), 3, BeartypeCallHintParamViolation),
        (((3, 2), (3,)), 3, BeartypeCallHintParamViolation),
        (((3, 2), (3, 2)), "3", BeartypeCallHintParamViolation),
        (((3, 2), (3, 2)), 1, BeartypeCallHintReturnViolation),
    ],
    ids=["another width", "another number of axes", "text for a number", "another length of the result"],
)
def test_what_does_not_is_refused(shapes, n, told):
    with pytest.raises(told, match=r"^Function .*rows\(\)"):
        rows(*map(torch.ones, shapes), n)


@check
def later(x: Float[Tensor, "n d"], y: NotYet) -> NotYet:
    return y


def test_what_is_not_yet_a_type_is_not_checked_and_the_others_are():
    assert later(torch.ones(3, 2), 4) == 4
    assert later.__annotations__["y"] == "NotYet"
    with pytest.raises(BeartypeCallHintParamViolation):
        later(torch.ones(3), 4)


def test_a_size_that_an_argument_gives_is_checked():
    with pytest.raises(TypeCheckError, match="whilst checking the return value of"):
        codes(3, made=2)


def test_the_parameters_of_a_generator_are_checked_before_it_begins():
    with pytest.raises(TypeCheckError, match="whilst checking the parameters of"):
        parts(torch.ones(3))


def test_the_fields_of_a_data_class_share_sizes():
    with pytest.raises(BeartypeCallHintParamViolation, match="the size of dimension n is 4"):
        Pair(torch.ones(3, 2), torch.ones(4, 2))


def test_the_package_is_checked_so():
    with pytest.raises(BeartypeCallHintParamViolation, match="has dtype int64"):
        bounded(torch.ones(3, dtype=torch.int64))
