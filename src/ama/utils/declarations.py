"""Declarations of parameters: type, default, range and description in one field, and one validator for all."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from numbers import Integral, Real
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from ama.errors import InputError, as_written

FIRST, TRAINING, NETWORKS = "most used", "training", "networks"
OBJECTIVE, NEGATIVE, SCORE, METHOD = "objective", "negatives", "score", "method"
GROUPS = (FIRST, METHOD, TRAINING, NETWORKS, OBJECTIVE, NEGATIVE, SCORE)


@dataclass(frozen=True)
class Parameter:
    """What is declared about a parameter besides its name, type and default.

    Parameters
    ----------
    text
        Its description.
    group
        One of ``GROUPS``, under which it is listed.
    low, high
        Smallest and largest value; None if there is none.
    exclusive
        Whether ``low`` and ``high`` themselves are refused.
    searchable
        Whether a detector also takes "auto", with the meaning that the description gives.
    """

    text: str
    group: str
    low: float | None = None
    high: float | None = None
    exclusive: bool = False
    searchable: bool = False


def parameter(
    text: str, group: str, low: float | None = None, high: float | None = None, *, default: Any, **more: bool
) -> Any:
    """A dataclass field that declares a parameter; see :class:`Parameter`."""
    metadata = {"parameter": Parameter(text, group, low, high, **more)}
    if isinstance(default, list):
        return field(default_factory=default.copy, metadata=metadata)
    return field(default=default, metadata=metadata)


def declared(owner: type) -> dict[str, Parameter]:
    """The declared parameters of a class by name, its bases' included."""
    found = {f.name: f.metadata.get("parameter") for f in dataclasses.fields(owner)}
    return {name: parameter for name, parameter in found.items() if parameter is not None}


def check_count(name: str, value: Any, least: int = 1) -> None:
    """Refuse an argument that is no whole number from 1, or from another least one.

    Raises
    ------
    InputError
        The message names the argument.
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise InputError(f"{name} must be a whole number from {least}, found {as_written(value)}")


def check_share(name: str, value: Any) -> None:
    """Refuse an argument that is no number between 0 and 1, or one of these two.

    Raises
    ------
    InputError
        The message names the argument.
    """
    share = Parameter(name, FIRST, 0, 1, exclusive=True)
    if not _within(value, Real, share):
        raise InputError(f"{name} must be a number {range_of(share)}, found {as_written(value)}")


def check_switch(name: str, value: Any) -> None:
    """Refuse an argument that is neither True nor False.

    Raises
    ------
    InputError
        The message names the argument.
    """
    if value not in (True, False):
        raise InputError(f"{name} must be True or False, found {as_written(value)}")


def check(values: dict[str, Any], owner: type) -> None:
    """Compare values with the declarations of a class; None is left alone where the type of the parameter has it.

    Raises
    ------
    InputError
        If a value is not of its type, not among its choices or outside its range.
    """
    hints = get_type_hints(owner)
    for name, declaration in declared(owner).items():
        if name not in values:
            continue
        value, hint = values[name], given_type(hints[name])
        may_lack = NoneType in get_args(hints[name])
        if (value is None and may_lack) or (declaration.searchable and value == "auto"):
            continue
        if declaration.searchable:
            hint = _searched_type(hint)
        if (expected := _violated(value, hint, declaration)) is not None:
            raise InputError(f"{name} must be {expected}, found {as_written(value)}")


def plain_number(value: Any) -> Any:
    """A number of NumPy, such as of ``np.arange``, as one of Python, which some libraries insist on."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return value
    return int(value) if isinstance(value, Integral) else float(value)


def given_type(hint: Any) -> Any:
    """The type of a parameter that is given, without the None of one that is not."""
    parts = [part for part in get_args(hint) if part is not NoneType]
    return parts[0] if len(parts) == 1 and NoneType in get_args(hint) else hint


def _searched_type(hint: Any) -> Any:
    """The type of a searchable parameter that is given, without its "auto"."""
    parts = [part for part in get_args(hint) if part not in (NoneType, Literal["auto"])]
    return parts[0] if get_origin(hint) in (Union, UnionType) else hint


def choices_of(hint: Any) -> tuple[str, ...]:
    """The values of a ``Literal``, alone or in a union; none for other types."""
    if getattr(hint, "__origin__", None) is Literal:
        return get_args(hint)
    return tuple(choice for part in get_args(hint) for choice in choices_of(part))


def _violated(value: Any, hint: Any, declaration: Parameter) -> str | None:
    """What was expected, if the value is not that."""
    if choices := choices_of(hint):
        return None if value in choices else f"one of {', '.join(choices)}"
    if hint is bool:
        return None if value in (True, False) else "True or False"
    if declaration.low is None:
        return None
    if getattr(hint, "__origin__", None) is list:
        try:
            fits = all(_within(float(part), Real, declaration) for part in value)
        except (TypeError, ValueError, OverflowError):
            fits = False
        return None if fits else f"a list of numbers {range_of(declaration)}"
    number, article = (Integral, "a whole") if hint is int else (Real, "a")
    return None if _within(value, number, declaration) else f"{article} number {range_of(declaration)}"


def _within(value: Any, number: type, declaration: Parameter) -> bool:
    if not isinstance(value, number) or isinstance(value, bool):
        return False
    low, high = declaration.low, declaration.high
    # A whole number may be too large for a float.
    found = int(value) if isinstance(value, Integral) else float(value)  # type: ignore[arg-type]
    assert low is not None
    if declaration.exclusive:
        return low < found and (high is None or found < high)
    return low <= found and (high is None or found <= high)


def range_of(declaration: Parameter) -> str:
    """The range of a parameter with a lower bound, in words: "from 0 to 1"."""
    if declaration.high is None:
        return f"{'above' if declaration.exclusive else 'of at least'} {declaration.low:g}"
    if declaration.exclusive:
        return f"between {declaration.low:g} and {declaration.high:g}, both excluded"
    return f"from {declaration.low:g} to {declaration.high:g}"
