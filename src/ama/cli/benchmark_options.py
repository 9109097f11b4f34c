"""Options of the benchmarks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from ama.errors import InputError

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser, Namespace

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


def flag(name: str, help: str) -> Option:
    """An option that takes nothing."""
    return lambda parser: parser.add_argument(name, action="store_true", help=help)


def refuse_unused(given: Namespace, command: str, names: Iterable[str]) -> None:
    """Refuse options that a command has, but not with its other words.

    Raises
    ------
    InputError
        For the first that is given.
    """
    for name in names:
        if given[name] is not None:
            raise InputError(f"{command} takes no --{name.replace('_', '-')}")


GRID = argument(
    "grid",
    "mnist, cifar10, table1 (each also with _methods), fashion_mnist, paper, paper_form, hour, readings, "
    "ablations, faster, garments, minutes, equal_seconds, tables, tables_keel, tables_contaminated, inspection, "
    "digits, or smoke to try the command",
)
DATA = text("--data", "FOLDER", "folder with NAME/train and NAME/test of each data set; default: the hub")
MAX_STEPS = count("--max_steps", "training steps, in place of the preset's number")
ONLY = text("--only", "TEXT", "use only what has this text in its name")
APPEND_TO = text("--append_to", "FILE", "results file to which a JSON line per row is appended")
LOAD = (count("--seconds", "length of each load", 60), count("--connections", "connections kept busy", 32))
RESULTS = text("--results", "FILE", "results file; default: benchmarks/results/GRID.jsonl")
