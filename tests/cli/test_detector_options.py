"""A detector's parameters on the command line."""

from __future__ import annotations

import inspect
import re

import pytest

from ama.cli.main import main
from ama.detectors.parameters import by_group
from ama.detectors.registry import METHODS, method
from ama.utils.declarations import declared


@pytest.fixture
def shown(capsys, monkeypatch):
    """The help of ``ama fit`` for a method: each group's title and its entries by name."""

    def shown(name: str, columns: int = 80) -> dict[str, dict[str, str]]:
        monkeypatch.setenv("COLUMNS", str(columns))
        assert main(["fit", "--method", name, "--help"]) == 0
        output = capsys.readouterr().out
        assert max(map(len, output.splitlines())) <= columns
        groups = re.split(r"^(\S.*):\n", output, flags=re.M)
        return {title: _entries(text) for title, text in zip(groups[1::2], groups[2::2], strict=True)}

    return shown


def _entries(text: str) -> dict[str, str]:
    entries = re.split(r"^  --([a-z-]+) ", text, flags=re.M)
    return {
        name.replace("-", "_"): " ".join(entry.split())
        for name, entry in zip(entries[1::2], entries[2::2], strict=True)
    }


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("columns", [80, 120])
def test_every_parameter_is_described_in_its_group(shown, name, columns):
    groups = shown(name, columns)
    found = by_group(method(name))
    assert list(groups)[-len(found) :] == list(found)
    assert next(iter(found)) == "most used"
    for title, members in found.items():
        assert list(groups[title]) == list(members)
        for parameter, declaration in members.items():
            # Lines are broken at hyphens, too.
            assert "".join(declaration.text.split()) in "".join(groups[title][parameter].split())
    assert set(declared(method(name))) == set(inspect.signature(method(name)).parameters)


def test_an_entry_names_type_choices_range_and_default(shown):
    groups = shown("AMADetector")
    most_used, objective = groups["most used"], groups["objective"]
    assert most_used["false_alarm_rate"].startswith("FLOAT Share of normal samples")
    assert most_used["false_alarm_rate"].endswith("(between 0 and 1, both excluded; default: 0.05)")
    assert most_used["random_state"].endswith("(default: 0)")
    assert most_used["device"].startswith("NAME ")
    assert most_used["device"].endswith("(auto or cpu or cuda; default: auto)")
    assert (
        objective["n_interpolated"]
        == "INT k of simplex interpolation. (from 2 to 1000; paper: 3; compact: 3)"
    )
    assert objective["mirrored"].startswith("[BOOL] ")
    assert groups["negatives"]["delta"].startswith("FLOAT|NAME ")
    assert most_used["max_time"].startswith("FLOAT|TEXT ")


def test_a_command_is_repeatable_by_default(capsys):
    for words, seed in (([], 0), (["--random-state", "3"], 3), (["--random-state", "null"], "null")):
        assert main(["fit", "digits", "--out", "m", *words, "--print-config"]) == 0
        assert f"\nrandom_state: {seed}\n" in capsys.readouterr().out
