"""The checker of types and shapes that every module of the package is imported under, as pytest is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from beartype import BeartypeConf, beartype

# Whole numbers are numbers, as PEP 484 has it.
_checked = beartype(conf=BeartypeConf(is_pep484_tower=True))
# An estimator stores its parameters as they are; fit checks them, and says what is wrong with them.
_DECLARING = ("ama.detectors", "ama.baselines", "ama.settings")


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
