"""``ama calibrate``: threshold and p-values from new normal samples, without training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ama.cli import options
from ama.cli.parser import Command

if TYPE_CHECKING:
    import numpy as np
    from jsonargparse import ArgumentParser, Namespace

    from ama.data.samples import Samples
    from ama.detectors.base import Detector


def _add_options(parser: ArgumentParser, words: list[str]) -> None:
    options.model_and_source(parser, "normal samples that the model was not trained on, or labelled ones")
    parser.add_argument(
        "--out", type=str | None, metavar="FOLDER", help="model folder to write; by default MODEL is replaced"
    )
    parser.add_argument(
        "--append",
        action="store_true",
        help="add the samples to those of the calibration instead of replacing them",
    )
    parser.add_argument(
        "--window",
        type=int | None,
        metavar="N",
        help="as --append, and keep the latest N samples, those of SOURCE in its order; the oldest are left out",
    )
    options.normal_label(parser, "other samples are ignored")
    options.false_alarm_rate(parser)
    options.device(parser)
    options.reading(parser)
    options.as_json(parser)


def _run(given: Namespace) -> None:
    from pathlib import Path

    from ama.cli.told import NOTE, say
    from ama.io.model_writer import check_writable
    from ama.io.turns import in_turn
    from ama.utils.declarations import check_count

    target = given.model if given.out is None else given.out
    check_writable(Path(target))
    if given.window is not None:
        check_count("window", given.window)
    with in_turn(Path(target), lambda: say(f"{NOTE}another calibration of {target} is waited for")):
        _calibrate(given, target)


def _calibrate(given: Namespace, target: str) -> None:
    """Read the model and the samples, and write the model."""
    from ama.cli.saving_models import save
    from ama.detectors.registry import load
    from ama.utils.declarations import check

    detector = load(given.model, given.device)
    if given.false_alarm_rate is not None:
        check({"false_alarm_rate": given.false_alarm_rate}, type(detector))
    before = detector.model_.calibration.cpu().numpy()
    samples = _normal_samples(detector, given)
    detector.calibrate(samples, given.false_alarm_rate, append=given.append, window=given.window)
    save(detector, target)
    _tell(detector, given, target, len(samples), before)


def _normal_samples(detector: Detector, given: Namespace) -> Samples:
    """The samples of the normal label, or all of them; what was assumed is said."""
    from dataclasses import replace

    from ama.cli.inspection_layout import normal_source
    from ama.cli.reading import read, say_assumed
    from ama.data.images.inspection_folders import part_to_calibrate
    from ama.data.normal_labels import all_taken_as_normal, is_normal

    name, labels = normal_source(given, part_to_calibrate)
    source = detector.open(
        name,
        label_column=given.label_column,
        strict=given.strict,
        channels=given.channels,
        normal_labels=labels,
    )
    samples = read(source)
    if labels is not None:
        samples = samples.select(is_normal(samples.labels, labels, str(name)))
    elif (unheeded := all_taken_as_normal(samples)) is not None:
        say_assumed(unheeded, given.strict)
    return replace(samples, labels=None)  # they have decided what they can


def _tell(detector: Detector, given: Namespace, target: str, n: int, before: np.ndarray) -> None:
    """Say what has changed."""
    from ama.cli.told import found, say
    from ama.data.samples import count
    from ama.decision import conformal

    after = detector.model_.calibration.cpu().numpy()
    if given.append or given.window is not None:
        left_out = len(before) + detector.n_added_ - len(after)
        change = (
            f"{count(detector.n_added_, 'normal sample')} added to {len(before)}, {left_out} of the oldest left out, "
            f"{len(after)} in all"
        )
        whose = "the added"
    else:
        change = f"calibrated on {count(n, 'normal sample')} in place of {len(before)}"
        whose = "their"
    moved = conformal.drift(after[-detector.n_added_ :], before)
    found(
        model=target,
        samples=n,
        calibration={"before": len(before), "after": len(after)},
        false_alarm_rate=detector.guaranteed_rate,
        threshold=float(detector.offset_),
        moved={"p_value": moved.p_value, "lower": bool(moved.lower)},
    )
    say(
        f"saved {target}: {change}; flags about {detector.guaranteed_rate:.0%} of normal samples; Kolmogorov-Smirnov "
        f"test of {whose} scores against the former ones: p = {moved.p_value:.2g}"
    )


COMMAND = Command(
    "ama calibrate MODEL SOURCE [options]",
    "Set threshold and p-values from new normal samples, without training.",
    _add_options,
    _run,
)
