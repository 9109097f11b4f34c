"""The commands on samples and models: their options, and what runs them."""

from __future__ import annotations

import argparse
import inspect
from pathlib import Path
from typing import TYPE_CHECKING

from ama.cli.parser import Command, source_arguments, strict_argument, values
from ama.utils.extras import needs_extra

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser, Namespace

DEFAULT_METHOD = "AMADetector"


def _fit_arguments(parser: ArgumentParser, words: list[str]) -> None:
    from ama.detectors.registry import METHODS, method

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
    source_arguments(parser)
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


def _run_fit(given: Namespace) -> None:
    with needs_extra("train"):  # said before the samples are read
        from ama.cli.commands.fit import fit

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
    found = values(given)
    fit(
        **{k: v for k, v in found.items() if k in own},
        parameters={k: v for k, v in found.items() if k not in own},
    )


def _rate_argument(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--false_alarm_rate",
        type=float | None,
        help="share of normal samples that may be flagged, in place of the one set at the fit",
    )


def _truth_arguments(parser: ArgumentParser) -> None:
    """Who is an anomaly."""
    parser.add_argument(
        "--normal_label",
        type=str | int,
        nargs="+",
        help="labels taken as normal; all others are anomalies",
    )
    parser.add_argument("--anomalies", type=str | None, help="source of anomalies")


def _reading_arguments(parser: ArgumentParser) -> None:
    """How a model and its samples are read."""
    parser.add_argument("--device", type=str, default="auto", help="auto, cpu or cuda")
    parser.add_argument("--label_column", type=str | None, help="column of a table that holds the label")
    strict_argument(parser)


def _score_arguments(parser: ArgumentParser, words: list[str]) -> None:
    parser.add_argument("model", type=str, help="model folder")
    parser.add_argument("source", type=str, help="samples to score")
    parser.add_argument(
        "--out", type=str | None, help=".parquet or .csv file to write; CSV on stdout where it is missing"
    )
    _rate_argument(parser)
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
    strict_argument(parser)


def _run_score(given: Namespace) -> None:
    from ama.cli.commands.score import score

    score(**values(given))


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
    _rate_argument(parser)
    _reading_arguments(parser)


def _run_calibrate(given: Namespace) -> None:
    from ama.cli.commands.calibrate import calibrate

    calibrate(**values(given))


def _evaluate_arguments(parser: ArgumentParser, words: list[str]) -> None:
    parser.add_argument("model", type=str, help="model folder")
    parser.add_argument(
        "source", type=str, help="labelled samples (with --normal-label), or normal ones (with --anomalies)"
    )
    _truth_arguments(parser)
    parser.add_argument("--append_to", type=str | None, help="results file to which a JSON line is added")
    _reading_arguments(parser)


def _run_evaluate(given: Namespace) -> None:
    from ama.cli.commands.evaluate import evaluate

    evaluate(**values(given))


def _report_arguments(parser: ArgumentParser, words: list[str]) -> None:
    parser.add_argument("model", type=str, help="model folder")
    parser.add_argument("source", type=str, help="samples to report on; with --anomalies, normal ones")
    parser.add_argument("--out", type=str, required=True, help=".html file to write")
    _truth_arguments(parser)
    _rate_argument(parser)
    _reading_arguments(parser)


def _run_report(given: Namespace) -> None:
    with needs_extra("report"):
        from ama.cli.commands.report import report

    report(**values(given))


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
    with needs_extra("train"), needs_extra("report"):
        from ama.benchmark.tables.digits import STEPS
        from ama.cli.commands.demo import demo

    found = values(given)
    demo(**{**found, "max_steps": found["max_steps"] or STEPS})


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
}
