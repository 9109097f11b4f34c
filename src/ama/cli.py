"""The command line: ``ama COMMAND``; results on stdout, progress and remarks on stderr.

Exit status: 0 done, 1 a run that failed, 2 a wrong call or bad input.
"""

from __future__ import annotations

import difflib
import re
import sys
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

from ama.errors import DivergenceError, InputError

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser, Namespace

SUMMARY = """\
usage: ama COMMAND ...

Anomaly detection that learns from normal data alone.

  ama demo                             learn scanned digits, flag the digit left out; pictures
  ama fit SOURCE --out MODEL           learn from normal samples
  ama score MODEL SOURCE --out FILE    score samples: id, scores, p-value, anomaly
  ama evaluate MODEL SOURCE ...        AUROC, average precision, false alarms at 95 % recall

SOURCE is a folder of images, a Parquet, CSV, .npy or .npz file, a hub id, or "digits".
ama COMMAND --help tells the rest.
"""


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    argv = sys.argv[1:] if argv is None else argv
    if not argv or argv[0] in ("-h", "--help"):
        print(SUMMARY, end="")
        return 0 if argv else 2
    if argv[0] == "--version":
        from ama.versions import versions

        print(f"ama {versions()['ama']}")
        return 0
    command, rest = argv[0], argv[1:]
    if command not in COMMANDS:
        near = difflib.get_close_matches(command, COMMANDS, 1)
        hint = f"; did you mean {near[0]}?" if near else f"; the commands are {', '.join(COMMANDS)}"
        return _fail(f"there is no command {command!r}{hint}", 2)
    parser = _parser(command)
    arguments = parser.parse_args([_underscored(word) for word in rest])
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _say_warning
            COMMANDS[command].run(arguments)
    except InputError as error:
        return _fail(str(error), 2)
    except DivergenceError as error:
        return _fail(str(error), 1)
    except KeyboardInterrupt:
        return _fail("interrupted; nothing was written", 130)
    return 0


def _fail(message: str, status: int) -> int:
    print(f"ama: {message}", file=sys.stderr)
    return status


def _say_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    print(f"ama: note: {message}", file=sys.stderr)


def _underscored(word: str) -> str:
    """``--max-time=5m`` as the parser knows it: ``--max_time=5m``."""
    if not word.startswith("--"):
        return word
    name, equals, value = word.partition("=")
    return "--" + name[2:].replace("-", "_") + equals + value


def _parser(command: str) -> ArgumentParser:
    from jsonargparse import ArgumentParser

    class Parser(ArgumentParser):
        """Shows options with hyphens, and ends a wrong call with one sentence."""

        def format_help(self, *formatter: Any) -> str:
            shown = super().format_help(*formatter)
            return re.sub(r"(?<=--)[a-z]\w*", lambda name: name[0].replace("_", "-"), shown)

        def error(self, message: str, ex: Exception | None = None) -> NoReturn:
            sentence = " ".join(str(message).split())
            known = [action.dest for action in self._actions]
            for word in (
                re.findall(r"[A-Za-z_]\w+", sentence)
                if "ecognized" in sentence or "expected" in sentence
                else []
            ):
                if word not in known and (near := difflib.get_close_matches(word, known, 1)):
                    sentence += f"; did you mean --{near[0].replace('_', '-')}?"
                    break
            sys.exit(_fail(f"{command}: {sentence}", 2))

    entry = COMMANDS[command]
    parser = Parser(prog=f"ama {command}", description=entry.summary)
    parser.add_argument("--config", action="config", help="YAML file with any of these options")
    entry.arguments(parser)
    return parser


def _fit_arguments(parser: ArgumentParser) -> None:
    from ama.detector import AMADetector

    parser.add_argument(
        "source", type=str, help="what to learn from: normal samples, or labelled ones with --normal-label"
    )
    parser.add_argument("--out", type=str, required=True, help="model folder to write")
    parser.add_argument(
        "--normal_label",
        type=list[str] | None,
        nargs="+",
        help="labels taken as normal; other samples are left out",
    )
    parser.add_argument("--anomalies", type=str | None, help="source of known anomalies (semi-supervised)")
    parser.add_argument(
        "--validation", type=str | None, help="labelled source that selects the weights; needs --normal-label"
    )
    _source_arguments(parser)
    parser.add_class_arguments(AMADetector)
    parser.set_defaults(random_state=0)


def _source_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--image_size", type=int | None, help="side to which images are resized")
    parser.add_argument("--label_column", type=str | None, help="column of a table that holds the label")
    parser.add_argument(
        "--strict",
        type=bool,
        default=False,
        help="refuse a source with an unreadable sample instead of skipping it",
    )


def _run_fit(given: Namespace) -> None:
    from ama.commands import fit

    own = {
        "config",
        "source",
        "out",
        "normal_label",
        "anomalies",
        "validation",
        "image_size",
        "label_column",
        "strict",
    }
    values = given.as_dict()
    fit(
        **{k: v for k, v in values.items() if k in own - {"config"}},
        parameters={k: v for k, v in values.items() if k not in own},
    )


def _score_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("model", type=str, help="model folder")
    parser.add_argument("source", type=str, help="samples to score")
    parser.add_argument(
        "--out", type=str | None, help=".parquet or .csv file to write; CSV on stdout where it is missing"
    )
    parser.add_argument("--device", type=str, default="auto", help="auto, cpu or cuda")
    parser.add_argument(
        "--label_column", type=str | None, help="column of a table that holds a label, not a feature"
    )
    parser.add_argument(
        "--strict",
        type=bool,
        default=False,
        help="refuse a source with an unreadable sample instead of skipping it",
    )


def _run_score(given: Namespace) -> None:
    from ama.commands import score

    values = given.as_dict()
    values.pop("config")
    score(**values)


def _evaluate_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("model", type=str, help="model folder")
    parser.add_argument(
        "source", type=str, help="labelled samples (with --normal-label), or normal ones (with --anomalies)"
    )
    parser.add_argument(
        "--normal_label",
        type=list[str] | None,
        nargs="+",
        help="labels taken as normal; all others are anomalies",
    )
    parser.add_argument("--anomalies", type=str | None, help="source of anomalies")
    parser.add_argument("--append_to", type=str | None, help="results file to which a JSON line is added")
    parser.add_argument("--device", type=str, default="auto", help="auto, cpu or cuda")
    parser.add_argument("--label_column", type=str | None, help="column of a table that holds the label")
    parser.add_argument(
        "--strict",
        type=bool,
        default=False,
        help="refuse a source with an unreadable sample instead of skipping it",
    )


def _run_evaluate(given: Namespace) -> None:
    from ama.commands import evaluate

    values = given.as_dict()
    values.pop("config")
    evaluate(**values)


def _demo_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--out", type=str, default="ama-demo", help="folder for the model, the scores and the pictures"
    )
    parser.add_argument("--digit", type=int, default=8, help="digit left out of the training, 0 to 9")
    parser.add_argument(
        "--every_digit", type=bool, default=False, help="leave out each digit in turn, two at a time"
    )
    parser.add_argument(
        "--append_to", type=str | None, help="results file to which a JSON line per digit is added"
    )
    parser.add_argument("--random_state", type=int, default=0, help="seed")


def _run_demo(given: Namespace) -> None:
    from ama.demo import demo

    values = given.as_dict()
    values.pop("config")
    demo(**values)


class Command:
    """A command: a line of help, its arguments, and what runs it."""

    def __init__(
        self, summary: str, arguments: Callable[[ArgumentParser], None], run: Callable[[Namespace], None]
    ):
        self.summary, self.arguments, self.run = summary, arguments, run


COMMANDS = {
    "demo": Command(
        "Learn scikit-learn's scanned digits without one of them, and flag it.", _demo_arguments, _run_demo
    ),
    "fit": Command("Learn from normal samples and write a model folder.", _fit_arguments, _run_fit),
    "score": Command("Score samples with a model.", _score_arguments, _run_score),
    "evaluate": Command(
        "Measure how well a model tells anomalies from normal samples.", _evaluate_arguments, _run_evaluate
    ),
}


if __name__ == "__main__":
    sys.exit(main())
