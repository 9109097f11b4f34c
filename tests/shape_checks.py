"""The checks of types and shapes that every module of the package is imported under, as pytest is told.

jaxtyping's own decorator binds the arguments of a call to their names and checks it in two more functions, to say more
about what is wrong. That takes a fifth of the time of the tests. Here beartype checks a call once, in a context of
jaxtyping for the sizes that the shapes of one call share.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import is_dataclass
from functools import partial, wraps
from typing import Any

import jaxtyping
from beartype import BeartypeConf, beartype
from jaxtyping import jaxtyped

# Whole numbers are numbers, as PEP 484 has it.
typechecker = beartype(conf=BeartypeConf(is_pep484_tower=True))
# An estimator stores its parameters as they are; fit checks them, and says what is wrong with them.
_DECLARING = ("ama.detectors", "ama.baselines", "ama.settings")
_SHARED_SIZES = jaxtyped("context")


def checked(*, typechecker: Callable[..., Any]) -> Callable[[Any], Any]:
    """What decorates each function and each class of the package, in place of jaxtyping's jaxtyped."""
    return partial(_checked, typechecker)


def _checked(typechecker: Callable[..., Any], target: Any) -> Any:
    if not inspect.isclass(target):
        return _checked_function(typechecker, target)
    if is_dataclass(target) and "__init__" in vars(target):
        target.__init__ = _checked_function(typechecker, target.__init__)
    return target


def _checked_function(typechecker: Callable[..., Any], function: Callable[..., Any]) -> Callable[..., Any]:
    if function.__module__.startswith(_DECLARING) and function.__name__ == "__init__":
        return function
    if inspect.isgeneratorfunction(function) or _names_arguments(function):
        return jaxtyped(function, typechecker=typechecker)
    declared, function.__annotations__ = function.__annotations__, dict(_known_types(function))
    whole = typechecker(function)
    function.__annotations__ = declared

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with _SHARED_SIZES:
            return whole(*args, **kwargs)

    return call


def _names_arguments(function: Callable[..., Any]) -> bool:
    """Whether a size is the value of an argument, as in "{n} d", which has to be found by its name."""
    return any("{" in str(annotation) for annotation in function.__annotations__.values())


def _known_types(function: Callable[..., Any]) -> Iterator[tuple[str, Any]]:
    """The annotations but for those of a class that only mypy imports, or that is being defined."""
    for name, annotation in function.__annotations__.items():
        with suppress(NameError):
            known = eval(annotation, function.__globals__) if isinstance(annotation, str) else annotation
            yield name, known


# Every module that the hook of pytest's option changes looks for its decorator under this name.
jaxtyping.jaxtyped = checked
