"""Values from JSON, compared with the types that are declared for them."""

from __future__ import annotations

import difflib
import reprlib
import sys
from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

LARGEST = 2**63  # of whole numbers: none is beyond it

WORDS: dict[Any, str] = {
    int: "a whole number", float: "a number", bool: "true or false", str: "text", NoneType: "null",
}  # fmt: skip


def check_values(values: Any, hints: Mapping[str, Any], what: str) -> None:
    """Compare an object from JSON with the types of its keys, none of which need be there.

    Parameters
    ----------
    values
        The object.
    hints
        A type for each key: a JSON type, ``Any``, a ``Literal``, a ``list``, a ``dict`` or a union of them.
    what
        Name of the object, for the message.

    Raises
    ------
    ValueError
        One sentence about the first key that is unknown or has a value of another type.
    """
    if not isinstance(values, dict):
        raise ValueError(f"{what} is {reprlib.repr(values)}, expected an object")
    for name, value in values.items():
        if name not in hints:
            near = difflib.get_close_matches(name, hints, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ValueError(f"{what} has the unknown key {reprlib.repr(name)}{hint}")
        if not fits(value, hints[name]):
            raise ValueError(f"{what}: {name} is {reprlib.repr(value)}, expected {in_words(hints[name])}")


def fits(value: Any, hint: Any) -> bool:
    """Whether a value from JSON is of a type; a number must be finite."""
    kind, parts = get_origin(hint) or hint, get_args(hint)
    if kind is Any:
        return True
    if kind is Literal:
        return isinstance(value, str) and value in parts
    if kind in (Union, UnionType):
        return any(fits(value, part) for part in parts)
    if kind is list:
        return isinstance(value, list) and all(fits(item, parts[0]) for item in value)
    if kind is dict:
        return isinstance(value, dict) and all(fits(item, parts[1]) for item in value.values())
    if kind in (int, float) and isinstance(value, bool):
        return False
    if kind is bool:
        return isinstance(value, int) and value in (0, 1)  # as a fit takes them
    if kind is int:
        return isinstance(value, int) and abs(value) < LARGEST
    if kind is float:
        return isinstance(value, int | float) and abs(value) <= sys.float_info.max  # NaN is not
    return isinstance(value, kind)


def in_words(hint: Any) -> str:
    """A type in the words of a message."""
    parts = get_args(hint)
    if get_origin(hint) is Literal:
        return f"one of {', '.join(parts)}"
    if get_origin(hint) in (Union, UnionType):
        return " or ".join(in_words(part) for part in parts)
    if get_origin(hint) is list:
        return f"a list of which each item is {in_words(parts[0])}"
    if get_origin(hint) is dict:
        return "an object" if parts[1] is Any else f"an object of which each value is {in_words(parts[1])}"
    return WORDS.get(hint, getattr(hint, "__name__", str(hint)))
