"""The command line: ``ama COMMAND``; results on stdout, progress and notes on stderr.

Exit status: 0 done, 1 a run that failed, 2 a wrong call or bad input, 128 + n ended by signal n.
"""

from __future__ import annotations

import errno
import logging
import sys
import warnings
from collections.abc import Callable
from typing import Any

from ama.cli.commands import calibrate, demo, evaluate, export, fit, report, score, serve, upload
from ama.cli.commands.benchmark import BENCHMARKS
from ama.cli.commands.completion import completion
from ama.cli.config_file import config_first, config_shown
from ama.cli.named_files import with_piped_table
from ama.cli.near_words import near
from ama.cli.output_paths import check_outputs
from ama.cli.parser import Command, command_parser, underscored
from ama.cli.stopping import is_stop, say_stopped, stop_signals
from ama.cli.streams import usable_streams
from ama.cli.told import NOTE, say, say_error, tell_as_json, telling
from ama.errors import ClusterError, DivergenceError, InputError, SavingError
from ama.utils.remarks import discard

COMMANDS: dict[str, Command] = {}
OWN = {
    "demo": demo.COMMAND,
    "fit": fit.COMMAND,
    "score": score.COMMAND,
    "calibrate": calibrate.COMMAND,
    "evaluate": evaluate.COMMAND,
    "report": report.COMMAND,
    "export": export.COMMAND,
    "serve": serve.COMMAND,
    "upload": upload.COMMAND,
    "completion": completion(COMMANDS),
}
COMMANDS |= {**OWN, **{f"benchmark {name}": command for name, command in BENCHMARKS.items()}}
SUMMARY = """\
usage: ama COMMAND ...

Anomaly detection that learns from normal data alone.

  ama demo                             learn scanned digits, flag the digit left out; pictures
  ama fit SOURCE --out MODEL           learn from normal samples
  ama score MODEL SOURCE --out FILE    score samples: id, scores, p-value, anomaly
  ama calibrate MODEL SOURCE           threshold and p-values from new normal samples
  ama evaluate MODEL SOURCE ...        AUROC, average precision, false alarms at 95 % recall
  ama report MODEL SOURCE --out FILE   one page: scores, threshold, samples, model card
  ama export MODEL --out FILE          one ONNX file: score, p-value, label
  ama serve MODEL                      score samples over HTTP
  ama upload MODEL OWNER/NAME          put a model on the Hugging Face hub, with its card
  ama completion SHELL                 lets a shell complete commands and options
  ama benchmark run GRID               the paper's experiments; more: ama benchmark --help

SOURCE is a folder of images, a table (Parquet, CSV, ...), a NumPy file, a hub id, or "digits";
or several images or tables, such as photos/*.jpg; or -, a table that is piped.
ama COMMAND --help lists the options.
"""
BENCHMARK_SUMMARY = "usage: ama benchmark COMMAND ...\n\n" + "".join(
    f"  ama benchmark {name:12} {command.summary}\n" for name, command in BENCHMARKS.items()
)


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    words = sys.argv[1:] if argv is None else argv
    with usable_streams(), stop_signals(), telling(words) as told:
        status = _ended(lambda: _run(words))
        return _ended(lambda: told.write(status))


def _ended(work: Callable[[], int]) -> int:
    """The exit status of some work, or of what has ended it."""
    try:
        status = work()
        sys.stdout.flush()
        return status
    except BaseException as error:
        return say_stopped() if is_stop(error) else _explain(error)


def _explain(error: BaseException) -> int:
    """One sentence for what is no fault of the program; anything else is raised."""
    if isinstance(error, InputError):
        return _fail(str(error), 2)
    if isinstance(error, ClusterError | DivergenceError | SavingError):
        return _fail(str(error), 1)
    if isinstance(error, OSError):
        return _fail_to_write(error)
    raise error


def _run(words: list[str]) -> int:
    if not words or words[0] in ("-h", "--help"):
        return _show_summary(SUMMARY, words)
    if words[0] == "--version":
        from ama.io.versions import versions

        print(f"ama {versions()['ama']}")
        return 0
    command, rest, known = words[0], words[1:], [*OWN, "benchmark"]
    if command == "benchmark":
        if not rest or rest[0] in ("-h", "--help"):
            return _show_summary(BENCHMARK_SUMMARY, rest)
        command, rest, known = f"benchmark {rest[0]}", rest[1:], list(BENCHMARKS)
    if command not in COMMANDS:
        # The last word is the wrong one.
        hint = near(command.split()[-1], known) or f"; the commands are {', '.join(known)}"
        return _fail(f"there is no command {command!r}{hint}", 2)
    return _run_command(command, rest)


def _show_summary(summary: str, words: list[str]) -> int:
    """On stdout if it was asked for; without a command the call is wrong."""
    print(summary, end="", file=sys.stdout if words else sys.stderr)
    return 0 if words else 2


def _run_command(command: str, words: list[str]) -> int:
    words = config_first([underscored(word) for word in words])
    parser = command_parser(command, COMMANDS[command], words)
    try:
        given = parser.parse_args(words)
    except UnicodeDecodeError:
        return _fail(f"{command}: {config_shown(words)} is not UTF-8 text", 2)
    except SystemExit as exit:  # after --help, --print-config or a wrong call
        return int(exit.code or 0)
    tell_as_json(given.get("json", False))
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        # NumPy's words on an overflow: a number that is too large has a sentence, or the lowest score, of its own.
        warnings.simplefilter("ignore", RuntimeWarning)
        # Matplotlib's, of a home that cannot be written to, as that of a service.
        logging.getLogger("matplotlib").setLevel(logging.ERROR)
        check_outputs(given, COMMANDS[command].writes)
        COMMANDS[command].run(with_piped_table(given))
    return 0


def _fail(message: str, status: int) -> int:
    say_error(message)
    return status


def _fail_to_write(error: OSError) -> int:
    if error.filename is not None:
        return _fail(f"{error.filename}: {error.strerror or error}", 1)
    # Python's, of temporary files, which libraries look for when they are imported.
    if error.errno == errno.ENOENT:
        return _fail("there is no folder for temporary files: TMPDIR must name one that can be written to", 1)
    # What is left in the buffer is discarded: Python would try to write it at exit, and complain again.
    discard(sys.stdout.fileno())
    if isinstance(error, BrokenPipeError):  # the reader has left, as head does
        return 1
    return _fail(f"cannot write to standard output: {error.strerror or error}", 1)


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    say(NOTE + str(message))
