"""The files that a command is given as its source: ``jan.csv feb.csv``, or ``photos/*.jpg``, which a shell expands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ama.cli.piped_tables import STANDARD_INPUT, piped_table
from ama.errors import InputError

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser, Namespace


class NamedFiles(tuple[str, ...]):
    """Several files that are one source; as a text, the first and how many more."""

    def __str__(self) -> str:
        from ama.data.names import several

        return several(self)


def add_source(parser: ArgumentParser, help: str) -> None:
    """The argument that names a source, or several files that are one together."""
    parser.add_argument("source", type=str, nargs="+", help=help)


def with_named_files(given: Namespace) -> Namespace:
    """The options with the one source by its name, and several as :class:`NamedFiles`; "-" is a file of what is piped.

    Raises
    ------
    InputError
        If there is none, as in a config file with ``source: []``, or nothing is piped.
    """
    if isinstance(names := given.get("source"), list):
        if not names:
            raise InputError("source is an empty list, expected a file, a folder or a data set")
        names = [piped_table() if name == STANDARD_INPUT else name for name in names]
        given.source = names[0] if len(names) == 1 else NamedFiles(names)
    return given


def each(source: str | NamedFiles) -> tuple[str, ...]:
    """The names of which a source consists."""
    return source if isinstance(source, NamedFiles) else (source,)
