"""``ama completion SHELL``: what a shell needs to complete commands and options."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from ama.cli.parser import Command, choices_of, command_parser, hyphenated

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser, Namespace


def _add_options(parser: ArgumentParser, words: list[str]) -> None:
    parser.add_argument("shell", type=Literal["bash", "zsh", "fish"], help="bash, zsh or fish")


def completion(commands: Mapping[str, Command]) -> Command:
    """The command that completes these commands; more may be added to them before it runs."""
    run = partial(_run, commands)
    return Command("ama completion SHELL", "Print the completion of a shell.", _add_options, run)


def _run(commands: Mapping[str, Command], given: Namespace) -> None:
    from ama.utils.extras import needs_extra

    with needs_extra("completion"):
        import shtab

    print(shtab.complete(_one_parser(commands), given.shell))


def _one_parser(commands: Mapping[str, Command]) -> argparse.ArgumentParser:
    """The whole command line as one parser, which shtab reads."""
    root = argparse.ArgumentParser("ama")
    first = root.add_subparsers()
    second = first.add_parser("benchmark", help="The paper's experiments.").add_subparsers()
    for name, command in commands.items():
        *of_benchmark, word = name.split()
        parser = (second if of_benchmark else first).add_parser(word, help=command.summary)
        for action in command_parser(name, command, [])._actions:
            if action.dest != "help":
                _add(parser, action)
    return root


def _add(parser: argparse.ArgumentParser, action: argparse.Action) -> None:
    """Add an option of a parser of jsonargparse to one of argparse."""
    import shtab

    names = [hyphenated(option) for option in action.option_strings]
    more: dict[str, Any] = {"help": (action.help or "").replace("%", "%%")}
    if action.nargs == 0:
        parser.add_argument(*names, **more, action="store_true")
        return
    known = [choice for choice in choices_of(getattr(action, "_typehint", None)) if isinstance(choice, str)]
    added = parser.add_argument(
        *(names or [action.dest]), **more, nargs=action.nargs, choices=known or None, metavar=action.metavar
    )
    if action.metavar == "FOLDER":
        added.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
    elif action.metavar in ("FILE", "SOURCE") or action.dest in ("model", "source"):
        added.complete = shtab.FILE  # type: ignore[attr-defined]
