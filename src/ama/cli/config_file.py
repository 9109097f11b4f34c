"""The YAML file of ``--config``, checked before anything is made of it."""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ama.errors import InputError

MAX_BYTES = 100_000  # a file with every option has a few thousand
MAX_VALUE = 4096  # characters, as of the longest path; Python reads no whole number of more than 4300 digits
MAX_DEPTH = 2  # an option is a value or a list of values


def config_names(words: list[str]) -> list[str]:
    """The files that ``--config`` names, of which a later one has precedence."""
    first = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    first.add_argument("--config", action="append", default=[])
    try:
        return first.parse_known_args(words)[0].config
    except argparse.ArgumentError:
        return []


def config_shown(words: list[str]) -> str:
    """The files that ``--config`` names, in a message on one of them."""
    return f"the config file {' or '.join(config_names(words))}"


def given_config(words: list[str]) -> dict[str, Any]:
    """The options of the files that ``--config`` names; none without one.

    A file that YAML cannot read is left to the parser of the command, which says what is wrong with it.

    Raises
    ------
    InputError
        If a file is none, too large, nested, has a huge value, names another such file, or
        repeats its parts by references.
    """
    found: dict[str, Any] = {}
    for name in config_names(words):
        found |= _options(name)
    return found


def _options(name: str) -> dict[str, Any]:
    """The options of a file."""
    import yaml

    path = Path(name)
    if not path.exists() or path.is_dir():
        return {}
    if not path.is_file():
        raise InputError(f"the config file {name} is not a regular file")
    if (size := path.stat().st_size) > MAX_BYTES:
        raise InputError(
            f"the config file {name} has {size:,} bytes, expected options in at most {MAX_BYTES:,}"
        )
    try:
        text = path.read_text(encoding="utf-8")
        _check_events(text, name)
        _check_keys(text, name)
        found = yaml.safe_load(text)
    except (OSError, UnicodeDecodeError, ValueError, yaml.YAMLError) as error:
        if isinstance(error, InputError):
            raise
        return {}
    if not isinstance(found, dict):
        return {}
    if "config" in found:
        raise InputError(
            f"the config file {name} has the option config, expected the options of a command alone"
        )
    return {str(key): value for key, value in found.items()}


def check_config(found: dict[str, Any], actions: Iterable[argparse.Action], shown: str) -> None:
    """Refuse values that argparse itself would not look at: of switches, and of options with several values.

    Parameters
    ----------
    found
        From :func:`given_config`.
    actions
        Those of the parser of the command.
    shown
        From :func:`config_shown`.

    Raises
    ------
    InputError
        The message names the option.
    """
    for action in actions:
        value = found.get(action.dest)
        if value is None:
            continue
        if action.nargs == 0 and not isinstance(value, bool):
            raise InputError(f"{action.dest} in {shown} must be true or false, found {value!r}")
        if action.nargs in ("+", "*") and not isinstance(value, list):
            raise InputError(f"{action.dest} in {shown} must be a list, such as [cat, dog], found {value!r}")


def config_first(words: list[str]) -> list[str]:
    """The words of a command line with ``--config FILE`` before all others, which therefore win over the file."""
    first: list[str] = []
    others: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--config":
            first += [word, *itertools.islice(rest, 1)]
        else:
            (first if word.startswith("--config=") else others).append(word)
    return first + others


def _check_keys(text: str, name: str) -> None:
    """Refuse an option that is given twice; YAML would take the last one."""
    import yaml

    node, seen = yaml.compose(text, Loader=yaml.SafeLoader), set[str]()
    for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
        if str(key.value) in seen:
            raise InputError(
                f"the config file {name} has the option {key.value} a second time in line {key.start_mark.line + 1}"
            )
        seen.add(str(key.value))


def _check_events(text: str, name: str) -> None:
    """Refuse what would take a recursive reader out of its stack, fill memory from a few lines, or be no number."""
    import yaml

    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH or (depth > 1 and isinstance(event, yaml.MappingStartEvent)):
            raise InputError(
                f"the config file {name} has nested values in line {event.start_mark.line + 1}, expected lines such as "
                "'max_steps: 100' or 'normal_label: [cat, dog]'"
            )
        if isinstance(event, yaml.ScalarEvent) and len(event.value) > MAX_VALUE:
            raise InputError(
                f"the config file {name} has a value of {len(event.value):,} characters in line "
                f"{event.start_mark.line + 1}, expected at most {MAX_VALUE:,}"
            )
        if isinstance(event, yaml.AliasEvent):
            raise InputError(
                f"the config file {name} refers to another part of itself (*{event.anchor}), expected plain values"
            )
