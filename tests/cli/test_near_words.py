"""What a word that no command knows may mean."""

import pytest

from ama.cli.commands.benchmark import BENCHMARKS
from ama.cli.main import COMMANDS
from ama.cli.near_words import ELSEWHERE, near
from ama.cli.parser import command_parser

OPTIONS = {
    name: {action.dest for action in command_parser(name, command, [])._actions}
    for name, command in COMMANDS.items()
}


@pytest.mark.parametrize(
    ("word", "command", "meant"),
    [
        ("--seed", "fit", "--random-state"),
        ("--lr", "fit", "--learning-rate"),
        ("--target", "fit", "--label-column"),
        ("--gpu", "fit", "--device"),
        ("--exclude", "fit", "--drop"),
        ("-o", "score", "--out"),
        ("--threads", "benchmark run", "--jobs"),
        ("--threads", "score", "--workers"),
        ("--max-stepz", "fit", "--max-steps"),
        ("--max_stepz", "fit", "--max-steps"),
        ("--batch", "fit", "--batch-size"),
        ("--epochs", "fit", "--max-epochs"),
        ("--sep", "fit", None),
        ("--jobs", "fit", None),
        ("--index", "fit", None),
        ("--seed", "score", None),
    ],
)
def test_an_option_of_another_tool_or_a_misspelt_one(word, command, meant):
    known = [f"--{name.replace('_', '-')}" for name in OPTIONS[command]]
    assert near(word, known) == ("" if meant is None else f"; did you mean {meant}?")


@pytest.mark.parametrize(
    ("word", "meant"),
    [("train", "fit"), ("predict", "score"), ("deploy", "serve"), ("scroe", "score"), ("x", None)],
)
def test_a_command_of_another_tool_or_a_misspelt_one(word, meant):
    assert near(word, COMMANDS) == ("" if meant is None else f"; did you mean {meant}?")


def test_a_known_word_is_its_own_nearest():
    for known in (*OPTIONS.values(), COMMANDS, BENCHMARKS):
        for word in known:
            assert near(word, known) == f"; did you mean {word}?"


def test_what_is_meant_by_words_of_other_tools_exists():
    ours = {*COMMANDS, *BENCHMARKS, "cuda"}.union(*OPTIONS.values())
    assert not {name for names in ELSEWHERE.values() for name in names} - ours
