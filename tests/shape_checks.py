"""The checker of types and shapes that every module of the package is imported under, as pytest is told."""

from __future__ import annotations

import inspect
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

from beartype import BeartypeConf, beartype

# Whole numbers are numbers, as PEP 484 has it.
_checked = beartype(conf=BeartypeConf(is_pep484_tower=True))
# An estimator stores its parameters as they are; fit checks them, and says what is wrong with them.
_DECLARING = ("ama.detectors", "ama.baselines", "ama.settings")
# Calls of a function that are checked in each test. In a loop, later ones have other values, but the same types and
# shapes, and checks of all of them would take longer than the work does.
CHECKED_CALLS = 30

_calls = Counter[Callable[..., Any]]()
_exempt = list[Any]()


def typechecker(function: Callable[..., Any]) -> Callable[..., Any]:
    """beartype, but for the constructors of what declares parameters.

    jaxtyping has two functions checked for each of the package: one of the parameters before the call, which returns
    Any, and one of the parameters and the result after it. The second need not check the parameters again, which takes
    as long as all the rest.
    """
    if function.__module__.startswith(_DECLARING) and function.__name__ == "__init__":
        return function
    result = function.__annotations__.get("return", Any)
    if result is not Any:
        function.__annotations__ = {"return": result}
        return _checked(function)
    parameters = _checked(function)

    def counted(*args: Any, **kwargs: Any) -> None:
        parameters(*args, **kwargs)
        _calls[function] += 1
        if _calls[function] == CHECKED_CALLS:
            _end_checks(function.__module__, function.__qualname__)

    return counted


def check_again() -> None:
    """Check further calls of every function, as at the start of a test."""
    for function in _exempt:
        function.__dict__.pop("__no_type_check__", None)  # it stands here twice if two have its name
    _exempt.clear()
    _calls.clear()


def _end_checks(module: str, name: str) -> None:
    """Have jaxtyping call a function of the package without checks; one inside another function stays checked."""
    found: Any = sys.modules[module]
    for part in name.split("."):
        found = inspect.getattr_static(found, part, None)
    found = inspect.unwrap(getattr(found, "fget", None) or getattr(found, "__func__", found))
    if found is not None:
        found.__no_type_check__ = True
        _exempt.append(found)
