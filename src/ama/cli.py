"""The command line: ``ama COMMAND``; results on stdout, progress and remarks on stderr.

Exit status: 0 done, 1 a run that failed, 2 a wrong call or bad input.
"""

from __future__ import annotations

import argparse
import difflib
import inspect
import os
import re
import sys
import types
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Union, get_args, get_origin

from ama.errors import DivergenceError, InputError

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser, Namespace

DEFAULT_METHOD = "AMADetector"
SUMMARY = """\
usage: ama COMMAND ...

Anomaly detection that learns from normal data alone.

  ama demo                             learn scanned digits, flag the digit left out; pictures
  ama fit SOURCE --out MODEL           learn from normal samples
  ama score MODEL SOURCE --out FILE    score samples: id, scores, p-value, anomaly
  ama calibrate MODEL SOURCE           threshold and p-values from new normal samples
  ama evaluate MODEL SOURCE ...        AUROC, average precision, false alarms at 95 % recall
  ama report MODEL SOURCE --out FILE   one page: scores, threshold, samples, model card
  ama benchmark run GRID               the paper's experiments; speed: time ama on this machine

SOURCE is a folder of images, a Parquet, CSV, .npy or .npz file, a hub id, or "digits".
ama COMMAND --help tells the rest.
"""


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    argv = sys.argv[1:] if argv is None else argv
    if not argv or argv[0] in ("-h", "--help"):
        print(SUMMARY, end="", file=sys.stdout if argv else sys.stderr)
        return 0 if argv else 2
    if argv[0] == "--version":
        from ama.versions import versions

        print(f"ama {versions()['ama']}")
        return 0
    command, rest = argv[0], argv[1:]
    if command not in COMMANDS:
        commands = f"the commands are {', '.join(COMMANDS)}"
        return _fail(f"there is no command {command!r}{_near(command, COMMANDS) or '; ' + commands}", 2)
    try:
        return _run(command, rest)
    except InputError as error:
        return _fail(str(error), 2)
    except DivergenceError as error:
        return _fail(str(error), 1)
    except OSError as error:
        if error.filename is not None:
            return _fail(f"{error.filename}: {error.strerror or error}", 1)
        _close_stdout()
        if isinstance(error, BrokenPipeError):  # whoever reads has enough, as head has
            return 1
        return _fail(f"cannot write to standard output: {error.strerror or error}", 1)
    except KeyboardInterrupt:
        return _fail("interrupted", 130)


def _run(command: str, words: list[str]) -> int:
    words = [_underscored(word) for word in words]
    parser = _parser(command, words)
    try:
        arguments = parser.parse_args(words)
    except UnicodeDecodeError:
        return _fail(f"{command}: the config file is not UTF-8 text", 2)
    except SystemExit as exit:  # after --help, --print-config or a wrong call
        return int(exit.code or 0)
    with warnings.catch_warnings():
        warnings.showwarning = _say_warning
        COMMANDS[command].run(arguments)
    sys.stdout.flush()
    return 0


def _fail(message: str, status: int) -> int:
    print(f"ama: {message}", file=sys.stderr)
    return status


def _close_stdout() -> None:
    """Send what is left in the buffer nowhere: at its end Python would try and complain once more."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _near(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, known, 1)
    return f"; did you mean {near[0]}?" if near else ""


def _say_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    print(f"ama: note: {message}", file=sys.stderr)


def _underscored(word: str) -> str:
    """``--max-time=5m`` as the parser knows it: ``--max_time=5m``."""
    if not word.startswith("--"):
        return word
    name, equals, value = word.partition("=")
    return "--" + name[2:].replace("-", "_") + equals + value


def _hyphenated(text: str) -> str:
    return re.sub(r"(?<=--)[a-z]\w*", lambda name: name[0].replace("_", "-"), text)


def _parser(command: str, words: list[str]) -> ArgumentParser:
    from jsonargparse import ArgumentParser

    class Parser(ArgumentParser):
        """Shows options with hyphens, and ends a wrong call with one sentence."""

        def format_help(self, *formatter: Any) -> str:
            return _hyphenated(super().format_help(*formatter))

        def error(self, message: str, ex: Exception | None = None) -> NoReturn:
            options = {action.dest: action for action in self._actions}
            sys.exit(_fail(f"{command}: {_sentence(' '.join(str(message).split()), options)}", 2))

    entry = COMMANDS[command]
    parser = Parser(prog=f"ama {command}", usage=entry.usage, description=entry.summary, allow_abbrev=False)
    parser.add_argument("--config", action="config", help="YAML file with any of these options")
    entry.arguments(parser, words)
    return parser


def _sentence(message: str, options: dict[str, Any]) -> str:
    """jsonargparse's complaint in the words of a user, with the nearest known name."""
    shown = {name: f"--{_dashed(name)}" if o.option_strings else name for name, o in options.items()}
    if found := re.match(r"unrecognized arguments: (.*)", message):
        words = found[1].split()
        word = next((word for word in words if word.startswith("-")), words[0])
        if not word.startswith("-"):
            return f"the argument {word!r} is one too many"
        name = _dashed(word.partition("=")[0])
        return f"there is no option {name}{_near(name, shown.values())}"
    if found := re.match(r"Option '([^']*)' is not accepted", message):
        return f"the config file has the unknown option {found[1]}{_near(found[1], options)}"
    found = re.match(r"Parser key \"(\w+)\".*(?:Got value|Given value): (.*)", message)
    if found and (hint := getattr(options.get(found[1]), "_typehint", None)):
        choices = [choice for choice in _choices(hint) if isinstance(choice, str)]
        return f"{shown[found[1]]} must be {_expected(hint)}, found {found[2]!r}{_near(found[2], choices)}"
    if found := re.match(r"Parser key \"config\": (.*)", message):
        return f"--config: {found[1]}"
    if found := re.match(r"Problems parsing config: (.*)", message):
        return "the config file is not valid YAML: " + found[1].replace('in "<unicode string>", ', "at ")
    if found := re.match(r"Unexpected config:(.*)", message):
        return (
            f"the config file must hold lines such as 'max_steps: 100', found {found[1].strip() or 'nothing'}"
        )
    if message.endswith(("not iterable", "not support item assignment")):
        return "normal_label in the config file must be a list, such as [cat, dog]"
    if found := re.match(r"the following arguments are required: (.*)", message):
        missing = [shown.get(name, name) for name in found[1].split(", ")]
        return f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing; ama COMMAND --help tells more"
    return _hyphenated(message)


def _dashed(name: str) -> str:
    return name.replace("_", "-")


def _choices(hint: Any) -> list[Any]:
    """A type as the plain types and literal values it is made of, None left out."""
    if get_origin(hint) in (Union, types.UnionType):
        return [choice for part in get_args(hint) for choice in _choices(part)]
    if get_origin(hint) is Literal:
        return list(get_args(hint))
    return [] if hint is type(None) else [hint]


def _expected(hint: Any) -> str:
    names = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}
    return " or ".join(names.get(choice, str(choice)) for choice in _choices(hint))


def _fit_arguments(parser: ArgumentParser, words: list[str]) -> None:
    from ama.methods import METHODS, method

    # Which options there are depends on the method.
    described = method(_given_method(words))
    parser.add_argument(
        "--method",
        type=str,
        default=DEFAULT_METHOD,
        help=f"the detector: {', '.join(METHODS)}; ama fit --method NAME --help shows its options",
    )
    parser.add_argument(
        "source", type=str, help="what to learn from: normal samples, or labelled ones with --normal-label"
    )
    parser.add_argument("--out", type=str, required=True, help="model folder to write")
    parser.add_argument(
        "--normal_label",
        type=str | int,
        nargs="+",
        help="labels taken as normal; other samples are left out",
    )
    parser.add_argument("--anomalies", type=str | None, help="source of known anomalies (semi-supervised)")
    parser.add_argument(
        "--validation", type=str | None, help="labelled source that selects the weights; needs --normal-label"
    )
    _source_arguments(parser)
    parser.add_class_arguments(described)
    parser.set_defaults(random_state=0)
    _describe(parser, described)


def _given_method(words: list[str]) -> str:
    """The method that the command line names, or else its configuration file."""
    import yaml

    first = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    first.add_argument("--method")
    first.add_argument("--config")
    try:
        given, _ = first.parse_known_args(words)
        if given.method is None and given.config is not None:
            found = yaml.safe_load(Path(given.config).read_text(encoding="utf-8"))
            return str(found.get("method", DEFAULT_METHOD)) if isinstance(found, dict) else DEFAULT_METHOD
    except (argparse.ArgumentError, OSError, UnicodeDecodeError, yaml.YAMLError):
        return DEFAULT_METHOD  # the parser itself will say what is wrong
    return given.method or DEFAULT_METHOD


def _describe(parser: ArgumentParser, described: type) -> None:
    """Help for the parameters that jsonargparse leaves without: those that share a paragraph, or have a base's."""
    import docstring_parser

    told: dict[str, str | None] = {}
    for kind in reversed(described.__mro__):
        for paragraph in docstring_parser.parse(kind.__doc__ or "").params:
            told |= dict.fromkeys(paragraph.arg_name.split(", "), paragraph.description)
    for action in parser._actions:
        if (text := told.get(action.dest)) and action.dest in inspect.signature(described).parameters:
            action.help = " ".join(text.split()).replace("%", "%%")


def _strict_argument(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--strict",
        action="store_true",
        help="refuse a source with an unreadable sample instead of skipping it",
    )


def _source_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--image_size", type=int | None, help="side to which images are resized")
    parser.add_argument("--label_column", type=str | None, help="column of a table that holds the label")
    _strict_argument(parser)


def _values(given: Namespace) -> dict[str, Any]:
    values = given.as_dict()
    del values["config"]
    if values.get("normal_label") is not None:
        values["normal_label"] = [str(label) for label in values["normal_label"]]  # YAML has numbers
    return values


def _run_fit(given: Namespace) -> None:
    from ama.commands.fit import fit

    own = {
        "method",
        "source",
        "out",
        "normal_label",
        "anomalies",
        "validation",
        "image_size",
        "label_column",
        "strict",
    }
    values = _values(given)
    fit(
        **{k: v for k, v in values.items() if k in own},
        parameters={k: v for k, v in values.items() if k not in own},
    )


def _score_arguments(parser: ArgumentParser, words: list[str]) -> None:
    parser.add_argument("model", type=str, help="model folder")
    parser.add_argument("source", type=str, help="samples to score")
    parser.add_argument(
        "--out", type=str | None, help=".parquet or .csv file to write; CSV on stdout where it is missing"
    )
    parser.add_argument(
        "--false_alarm_rate",
        type=float | None,
        help="share of normal samples that may be flagged, in place of the one set at the fit",
    )
    parser.add_argument(
        "--fdr",
        type=float | None,
        help="flag instead so that at most this share of the flagged is normal (Benjamini-Hochberg); the scores of the "
        "whole source are then kept in memory",
    )
    parser.add_argument("--device", type=str, default="auto", help="auto, cpu or cuda")
    parser.add_argument(
        "--label_column", type=str | None, help="column of a table that holds a label, not a feature"
    )
    _strict_argument(parser)


def _run_score(given: Namespace) -> None:
    from ama.commands.score import score

    score(**_values(given))


def _calibrate_arguments(parser: ArgumentParser, words: list[str]) -> None:
    parser.add_argument("model", type=str, help="model folder")
    parser.add_argument(
        "source", type=str, help="normal samples that the model was not trained on, or labelled ones"
    )
    parser.add_argument(
        "--out", type=str | None, help="model folder to write instead of the one that is read"
    )
    parser.add_argument(
        "--normal_label", type=str | int, nargs="+", help="labels taken as normal; other samples are left out"
    )
    parser.add_argument(
        "--false_alarm_rate",
        type=float | None,
        help="share of normal samples that may be flagged, in place of the one set at the fit",
    )
    parser.add_argument("--device", type=str, default="auto", help="auto, cpu or cuda")
    parser.add_argument("--label_column", type=str | None, help="column of a table that holds the label")
    _strict_argument(parser)


def _run_calibrate(given: Namespace) -> None:
    from ama.commands.calibrate import calibrate

    calibrate(**_values(given))


def _evaluate_arguments(parser: ArgumentParser, words: list[str]) -> None:
    parser.add_argument("model", type=str, help="model folder")
    parser.add_argument(
        "source", type=str, help="labelled samples (with --normal-label), or normal ones (with --anomalies)"
    )
    parser.add_argument(
        "--normal_label",
        type=str | int,
        nargs="+",
        help="labels taken as normal; all others are anomalies",
    )
    parser.add_argument("--anomalies", type=str | None, help="source of anomalies")
    parser.add_argument("--append_to", type=str | None, help="results file to which a JSON line is added")
    parser.add_argument("--device", type=str, default="auto", help="auto, cpu or cuda")
    parser.add_argument("--label_column", type=str | None, help="column of a table that holds the label")
    _strict_argument(parser)


def _run_evaluate(given: Namespace) -> None:
    from ama.commands.evaluate import evaluate

    evaluate(**_values(given))


def _report_arguments(parser: ArgumentParser, words: list[str]) -> None:
    parser.add_argument("model", type=str, help="model folder")
    parser.add_argument("source", type=str, help="samples to report on; with --anomalies, normal ones")
    parser.add_argument("--out", type=str, required=True, help=".html file to write")
    parser.add_argument(
        "--normal_label",
        type=str | int,
        nargs="+",
        help="labels taken as normal; all others are anomalies",
    )
    parser.add_argument("--anomalies", type=str | None, help="source of anomalies")
    parser.add_argument(
        "--false_alarm_rate",
        type=float | None,
        help="share of normal samples that may be flagged, in place of the one set at the fit",
    )
    parser.add_argument("--device", type=str, default="auto", help="auto, cpu or cuda")
    parser.add_argument("--label_column", type=str | None, help="column of a table that holds the label")
    _strict_argument(parser)


def _run_report(given: Namespace) -> None:
    from ama.commands.report import report

    report(**_values(given))


def _demo_arguments(parser: ArgumentParser, words: list[str]) -> None:
    from jsonargparse.typing import PositiveInt

    parser.add_argument(
        "--out", type=str, default="ama-demo", help="folder for the model, the scores and the pictures"
    )
    parser.add_argument("--digit", type=int, default=8, help="digit left out of the training, 0 to 9")
    parser.add_argument(
        "--every_digit",
        type=bool,
        nargs="?",
        const=True,
        default=False,
        help="leave out each digit in turn, two at a time",
    )
    parser.add_argument(
        "--append_to", type=str | None, help="results file to which a JSON line per digit is added"
    )
    parser.add_argument(
        "--max_steps",
        type=PositiveInt | None,
        help="length of each training, in steps of the generator, instead of the usual one",
    )
    parser.add_argument("--random_state", type=int, default=0, help="seed")


def _run_demo(given: Namespace) -> None:
    from ama.benchmark.digits import STEPS
    from ama.demo import demo

    values = _values(given)
    demo(**{**values, "max_steps": values["max_steps"] or STEPS})


def _benchmark_arguments(parser: ArgumentParser, words: list[str]) -> None:
    from jsonargparse.typing import PositiveInt

    parser.add_argument(
        "what",
        type=Literal["run", "show", "figures", "maps", "columns", "gallery", "speed", "stream", "guard"],
        help="run: measure the cells of a grid; show: its tables beside the paper's; figures: the paper's Figures 2 "
        "and 4, or AUROC against minutes; maps: whether maps show the places of "
        "known defects; columns: whether rows' maps point at the wrong column; gallery: a page of pictures from real runs; speed: the training step and scoring, "
        "timed; stream: a large file, scored in constant memory; "
        "guard: AUROC after equal steps, fast and literal",
    )
    parser.add_argument(
        "grid",
        nargs="?",
        type=str | None,
        help="run, show: name of the grid; figures: of the data set, or minutes",
    )
    parser.add_argument(
        "--data",
        type=str | None,
        help="run, figures, maps, gallery: folder with NAME/train and NAME/test; default: the hub",
    )
    parser.add_argument(
        "--out", type=str | None, help="figures, gallery: folder for the pictures [docs/images, docs]"
    )
    parser.add_argument(
        "--max_steps",
        type=PositiveInt | None,
        help="figures, maps, columns, gallery: length of the trainings",
    )
    parser.add_argument(
        "--results",
        type=str | None,
        help="run, show, figures minutes: results file [benchmarks/results/GRID.jsonl]",
    )
    parser.add_argument("--jobs", type=PositiveInt, default=1, help="run: processes, which share the cores")
    parser.add_argument(
        "--only",
        type=str | None,
        help="run, maps, columns, gallery, speed: only the cells whose name holds this text",
    )
    parser.add_argument("--n", type=int, default=1_000_000, help="stream: number of images")
    parser.add_argument("--train", type=str | None, help="guard: source to train on instead of the digits")
    parser.add_argument("--test", type=str | None, help="guard: source to test on")
    parser.add_argument("--normal_label", type=str | None, help="guard: label of the normal samples")
    parser.add_argument("--steps", type=int, default=800, help="guard: steps of each training")
    parser.add_argument("--seeds", type=int, default=3, help="guard: number of trainings")
    parser.add_argument(
        "--append_to",
        type=str | None,
        help="maps, columns, speed, stream, guard: results file to add a JSON line per row to",
    )


def _run_benchmark(given: Namespace) -> None:
    if given.what in ("run", "show"):
        if given.grid is None:
            from ama.benchmark.grid import GRIDS

            raise InputError(f"ama benchmark {given.what} needs a grid: one of {', '.join(GRIDS)}")
        if given.what == "run":
            from ama.benchmark.run import run

            run(given.grid, given.data, given.results, given.jobs, given.only)
        from ama.benchmark.tables import show

        print(show(given.grid, given.results), end="")
    elif given.what == "figures":
        from ama.benchmark.figures import figures, minutes_figure

        if given.grid == "minutes":
            print(minutes_figure(given.results, given.out or "docs/images"))
            return
        for path in figures(given.grid or "digits", given.data, given.out or "docs/images", given.max_steps):
            print(path)
    elif given.what == "maps":
        from ama.benchmark.maps import maps

        maps(given.data, given.append_to, given.max_steps, given.only)
    elif given.what == "columns":
        from ama.benchmark.columns import columns

        columns(given.append_to, given.max_steps, given.only)
    elif given.what == "gallery":
        from ama.benchmark.gallery import gallery

        for path in gallery(given.data, given.out or "docs", given.max_steps, given.only):
            print(path)
    elif given.what == "guard":
        from ama.benchmark.guard import guard

        guard(given.train, given.test, given.normal_label, given.steps, given.seeds, given.append_to)
    elif given.what == "stream":
        from ama.benchmark.stream import stream

        stream(given.n, given.append_to)
    else:
        from ama.benchmark.speed import speed

        speed(given.only, given.append_to)


class Command:
    """A command: its usage, a line of help, its arguments, and what runs it."""

    def __init__(
        self,
        usage: str,
        summary: str,
        arguments: Callable[[ArgumentParser, list[str]], None],
        run: Callable[[Namespace], None],
    ):
        self.usage, self.summary, self.arguments, self.run = usage, summary, arguments, run


COMMANDS = {
    "demo": Command(
        "ama demo [options]",
        "Learn scikit-learn's scanned digits without one of them, and flag it.",
        _demo_arguments,
        _run_demo,
    ),
    "fit": Command(
        "ama fit SOURCE --out MODEL [options]",
        "Learn from normal samples and write a model folder.",
        _fit_arguments,
        _run_fit,
    ),
    "score": Command(
        "ama score MODEL SOURCE [--out FILE] [options]",
        "Score samples with a model.",
        _score_arguments,
        _run_score,
    ),
    "calibrate": Command(
        "ama calibrate MODEL SOURCE [options]",
        "Set threshold and p-values from new normal samples, without training.",
        _calibrate_arguments,
        _run_calibrate,
    ),
    "evaluate": Command(
        "ama evaluate MODEL SOURCE (--normal-label LABEL ... | --anomalies SOURCE) [options]",
        "Measure how well a model tells anomalies from normal samples.",
        _evaluate_arguments,
        _run_evaluate,
    ),
    "report": Command(
        "ama report MODEL SOURCE [--anomalies SOURCE] --out FILE [options]",
        "Write one page: scores, threshold, samples worth a look, model card.",
        _report_arguments,
        _run_report,
    ),
    "benchmark": Command(
        "ama benchmark (run GRID | show GRID | figures DATA | maps | columns | gallery | speed | stream | guard) [options]",
        "Repeat the paper's experiments, and time ama on this machine.",
        _benchmark_arguments,
        _run_benchmark,
    ),
}


if __name__ == "__main__":
    sys.exit(main())
