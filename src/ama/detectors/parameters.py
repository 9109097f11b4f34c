"""A dataclass for an estimator: parameters are declared once, and documented and validated from the declaration."""

from __future__ import annotations

import dataclasses
import inspect
import textwrap
from typing import Any, Literal, TypeVar, get_args, get_type_hints

from typing_extensions import dataclass_transform

from ama.settings import AUTHORS, PAPER, PRESETS, Settings
from ama.utils.declarations import GROUPS, Parameter, choices_of, declared, given_type, parameter

Class = TypeVar("Class")


@dataclass_transform(kw_only_default=True, eq_default=False, field_specifiers=(parameter,))
def parameters(owner: type[Class]) -> type[Class]:
    """Make the declared parameters of a class, and of its bases, the keyword parameters of its constructor.

    Parameters that are inherited from :class:`ama.settings.Settings` are None by default: the preset decides. The
    docstring gets a section with the description, the type and the default of each.
    """
    if issubclass(owner, Settings):
        _leave_to_preset(owner)
    dataclasses.dataclass(kw_only=True, eq=False, repr=False)(owner)
    # scikit-learn reads the parameters from the signature; a dataclass leaves their types as text.
    hints = get_type_hints(owner)
    owner.__init__.__annotations__ = {name: hints[name] for name in _names(owner)}
    owner.__doc__ = _documented(owner)
    return owner


def _leave_to_preset(owner: type) -> None:
    hints = get_type_hints(Settings)
    own = inspect.get_annotations(owner)
    for field in dataclasses.fields(Settings):
        declaration: Parameter = field.metadata["parameter"]
        hint = hints[field.name] | None
        own[field.name] = hint | Literal["auto"] if declaration.searchable else hint
        setattr(owner, field.name, dataclasses.field(default=None, metadata=field.metadata))
    owner.__annotations__ = own


def _names(owner: type) -> list[str]:
    return [field.name for field in dataclasses.fields(owner)]


def by_group(owner: type) -> dict[str, dict[str, Parameter]]:
    """The declared parameters of a class, in the groups under which they are listed; its own before its bases'."""
    classes = [kind for kind in owner.__mro__ if dataclasses.is_dataclass(kind)]
    declaring = {name: i for i, kind in enumerate(classes) for name in inspect.get_annotations(kind)}
    found = dict(sorted(declared(owner).items(), key=lambda item: declaring[item[0]]))
    groups = {group: {n: p for n, p in found.items() if p.group == group} for group in GROUPS}
    return {group: members for group, members in groups.items() if members}


def default_of(name: str, owner: type) -> str:
    """The default of a parameter in words: its own, or that of each preset."""
    default = inspect.signature(owner).parameters[name].default
    sizes = getattr(owner, "presets", {})  # those of a baseline
    if default is None and sizes and all(hasattr(values, name) for values in sizes.values()):
        return "; ".join(f"{preset}: {shown(getattr(values, name))}" for preset, values in sizes.items())
    if default is not None or not (issubclass(owner, Settings) and name in _names(Settings)):
        return shown(default)
    compact = {variant: shown(getattr(presets["compact"], name)) for variant, presets in PRESETS.items()}
    by_variant = ", ".join(f"{value} for {variant}" for variant, value in compact.items())
    if len(set(compact.values())) == 1:
        by_variant = next(iter(compact.values()))
    paper, authors = shown(getattr(PAPER, name)), shown(getattr(AUTHORS, name))
    readings = f"paper: {paper}" if authors == paper else f"paper: {paper}; authors: {authors}"
    return f"{readings}; compact: {by_variant}"


def shown(value: Any) -> str:
    """A value as documentation shows it."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def type_of(hint: Any) -> str:
    """A type as documentation shows it."""
    hint = given_type(hint)
    if choices := choices_of(hint):
        others = [type_of(part) for part in get_args(hint) if part in (int, float)]
        return " or ".join([*others, "{" + ", ".join(f'"{choice}"' for choice in choices) + "}"])
    if getattr(hint, "__origin__", None) is list:
        return f"list of {type_of(get_args(hint)[0])}"
    parts = [part for part in get_args(hint) if part is not type(None)]
    return " or ".join(type_of(part) for part in parts) if parts else hint.__name__


def _documented(owner: type) -> str:
    """The docstring with a section of parameters before its other sections."""
    text = inspect.cleandoc(owner.__doc__ or "")
    hints = get_type_hints(owner)
    lines = ["Parameters", "----------"]
    for members in by_group(owner).values():
        for name, declaration in members.items():
            lines.append(f"{name} : {type_of(hints[name])}, default {default_of(name, owner)}")
            lines += textwrap.wrap(
                declaration.text, 110, initial_indent="    ", subsequent_indent="    ", break_long_words=False
            )
    start = min(
        (i for name in ("Attributes", "Examples") if (i := text.find(f"\n{name}\n---")) >= 0),
        default=len(text),
    )
    return "\n".join([text[:start].rstrip(), "", *lines, "", text[start:].strip()]).rstrip() + "\n"
