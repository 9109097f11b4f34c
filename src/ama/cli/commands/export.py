"""``ama export``: a detector as one ONNX file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ama.cli import options
from ama.cli.parser import Command

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser, Namespace


def _add_options(parser: ArgumentParser, words: list[str]) -> None:
    parser.add_argument("model", type=str, help="model folder")
    parser.add_argument("--out", type=str, required=True, metavar="FILE", help=".onnx file")
    parser.add_argument(
        "--samples",
        type=str | None,
        metavar="SOURCE",
        help="samples on which the file is compared with the model, best those of the calibration; by default some "
        "that the networks make",
    )
    parser.add_argument("--terms", action="store_true", help="the terms of the score are outputs, too")
    parser.add_argument("--map", action="store_true", help="the anomaly map of images is an output, too")
    options.false_alarm_rate(parser)
    options.reading(parser)
    options.as_json(parser)


def _run(given: Namespace) -> None:
    from pathlib import Path

    from ama.cli.reading import read
    from ama.cli.told import found, say
    from ama.detectors.registry import load
    from ama.errors import InputError
    from ama.io.whole_files import check_file_path
    from ama.utils.extras import needs_extra

    for option, value in (("--label-column", given.label_column), ("--channels", given.channels)):
        if value is not None and given.samples is None:
            raise InputError(f"{option} needs --samples, which it says how to read")
    check_file_path(Path(given.out), [".onnx"])
    with needs_extra("onnx"):
        from ama.export.onnx_file import check_exportable
    detector = load(given.model, "cpu")
    if not detector.exports:
        raise InputError(
            f"{given.model} holds a {type(detector).__name__}, and only AMADetector can be exported"
        )
    check_exportable(detector.model_, Path(given.out), given.map, detector.encoding_)
    if given.false_alarm_rate is not None:
        detector.set_threshold(given.false_alarm_rate)
    samples = None
    if given.samples is not None:
        samples = read(
            detector.open(
                given.samples, label_column=given.label_column, strict=given.strict, channels=given.channels
            )
        )
    done = detector.export(given.out, X=samples, terms=given.terms, maps=given.map)
    found(out=given.out, samples=done.n_compared, difference=done.difference, bound=done.bound)
    made = "" if given.samples is not None else " that the networks made"
    say(
        f"wrote {given.out}: its scores differ from the model's by at most {done.difference:.1e} of 1 + their size, "
        f"over {done.n_compared:,} sample{'s'[: done.n_compared != 1]}{made}; its calibration scores are lowered by "
        f"{done.bound:.1e} of that"
    )


COMMAND = Command(
    "ama export MODEL --out FILE [options]",
    "Write a detector as one ONNX file, with its threshold and p-values.",
    _add_options,
    _run,
    writes=("out",),
)
