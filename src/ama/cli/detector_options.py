"""A detector's parameters as options, from their declarations."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, get_args

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser

    from ama.detectors.base import Detector
    from ama.utils.declarations import Parameter

METAVARS: dict[Any, str] = {list[float]: "LIST", int: "INT", float: "FLOAT", bool: "BOOL", str: "TEXT"}
DEFAULTS = {"random_state": 0}  # a command is repeatable unless it is asked for another seed


def add_detector_options(parser: ArgumentParser, detector: type[Detector]) -> None:
    """An option for each parameter of a detector's class, in the groups of the declarations."""
    from ama.detectors.parameters import by_group

    signature, defaults = inspect.signature(detector).parameters, detector().get_params()
    for title, members in by_group(detector).items():
        group = parser.add_argument_group(title)
        for name, declaration in members.items():
            hint = signature[name].annotation
            # Without a value, an option of this type is True.
            switch: dict[str, Any] = {"nargs": "?", "const": True} if bool in (hint, *get_args(hint)) else {}
            group.add_argument(
                f"--{name}",
                type=hint,
                default=DEFAULTS.get(name, defaults[name]),
                metavar=_metavar(hint),
                help=_help(name, hint, declaration, detector),
                **switch,
            )


def _help(name: str, hint: Any, declaration: Parameter, detector: type) -> str:
    """The text of a declaration, with its choices or range and its default."""
    from ama.detectors.parameters import default_of
    from ama.utils.declarations import choices_of, range_of

    notes = []
    if choices := choices_of(hint):
        notes.append(" or ".join(choices))
    if declaration.low is not None:
        notes.append(range_of(declaration).removeprefix("of "))
    default = str(DEFAULTS[name]) if name in DEFAULTS else default_of(name, detector)
    if default != "None":
        notes.append(default if ":" in default else f"default: {default}")
    return declaration.text + (f" ({'; '.join(notes)})" if notes else "")


def _metavar(hint: Any) -> str:
    """The types of a parameter in capitals, such as INT or FLOAT|NAME."""
    from ama.utils.declarations import choices_of

    found = [word for kind, word in METAVARS.items() if kind in (hint, *get_args(hint))]
    return "|".join([*found, "NAME"] if choices_of(hint) else found) or "VALUE"
