"""The parser of a command: options on the command line and in a YAML file, and one sentence for a wrong call."""

from __future__ import annotations

import re
import sys
import types
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, NoReturn, Union, get_args, get_origin

from ama.cli.config_file import check_config, config_shown, given_config
from ama.cli.named_files import with_named_files
from ama.cli.near_words import near
from ama.cli.told import say_error
from ama.errors import LONGEST_SENTENCE, InputError, sentence

if TYPE_CHECKING:
    import argparse

    from jsonargparse import ArgumentParser, Namespace

COUNTED = "a whole number from 1"  # jsonargparse's PositiveInt; its words on another value:
NO_COUNT = (
    r"Parser key \"(\w+)\": Not of type PositiveInt: (?:.*: ['\"])?(.*?)['\"]?(?: does not conform.*)?$"
)


class Command(NamedTuple):
    """A command.

    Parameters
    ----------
    usage
        The call, as the help shows it.
    summary
        One line of help.
    add_options
        Adds the options to a parser; they may depend on the words of the command line.
    run
        Does the work.
    writes
        The options that name files or folders to write, but for those to which is only appended; see
        :func:`ama.cli.output_paths.check_outputs`.
    """

    usage: str
    summary: str
    add_options: Callable[[ArgumentParser, list[str]], None]
    run: Callable[[Namespace], None]
    writes: tuple[str, ...] = ()


def command_parser(name: str, command: Command, words: list[str]) -> ArgumentParser:
    """The parser of a command for the given words."""
    parser_class, formatter = _classes(name, words)
    parser = parser_class(
        prog=f"ama {name}",
        usage=command.usage,
        description=command.summary,
        formatter_class=formatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--config", action="config", metavar="FILE", help="YAML file with any of these options"
    )
    [printing] = [action for action in parser._actions if "--print_config" in action.option_strings]
    printing.help = "print all options with their values, as such a file, and exit"
    found = given_config(words)  # refuses a file that the parser could not bear
    command.add_options(parser, words)
    for action in parser._actions:
        if not action.option_strings and isinstance(found.get(action.dest), str):
            action.nargs = None  # one source, where jsonargparse expects a list
    check_config(found, parser._actions, config_shown(words))
    _check_lists(words, parser._actions)
    return parser


def _classes(name: str, words: list[str]) -> tuple[type[ArgumentParser], type[Any]]:
    """The classes of a command's parser and of its help; jsonargparse is imported where one is needed."""
    from jsonargparse import SUPPRESS, ArgumentParser, DefaultHelpFormatter

    class Formatter(DefaultHelpFormatter):
        """Shows the text of an option and its default, without jsonargparse's type."""

        def _get_help_string(self, action: Any) -> str:
            text = action.help or ""
            shown = action.default and action.default != SUPPRESS and "default:" not in text
            return f"{text} (default: {action.default})" if shown else text

    class Parser(ArgumentParser):
        """Shows options with hyphens, and ends a wrong call with one sentence."""

        def parse_args(self, *words: Any, **more: Any) -> Any:
            return with_named_files(super().parse_args(*words, **more))

        def dump(self, *given: Any, **more: Any) -> str:
            """The options as a config file, in which one source is a text."""
            return re.sub(r"(?m)^source:\n- (.*\n)(?!- )", r"source: \1", super().dump(*given, **more))

        def format_help(self, *formatter: Any) -> str:
            return hyphenated(super().format_help(*formatter))

        def print_help(self, *_: Any) -> None:
            print(self.format_help(), end="")  # argparse's own does not tell that it could not be written

        def error(self, message: str, ex: Exception | None = None) -> NoReturn:
            options = {action.dest: action for action in self._actions}
            found = _sentence(" ".join(str(message).split()), options, config_shown(words))
            say_error(f"{name}: {sentence(found, LONGEST_SENTENCE - len(name) - 2)}")
            sys.exit(2)

    return Parser, Formatter


def _check_lists(words: list[str], actions: Iterable[argparse.Action]) -> None:
    """Refuse an option of several values that is given twice; argparse would take those of the last one alone."""
    given = Counter(word.partition("=")[0] for word in words)
    for action in actions:
        name = action.option_strings[0] if action.option_strings else ""
        if action.nargs == "+" and given[name] > 1:
            shown = _dashed(name)
            raise InputError(f"{shown} is given {given[name]} times: give all values once, as in {shown} A B")


def underscored(word: str) -> str:
    """``--max-time=5m`` as the parser expects it: ``--max_time=5m``."""
    if not word.startswith("--"):
        return word
    name, equals, value = word.partition("=")
    return "--" + name[2:].replace("-", "_") + equals + value


def hyphenated(text: str) -> str:
    """A text with its options as the user writes them: ``--max-time``."""
    return re.sub(r"(?<=--)[a-z]\w*", lambda name: name[0].replace("_", "-"), text)


def _sentence(message: str, options: dict[str, Any], config: str) -> str:
    """A message of jsonargparse in the user's terms, with the nearest known name."""
    shown = {name: f"--{_dashed(name)}" if o.option_strings else name for name, o in options.items()}
    if found := re.match(r"unrecognized arguments: (.*)", message):
        return _unrecognised(found[1].split(), shown.values())
    if found := re.match(r"Option '([^']*)' is not accepted", message):
        return f"{config} has the unknown option {found[1]}{near(found[1], options)}"
    if found := re.match(NO_COUNT, message):
        return f"{shown[found[1]]} must be {COUNTED}, found {found[2]!r}"
    found = re.match(r"Parser key \"(\w+)\".*(?:Got value|Given value): ?(.*)", message)
    if found and (hint := getattr(options.get(found[1]), "_typehint", None)):
        choices = [choice for choice in choices_of(hint) if isinstance(choice, str)]
        return f"{shown[found[1]]} must be {_expected(hint)}, found {found[2]!r}{near(found[2], choices)}"
    if found := re.match(r"Parser key \"config\": (.*)", message):
        return f"--config: {found[1]}"
    if found := re.match(r"Problems parsing config: (.*)", message):
        return f"{config} is not valid YAML: " + found[1].replace('in "<unicode string>", ', "at ")
    if found := re.match(r"Unexpected config:(.*)", message):
        return f"{config} must hold lines such as 'max_steps: 100', found {found[1].strip() or 'nothing'}"
    if found := re.match(r"the following arguments are required: (.*)", message):
        missing = [shown.get(name, name) for name in found[1].split(", ")]
        return (
            f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing; see ama COMMAND --help"
        )
    return hyphenated(message)


def _unrecognised(words: list[str], known: Iterable[str]) -> str:
    word = next((word for word in words if word.startswith("-")), words[0])
    if not word.startswith("-"):
        hint = ": name all files of the source one after the other" if "source" in known else ""
        return f"the argument {word!r} is one too many{hint}"
    name = _dashed(word.partition("=")[0])
    return f"there is no option {name}{near(name, known)}"


def _dashed(name: str) -> str:
    return name.replace("_", "-")


def choices_of(hint: Any) -> list[Any]:
    """The plain types and literal values of a type, without None."""
    if get_origin(hint) in (Union, types.UnionType):
        return [choice for part in get_args(hint) for choice in choices_of(part)]
    if get_origin(hint) is Literal:
        return list(get_args(hint))
    return [] if hint is type(None) else [hint]


def _expected(hint: Any) -> str:
    from jsonargparse.typing import PositiveInt

    names = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}
    names[PositiveInt] = COUNTED
    return " or ".join(names.get(choice, str(choice)) for choice in choices_of(hint))
