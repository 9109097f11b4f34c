"""The command line: help, wrong calls in one sentence, configuration files, and what it does to a terminal."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import yaml

import children
from ama.benchmark.tables.grid import GRIDS, METHODS_OF
from ama.cli.commands.benchmark import BENCHMARKS
from ama.cli.main import COMMANDS, OWN, main

# A model so small that its steps cost nothing, with enough held-out samples for the default threshold.
SMALL = [
    *("--max-steps", "20", "--batch-size", "16", "--held-out", "0.4", "--latent-dim", "4"),
    *("--encoder-width", "4", "--generator-width", "4", "--discriminator-width", "4"),
]


@pytest.fixture
def rows(tmp_path, monkeypatch) -> str:
    """The name of a small table in the current folder."""
    monkeypatch.chdir(tmp_path)
    x = np.random.default_rng(0).normal(size=(100, 3))
    np.savetxt("rows.csv", x, delimiter=",", header="a,b,c", comments="")
    return "rows.csv"


@pytest.fixture
def streams(tmp_path_factory) -> Path:
    """A folder for what a process writes."""
    return tmp_path_factory.mktemp("streams")


@pytest.fixture
def call(capsys):
    """Runs a command in this process: exit status, standard output, standard error."""

    def run(*words: object) -> tuple[int, str, str]:
        status = main([str(word) for word in words])
        return status, *capsys.readouterr()

    return run


def start(*words: object, **options) -> subprocess.Popen:
    """The command as a process of its own."""
    command = [sys.executable, "-m", "ama", *map(str, words)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.Popen(command, text=True, preexec_fn=hear_ctrl_c, **pipes)


def hear_ctrl_c() -> None:
    """A shell's background jobs, and what they start, ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def same_weights(*folders: str) -> bool:
    return len({Path(folder, "weights.safetensors").read_bytes() for folder in folders}) == 1


# Help


def test_help_names_every_command_and_what_a_source_is(call):
    for words in (["--help"], ["-h"]):
        status, output, errors = call(*words)
        assert (status, errors) == (0, "")
        assert all(f"ama {command}" in output for command in [*OWN, "benchmark run"])
        assert "folder of images" in output
        assert max(map(len, output.splitlines())) <= 100


def test_no_command_is_a_wrong_call_that_shows_the_help(call):
    status, output, errors = call()
    assert (status, output) == (2, "")
    assert errors == call("--help")[1]


def test_the_version_is_the_packages(call):
    from importlib.metadata import version

    assert call("--version") == (0, f"ama {version('ama')}\n", "")


def test_the_installed_command_is_the_module():
    script = Path(sys.executable).with_name("ama")
    if not script.exists():
        pytest.skip("the command is not installed beside this Python")
    done = subprocess.run([script, "--help"], capture_output=True, text=True, check=True)
    assert done.stdout == start("--help").communicate()[0]


def imported(words: list[str]) -> set[str]:
    """The heavy libraries that a call imports."""
    code = (
        f"import sys; from ama.cli.main import main; main({words}); "
        "print(*{'torch', 'lightning', 'numpy', 'pyarrow', 'sklearn', 'jsonargparse'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["scoer"], [], ["benchmark", "--help"]])
def test_help_imports_no_library(words):
    assert imported(words) == set()


@pytest.mark.parametrize("command", [command for command in COMMANDS if command != "fit"])
def test_the_help_of_a_command_imports_its_parser_alone(command):
    assert imported([*command.split(), "--help"]) == {"jsonargparse"}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_commands_help_writes_options_with_hyphens(call, command):
    status, output, errors = call(*command.split(), "--help")
    assert (status, errors) == (0, "")
    assert output.startswith(f"usage: ama {command} ")
    assert COMMANDS[command].summary in output
    assert not re.search(r"--\w*_", output)
    assert {"--config", "--print-config"} <= set(re.findall(r"--[a-z-]+", output))
    assert "print all options with their values, as such a file, and exit" in " ".join(output.split())
    assert max(map(len, output.splitlines())) <= 100
    assert call(*command.split(), "-h") == (0, output, "")


def test_the_help_of_benchmark_names_every_one(call):
    status, output, errors = call("benchmark", "--help")
    assert (status, errors) == (0, "")
    for name, command in BENCHMARKS.items():
        assert re.search(rf"ama benchmark {name} +{re.escape(command.summary)}", output)
    assert call("benchmark") == (2, "", output)


def test_the_help_of_a_grid_names_every_one(call):
    _, output, _ = call("benchmark", "show", "--help")
    named = set(re.findall(r"\w+", output))
    assert {name.removesuffix(METHODS_OF) for name in GRIDS} <= named


@pytest.mark.parametrize(
    ("words", "library"),
    [
        (["fit", "missing", "--out", "model"], "lightning"),
        (["report", "missing", "missing", "--out", "page.html"], "jinja2"),
        (["demo"], "lightning"),
        (["demo"], "matplotlib"),
    ],
)
def test_a_missing_library_is_named_before_the_work(call, tmp_path, monkeypatch, words, library):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, library, None)
    status, output, errors = call(*words)
    assert (status, output) == (2, "")
    assert f" needs {library}, which is not installed: pip install {library} (the extra" in errors
    assert errors.count("\n") == 1
    assert os.listdir() == []


# Wrong calls


@pytest.mark.parametrize(
    ("word", "rest"),
    [
        ("scor", "; did you mean score?"),
        ("fitt", "; did you mean fit?"),
        ("evalute", "; did you mean evaluate?"),
        (
            "xyz",
            "; the commands are demo, fit, score, calibrate, evaluate, report, export, serve, upload, completion, "
            "benchmark",
        ),
        (
            "--config",
            "; the commands are demo, fit, score, calibrate, evaluate, report, export, serve, upload, completion, "
            "benchmark",
        ),
    ],
)
def test_an_unknown_command_is_refused_with_the_nearest(call, word, rest):
    assert call(word, "digits") == (2, "", f"ama: there is no command {word!r}{rest}\n")


@pytest.mark.parametrize(
    ("word", "rest"),
    [("rum", "; did you mean run?"), ("xyz", "; the commands are run, show, ")],
)
def test_an_unknown_benchmark_is_refused_with_the_nearest(call, word, rest):
    status, output, errors = call("benchmark", word)
    assert (status, output) == (2, "")
    assert errors.startswith(f"ama: there is no command 'benchmark {word}'{rest}")


FIT = ["fit", "digits", "--out", "model"]
WRONG_CALLS = [
    (["benchmark", "figures", "minutes", "--max-steps", "5"], "figures minutes takes no --max-steps"),
    (["benchmark", "figures", "digits", "--results", "x.jsonl"], "figures digits takes no --results"),
    (["fit"], "fit: source and --out are missing"),
    (["fit", "digits"], "fit: --out is missing"),
    (["score", "model"], "score: source is missing"),
    ([*FIT, "--max-stepz", "5"], "fit: there is no option --max-stepz; did you mean --max-steps?"),
    ([*FIT, "--max_stepz=5"], "fit: there is no option --max-stepz; did you mean --max-steps?"),
    ([*FIT, "--epochs", "5"], "fit: there is no option --epochs; did you mean --max-epochs?"),
    ([*FIT, "--max-s", "5"], "fit: there is no option --max-s; did you mean --max-steps?"),
    ([*FIT, "-q"], "fit: there is no option -q"),
    (["score", "m", "s", "--output", "x"], "score: there is no option --output; did you mean --out?"),
    (["evaluate", "m", "s", "--normal-labels", "3"], "evaluate: there is no option --normal-labels; did you"),
    (["demo", "--digits", "3"], "demo: there is no option --digits; did you mean --digit?"),
    (["export", "model", "more", "--out", "m.onnx"], "export: the argument 'more' is one too many"),
    (
        ["fit", "digits", "more", "--out", "model"],
        "the list has 'digits' at position 1 (counted from 1), expected",
    ),
    (
        [*FIT, "--drop", "a", "--drop=b"],
        "--drop is given 2 times: give all values once, as in --drop A B",
    ),
    (
        ["evaluate", "m", "s", "--normal-label", "a", "--normal-label", "b"],
        "--normal-label is given 2 times",
    ),
    ([*FIT, "--max-steps"], "fit: argument --max-steps: expected one argument"),
    ([*FIT, "--max-steps", "many"], "fit: --max-steps must be a whole number, found 'many'"),
    ([*FIT, "--max-steps", "1.5"], "fit: --max-steps must be a whole number, found '1.5'"),
    ([*FIT, "--learning-rate", "x"], "fit: --learning-rate must be a number, found 'x'"),
    ([*FIT, "--mirrored", "maybe"], "fit: --mirrored must be true or false, found 'maybe'"),
    (
        [*FIT, "--loss", "wassertein"],
        "fit: --loss must be wasserstein or hinge or relativistic, found 'wassertein'; did you mean wasserstein?",
    ),
    ([*FIT, "--delta", "x"], "fit: --delta must be a number or auto, found 'x'"),
    (["demo", "--max-steps", "0"], "demo: --max-steps must be a whole number from 1, found '0'"),
    (
        ["benchmark", "run", "digits", "--jobs", "0"],
        "benchmark run: --jobs must be a whole number from 1, found '0'",
    ),
    (
        ["benchmark", "run", "digits", "--jobs", "x"],
        "benchmark run: --jobs must be a whole number from 1, found 'x'",
    ),
    (["demo", "--digit", "eight"], "demo: --digit must be a whole number, found 'eight'"),
    (
        [*FIT, "--method", "DeepSVD"],
        "there is no method 'DeepSVD', expected one of AMADetector, FenceGAN, ALAD",
    ),
    ([*FIT, "--method", "DeepSVDD", "--nu", "x"], "fit: --nu must be a number, found 'x'"),
    ([*FIT, "--method", "DeepSVDD", "--lambda-turn", "1"], "fit: there is no option --lambda-turn"),
    ([*FIT, "--method=PCAReconstruction", "--max-steps", "5"], "fit: there is no option --max-steps"),
]


@pytest.mark.parametrize(("words", "sentence"), WRONG_CALLS, ids=lambda value: " ".join(value)[:40])
def test_a_wrong_call_gets_one_sentence(call, tmp_path, monkeypatch, words, sentence):
    monkeypatch.chdir(tmp_path)
    status, output, errors = call(*words)
    assert (status, output) == (2, "")
    assert errors.startswith(f"ama: {sentence}")
    assert errors.count("\n") == 1
    assert os.listdir() == []


def test_a_wrong_call_of_the_real_process_is_the_same():
    process = start("fit", "digits", "--out", "model", "--max-stepz", "5")
    output, errors = process.communicate()
    assert (process.returncode, output) == (2, "")
    assert errors == "ama: fit: there is no option --max-stepz; did you mean --max-steps?\n"


def test_options_are_understood_with_underscores_and_equals_signs_too(call):
    shown = {
        call("fit", "digits", *words, "--print-config")[1]
        for words in (
            ["--out", "m", "--max-steps", "5", "--strict"],
            ["--out=m", "--max_steps=5", "--strict"],
            ["--strict", "--max-steps=5", "--out=m"],
        )
    }
    assert len(shown) == 1


# Configuration files


def test_a_printed_configuration_gives_the_same_fit(call, rows):
    words = ["fit", rows, "--out", "given", *SMALL, "--loss", "hinge", "--random-state", "3"]
    status, printed, errors = call(*words, "--print-config")
    assert (status, errors, os.listdir()) == (0, "", ["rows.csv"])
    assert call(*words, "--print_config")[1] == printed
    values = yaml.safe_load(printed)
    assert (values["source"], values["out"], values["max_steps"]) == (rows, "given", 20)
    assert (values["loss"], values["random_state"], values["preset"]) == ("hinge", 3, "auto")
    Path("fit.yaml").write_text(printed.replace("out: given", "out: from_file"))
    assert call(*words)[0] == call("fit", "--config", "fit.yaml")[0] == 0
    assert same_weights("given", "from_file")
    assert call("fit", "--config", "fit.yaml", "--print-config")[1] == Path("fit.yaml").read_text()


def test_the_command_line_goes_before_the_file(call, tmp_path):
    file = tmp_path / "fit.yaml"
    file.write_text("out: here\nmax_steps: 5\nlambda_reg: 0.5\n")
    values = yaml.safe_load(call("fit", "digits", "--config", file, "--max-steps", "7", "--print-config")[1])
    assert (values["out"], values["max_steps"], values["lambda_reg"]) == ("here", 7, 0.5)


def test_what_is_typed_goes_before_the_file_wherever_it_stands(call, tmp_path):
    file = tmp_path / "fit.yaml"
    file.write_text("source: photos\nout: here\nmax_steps: 5\nlambda_reg: 0.5\n")
    for words in (
        ["digits", "--out", "there", "--max-steps", "7", f"--config={file}"],
        ["--config", file, "digits", "--max-steps", "7", "--out", "there"],
        ["--out", "there", "--config", file, "--max-steps=7", "digits"],
    ):
        values = yaml.safe_load(call("fit", *words, "--print-config")[1])
        assert (values["source"], values["out"], values["max_steps"]) == ("digits", "there", 7)
        assert values["lambda_reg"] == 0.5


def test_labels_in_a_file_may_be_numbers(call, tmp_path):
    file = tmp_path / "fit.yaml"
    file.write_text("normal_label: [0, cat, '7']\nstrict: true\n")
    status, printed, _ = call("fit", "digits", "--out", "m", "--config", file, "--print-config")
    assert status == 0
    assert yaml.safe_load(printed)["normal_label"] == [0, "cat", "7"]
    assert yaml.safe_load(printed)["strict"] is True


FILES = [
    ("max_stepz: 5", "the config file fit.yaml has the unknown option max_stepz; did you mean max_steps?"),
    ("max-steps: 5", "the config file fit.yaml has the unknown option max-steps; did you mean max_steps?"),
    ("optimizer:\n  lr: 5", "the config file fit.yaml has nested values in line 2"),
    ("max_steps: many", "--max-steps must be a whole number, found 'many'"),
    ("loss: hing", "--loss must be wasserstein or hinge or relativistic, found 'hing'; did you mean hinge?"),
    ("max_steps: [1", "the config file fit.yaml is not valid YAML: while parsing"),
    (
        "max_steps: 5\n  loss: hinge",
        "the config file fit.yaml is not valid YAML: mapping values are not allowed",
    ),
    ("- max_steps", "the config file fit.yaml must hold lines such as 'max_steps: 100', found"),
    ("just words", "the config file fit.yaml must hold lines such as 'max_steps: 100', found"),
    ("", "the config file fit.yaml must hold lines such as 'max_steps: 100', found nothing"),
    ("normal_label: cat", "normal_label in the config file fit.yaml must be a list, such as [cat, dog]"),
    ("normal_label: 3", "normal_label in the config file fit.yaml must be a list, such as [cat, dog]"),
    ("columns: w", "columns in the config file fit.yaml must be a list, such as [cat, dog], found 'w'"),
    ('strict: "no"', "strict in the config file fit.yaml must be true or false, found 'no'"),
    ("json: 3", "json in the config file fit.yaml must be true or false, found 3"),
    (
        "max_steps: 3\nout: m\nmax_steps: 4",
        "the config file fit.yaml has the option max_steps a second time in line 3",
    ),
]


@pytest.mark.parametrize(("text", "sentence"), FILES)
def test_a_broken_file_gets_one_sentence(call, tmp_path, monkeypatch, text, sentence):
    monkeypatch.chdir(tmp_path)
    Path("fit.yaml").write_text(text)
    status, output, errors = call(*FIT, "--config", "fit.yaml")
    assert (status, output) == (2, "")
    assert errors.removeprefix("ama: ").removeprefix("fit: ").startswith(sentence)
    assert errors.count("\n") == 1
    assert os.listdir() == ["fit.yaml"]


def test_a_file_that_is_missing_a_folder_or_no_text_is_refused(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("binary.yaml").write_bytes(b"\xff\xfe\x00")
    for name, reason in (
        ("missing.yaml", "--config: File does not exist: .*missing.yaml"),
        (".", "--config: Path is not a file"),
        ("binary.yaml", "the config file binary.yaml is not UTF-8 text"),
    ):
        status, output, errors = call(*FIT, "--config", name)
        assert (status, output) == (2, "")
        assert re.fullmatch(rf"ama: fit: {reason}.*\n", errors)


# Terminals, pipes and signals


def test_a_pipe_gets_no_bars_and_standard_output_nothing(call, rows):
    status, output, errors = call("fit", rows, "--out", "model", *SMALL)
    assert (status, output) == (0, "")
    assert errors.splitlines()[0] == "ama: learning from rows.csv: 100 rows of 3 columns"
    assert re.fullmatch(
        r"ama: saved model: 20 steps in \d+ s, in float32; flags about 5% of normal samples",
        errors.splitlines()[1],
    )
    assert len(errors.splitlines()) == 2


def read_terminal(terminal: int, seconds: float) -> str:
    """Everything written to a pseudo-terminal until its last writer leaves."""
    text, end = b"", time.monotonic() + seconds
    while time.monotonic() < end and select.select([terminal], [], [], 1) is not None:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # on Linux, when the last writer has left
            break
        if not part:
            break
        text += part
    return text.decode()


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are POSIX's")
def test_a_terminal_gets_a_bar_with_the_losses_and_the_time_left(rows, streams):
    import fcntl
    import pty
    import struct
    import termios

    mine, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 200, 0, 0))
    words = ["fit", rows, "--out", "model", *SMALL, "--max-steps", "75", "--max-time", "10m"]

    def work() -> int:
        os.close(mine)
        os.dup2(theirs, 2)
        os.close(theirs)
        return children.command(*words)()

    process = children.start(work, Path.cwd(), streams)
    os.close(theirs)
    shown = read_terminal(mine, 60)
    os.close(mine)
    assert children.end(process, streams)[:2] == (0, "")
    states = [part for part in re.split(r"[\r\n]", shown) if part.startswith("training")]
    number = r"-?\d\S*"
    for step in (25, 50, 75):
        assert any(
            re.search(
                rf"{step}/75 \[\d\d:\d\d<\d\d:\d\d,.*step.*critic={number}, generator={number}, "
                rf"pixel={number}, limit=\d+s\]",
                state,
            )
            for state in states
        ), states
    assert "ama: saved model: 75 steps" in shown


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_ctrl_c_during_a_fit_is_one_sentence_and_leaves_nothing(rows, streams, tmp_path_factory):
    checkpoints = tmp_path_factory.mktemp("checkpoints")
    words = ["fit", rows, "--out", "model", *SMALL, "--max-steps", "1000000"]
    words += ["--checkpoints", str(checkpoints), "--checkpoint-every", "0.1s"]
    process, deadline = children.start(children.command(*words), Path.cwd(), streams), time.monotonic() + 60
    while not (checkpoints / "last.ckpt").exists():  # in the training, that is
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(process, signal.SIGINT)
    ended = children.end(process, streams)
    assert (ended.status, ended.output) == (130, "")
    first, *errors = ended.errors.splitlines()
    assert first.startswith("ama: learning from")
    assert errors == ["ama: interrupted"]
    assert os.listdir() == ["rows.csv"]
