"""How mkdocstrings reads this package: docstrings made at import time, and reStructuredText roles as Markdown."""

from __future__ import annotations

import inspect
import re
from typing import Any

import griffe

DETECTOR = "ama.detectors.base.Detector"
SIMPLE_TABLE = re.compile(r"^=+(?: +=+)+\n.*?^=+(?: +=+)+\n.*?^=+(?: +=+)+$\n*", re.MULTILINE | re.DOTALL)
MATH = re.compile(r":math:`([^`]*)`")
NAME = re.compile(r":(?:func|class|meth|mod|data):`~?([^`]*)`")


class Docstrings(griffe.Extension):
    """Prepares every docstring of the package for Markdown; those of detectors are read at run time."""

    def on_package(self, *, pkg: griffe.Module, **kwargs: Any) -> None:
        """Visit the package once all of it is loaded."""
        _visit(pkg)


def _visit(parent: griffe.Object) -> None:
    for member in list(parent.members.values()):
        if isinstance(member, griffe.Alias):
            continue
        if isinstance(member, griffe.Class) and DETECTOR in (base.path for base in member.mro()):
            _read_at_run_time(member)
        if member.docstring is not None:
            member.docstring.value = as_markdown(member.docstring.value, member)
        _visit(member)


def _read_at_run_time(detector: griffe.Class) -> None:
    """Take the docstring and the constructor of a detector from the imported class.

    Both are generated from the declarations of its parameters, so the source does not show them.
    """
    kind = griffe.dynamic_import(detector.path)
    text = inspect.getdoc(kind) or ""
    detector.docstring = griffe.Docstring(text, parent=detector, parser="numpy")
    parameters = [
        griffe.Parameter(
            name,
            annotation=_annotation(parameter.annotation),
            kind=griffe.ParameterKind("keyword-only"),
            default=repr(parameter.default),
        )
        for name, parameter in inspect.signature(kind, eval_str=True).parameters.items()
    ]
    detector.set_member("__init__", griffe.Function("__init__", parameters=griffe.Parameters(*parameters)))


def _annotation(kind: Any) -> str:
    return inspect.formatannotation(kind).replace("typing.", "")


def as_markdown(text: str, owner: griffe.Object) -> str:
    """A docstring's text with its roles as Markdown; its tables of symbols, which are on the site, are left out."""
    text = SIMPLE_TABLE.sub("", text)
    text = MATH.sub(lambda found: f"${' '.join(found[1].split())}$", text)
    return NAME.sub(lambda found: _link(found[1], owner), text)


def _link(name: str, owner: griffe.Object) -> str:
    """A link to the documentation of a name where the site has it, and the plain name otherwise."""
    try:
        path = owner.resolve(name)
    except griffe.NameResolutionError:
        path = name
    return f'<autoref identifier="{path}" optional><code>{name}</code></autoref>'
