"""What a command tells: sentences on standard error, results on standard output; with ``--json`` one object instead."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ama.errors import sentence

OPTION = "--json"
TEXTS = {"-h", "--help", "--version", "--print_config", "--print-config"}  # which are what is asked for
NOTE = "note: "


class Told:
    """What has been told of one command.

    Parameters
    ----------
    command
        Its name.
    as_json
        Whether standard output gets one JSON object in place of results as text.
    """

    def __init__(self, command: str, as_json: bool):
        self.command, self.as_json = command, as_json
        self.notes, self.summary = list[str](), list[str]()
        self.error: str | None = None
        self.results: dict[str, Any] = {}

    def write(self, status: int) -> int:
        """Write the object, if it is wanted; returns the exit status."""
        if self.as_json:
            told = {"command": self.command, "status": status, "error": self.error, **self.results}
            print(json.dumps(told | {"notes": self.notes, "summary": self.summary}, ensure_ascii=False))
        return status


_told = Told("", as_json=False)  # of the command that runs


@contextmanager
def telling(words: list[str]) -> Iterator[Told]:
    """Collect what a command reports, given the words of its call."""
    global _told
    before, _told = _told, Told(words[0] if words else "", OPTION in words and not TEXTS & set(words))
    try:
        yield _told
    finally:
        _told = before


def tell_as_json(wanted: bool) -> None:
    """Whether the object is wanted, once the options are known: a configuration file may ask for it."""
    _told.as_json = wanted


def say(text: str) -> None:
    """A sentence to the user, on standard error."""
    said = sentence(text)
    print(f"ama: {said}", file=sys.stderr)
    if said.startswith(NOTE):
        _told.notes.append(said.removeprefix(NOTE))
    else:
        _told.summary.append(said)


def say_error(text: str) -> None:
    """The sentence that ends a command which failed, on standard error."""
    _told.error = sentence(text)
    print(f"ama: {_told.error}", file=sys.stderr)


def show(text: str) -> None:
    """A line of results on standard output, unless the object is wanted, which has them as numbers."""
    if not _told.as_json:
        print(text)


def found(**results: Any) -> None:
    """Results for the object: JSON types, by name."""
    _told.results |= results
