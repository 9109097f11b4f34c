"""Options of the benchmarks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser

Option = Callable[["ArgumentParser"], None]


def argument(name: str, help: str) -> Option:
    """A positional text."""
    return lambda parser: parser.add_argument(name, type=str, help=help)


def text(name: str, metavar: str, help: str, default: str | None = None) -> Option:
    """An option that takes a text."""
    kind = str | None if default is None else str
    return lambda parser: parser.add_argument(name, type=kind, default=default, metavar=metavar, help=help)


def texts(name: str, metavar: str, help: str) -> Option:
    """An option that takes several texts."""
    return lambda parser: parser.add_argument(
        name, type=str, nargs="+", default=[], metavar=metavar, help=help
    )


def count(name: str, help: str, default: int | None = None) -> Option:
    """An option that takes a whole number above 0."""

    def add(parser: ArgumentParser) -> None:
        from jsonargparse.typing import PositiveInt

        kind = PositiveInt | None if default is None else PositiveInt
        parser.add_argument(name, type=kind, default=default, metavar="INT", help=help)

    return add
