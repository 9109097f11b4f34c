"""The files that a command is given as its source: ``jan.csv feb.csv``, or ``photos/*.jpg``, which a shell expands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ama.errors import InputError

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser, Namespace


STANDARD_INPUT = "-"


class NamedFiles(tuple[str, ...]):
    """Several files that are one source; as a text, the first and how many more."""

    def __str__(self) -> str:
        from ama.data.names import several

        return several(self[0], len(self) - 1)


def add_source(parser: ArgumentParser, help: str) -> None:
    """The argument that names a source, or several files that are one together."""
    parser.add_argument("source", type=str, nargs="+", help=help)


def with_named_files(given: Namespace) -> Namespace:
    """The options with the one source by its name, and several as :class:`NamedFiles`.

    Raises
    ------
    InputError
        If there is none, as in a config file with ``source: []``.
    """
    if isinstance(names := given.get("source"), list):
        if not names:
            raise InputError("source is an empty list, expected a file, a folder or a data set")
        given.source = _of_names(names)
    return given


def with_piped_table(given: Namespace) -> Namespace:
    """The options with a file of what is piped in the place of a source of "-".

    Raises
    ------
    InputError
        As of :func:`ama.cli.piped_tables.piped_table`.
    """
    if STANDARD_INPUT in (names := each(given.get("source", ""))):
        from ama.cli.piped_tables import piped_table

        held = piped_table()
        given.source = _of_names([held if name == STANDARD_INPUT else name for name in names])
    return given


def each(source: str | NamedFiles) -> tuple[str, ...]:
    """The names of which a source consists."""
    return source if isinstance(source, NamedFiles) else (source,)


def _of_names(names: list[str]) -> str | NamedFiles:
    return names[0] if len(names) == 1 else NamedFiles(names)
