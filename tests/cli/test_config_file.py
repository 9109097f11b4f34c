"""Configuration files that a reader of YAML could not bear, and those that it can."""

from __future__ import annotations

import re

import pytest

from ama.cli.config_file import MAX_BYTES, given_config
from ama.cli.main import main
from ama.errors import InputError

HOSTILE = {
    "nested lists": ("normal_label: " + "[" * 40_000, "has nested values in line 1, expected"),
    "nested dashes": ("- " * 40_000, "has nested values in line 1, expected"),
    "a mapping": ("normal_label: {a: 1}\n", "has nested values in line 1, expected"),
    "references": ("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "refers to another part of itself"),
    "a long number": (
        "x: " + "1" * 5000,
        "has a value of 5,000 characters in line 1, expected at most 4,096",
    ),
    "another such file": ("held_out: 0.3\nconfig: 10\n", "has the option config, expected the options"),
    "a large file": ("# " + "x" * MAX_BYTES, "has 100,002 bytes"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_by_every_command(name, tmp_path, capsys):
    text, sentence = HOSTILE[name]
    (tmp_path / "c.yaml").write_text(text)
    with pytest.raises(InputError, match=sentence):
        given_config(["--config", str(tmp_path / "c.yaml")])
    for command in (["fit", "digits", "--out", "m"], ["score", "m", "digits"]):
        assert main([*command, "--config", str(tmp_path / "c.yaml")]) == 2
        [line] = capsys.readouterr().err.splitlines()
        assert sentence in line


def test_a_device_is_not_read():
    with pytest.raises(InputError, match="/dev/zero is not a regular file"):
        given_config(["--config=/dev/zero"])


def test_options_are_read(tmp_path):
    (tmp_path / "c.yaml").write_text("method: ALAD\nnormal_label: [1, 2]\n")
    assert given_config(["x", "--config", str(tmp_path / "c.yaml")]) == {
        "method": "ALAD",
        "normal_label": [1, 2],
    }
    assert given_config(["x"]) == {}


def test_of_several_files_each_is_checked_and_a_message_names_all(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.yaml").write_text("max_steps: 5\nheld_out: 0.3\n")
    (tmp_path / "b.yaml").write_text("max_steps: 6\n")
    (tmp_path / "c.yaml").write_text("optimizer:\n  lr: 5")
    (tmp_path / "d.yaml").write_text("max_stepz: 5")
    words = ["fit", "digits", "--out", "m", "--config=b.yaml", "--config"]
    assert given_config(["--config", "a.yaml", *words[-2:], "b.yaml"]) == {"max_steps": 6, "held_out": 0.3}
    with pytest.raises(InputError, match=r"^the config file c\.yaml has nested values in line 2"):
        given_config(["--config=c.yaml", "--config=a.yaml"])
    assert main([*words, "d.yaml"]) == 2
    told = "ama: fit: the config file b.yaml or d.yaml has the unknown option max_stepz; did you mean max_steps?\n"
    assert capsys.readouterr().err == told


def test_a_blank_where_a_number_belongs_is_refused_in_the_words_of_the_option(tmp_path, capsys):
    (tmp_path / "c.yaml").write_text("held_out: ' '")
    assert main(["fit", "digits", "--config", str(tmp_path / "c.yaml"), "--out", str(tmp_path / "m")]) == 2
    assert re.fullmatch(r"ama: fit: --held-out must be a number.*, found ''\n", capsys.readouterr().err)
