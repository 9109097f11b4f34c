"""``ama fit``: learn from normal samples and write a model folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ama.cli import options
from ama.cli.named_files import add_source, each
from ama.cli.parser import Command

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from jsonargparse import ArgumentParser, Namespace

    from ama.data.grouping import Grouping
    from ama.data.samples import Samples, Source
    from ama.detectors.base import Detector

DEFAULT_METHOD = "AMADetector"
LONGER, A_WHILE = 1.25, 5  # times the limit of time, and seconds above it, from which a fit took long


def _add_options(parser: ArgumentParser, words: list[str]) -> None:
    from ama.cli.detector_options import add_detector_options
    from ama.detectors.registry import METHODS, method

    detector_class = method(_given_method(words))
    add_source(parser, "normal samples to learn from, or labelled ones with --normal-label")
    parser.add_argument("--out", type=str, required=True, metavar="FOLDER", help="model folder to write")
    parser.add_argument(
        "--method",
        type=str,
        default=DEFAULT_METHOD,
        metavar="NAME",
        help=f"detector: {', '.join(METHODS)}; its options are shown by ama fit --method NAME --help",
    )
    options.normal_label(parser, "other samples are ignored")
    parser.add_argument(
        "--anomalies",
        type=str | None,
        metavar="SOURCE",
        help="source of known anomalies, a few of which help",
    )
    parser.add_argument(
        "--validation",
        type=str | None,
        metavar="SOURCE",
        help="labelled source that selects the weights; needs --normal-label, or a folder good",
    )
    parser.add_argument(
        "--image_size", type=int | None, metavar="INT", help="side to which images are resized, in pixels"
    )
    options.columns(parser)
    parser.add_argument(
        "--group_by",
        type=str | None,
        metavar="RULE",
        help="hold out whole groups of normal samples that belong together: folder (the images of a sub-folder), "
        "name:PATTERN (the text in the parentheses of a regular expression that is searched in the id, such as "
        "'name:(.*)_[0-9]+'), column:NAME (of a table; it is no feature then) or time:1h "
        "(photographs taken without a longer gap)",
    )
    options.reading(parser)
    options.as_json(parser)
    add_detector_options(parser, detector_class)


def _given_method(words: list[str]) -> str:
    """The method named on the command line, or in the configuration file."""
    import argparse

    from ama.cli.config_file import given_config

    first = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    first.add_argument("--method")
    try:
        given = first.parse_known_args(words)[0].method
    except argparse.ArgumentError:
        return DEFAULT_METHOD  # the parser of the command reports what is wrong
    return given or str(given_config(words).get("method", DEFAULT_METHOD))


def _run(given: Namespace) -> None:
    """Read the sources, train, save."""
    from functools import partial

    import numpy as np

    from ama.cli.saving_models import save
    from ama.cli.told import say
    from ama.data.grouping import Grouping
    from ama.data.normal_labels import check_two_sources
    from ama.data.sources import open_source
    from ama.detectors.registry import method
    from ama.io.model_writer import check_writable
    from ama.utils.declarations import declared

    check_writable(Path(given.out))
    detector_class = method(given.method)
    detector = detector_class(**{name: given[name] for name in declared(detector_class)})
    detector.check_parameters()
    _check_detector(given, detector)
    if given.normal_label is None:  # which tells the two apart
        for source in each(given.source):
            check_two_sources(source, given.anomalies)
    rule = None if given.group_by is None else Grouping.parsed(given.group_by, "--group-by ")
    samples = _normal_samples(given, detector, rule)
    say(f"learning from {samples.summary()}")
    alike = partial(
        open_source,
        shape=tuple(samples.x.shape[1:]),
        columns=samples.columns,
        encoding=samples.encoding,
        dtype=samples.x.dtype,
        strict=given.strict,
        channels=given.channels,
    )
    y, more = np.ones(len(samples)), dict[str, Any]()
    if rule is not None:
        more["groups"] = _groups(samples, rule, given.strict)
    if given.anomalies is not None:
        samples, y = _with_anomalies(given, samples, alike)
        if rule is not None:  # of anomalies none is held out
            more["groups"] = np.concatenate([more["groups"], np.zeros(len(y) - len(more["groups"]), int)])
    if given.validation is not None:
        more["validation"] = _validation(given, alike)
    detector.fit(samples, y, **more)
    save(detector, given.out)
    _tell(detector, given.out, len(samples))


def _tell(detector: Detector, out: str, n: int) -> None:
    """Say what was saved."""
    from ama.cli.told import found, say
    from ama.data.samples import count

    found(
        model=out,
        samples=n,
        steps=detector.n_steps_,
        seconds=round(detector.fit_seconds_, 1),
        precision=detector.precision_,
        false_alarm_rate=detector.guaranteed_rate,
        threshold=float(detector.offset_),
    )
    steps, precision = count(detector.n_steps_, "step"), f", in {detector.precision_}"
    if detector.precision_ is None:  # nothing was trained
        steps, precision = "fitted", ""
    say(
        f"saved {out}: {steps} in {detector.fit_seconds_:.0f} s{precision}; "
        f"flags about {detector.guaranteed_rate:.0%} of normal samples"
    )
    tell_of_limit(getattr(detector, "max_time", None), detector.fit_seconds_)


def tell_of_limit(limit: str | float | None, took: float) -> None:
    """Say what a limit of time does not limit, where that took long."""
    from ama.cli.told import say
    from ama.utils.durations import seconds

    if (limited := seconds(limit)) is not None and took > max(LONGER * limited, limited + A_WHILE):
        say(
            f"the fit took {took:.0f} s, as max_time ({limited:g} s) limits the training alone: held-out samples are "
            "scored and the threshold is set after it"
        )


def _check_detector(given: Namespace, detector: Detector) -> None:
    """Refuse what the detector cannot do, before the samples are read."""
    from ama.detectors.training_inputs import check_held_out_from
    from ama.errors import InputError
    from ama.utils.extras import needs_extra

    for option in ("anomalies", "validation"):
        if given[option] is not None and not detector.learns_from_anomalies:
            raise InputError(f"--{option} cannot be used: {given.method} learns from normal samples alone")
    check_held_out_from(getattr(detector, "held_out_from", None), given.group_by)  # few detectors have it
    if detector.trains_networks:
        with needs_extra("train"):
            import ama.training.trainer  # noqa: F401


def _normal_samples(given: Namespace, detector: Detector, rule: Grouping | None) -> Samples:
    from ama.cli.inspection_layout import normal_source
    from ama.cli.reading import read, say_assumed
    from ama.data.images.inspection_folders import part_to_learn
    from ama.data.normal_labels import all_taken_as_normal, check_one_part, is_normal
    from ama.data.sources import open_source

    name, labels = normal_source(given, part_to_learn)
    if labels is None:
        check_one_part(name)
    source = open_source(
        name,
        image_size=given.image_size,
        label_column=given.label_column,
        columns=given.columns,
        drop=given.drop or (),
        strict=given.strict,
        channels=given.channels,
        group_by=rule,
        normal_labels=labels,
        **detector.reading(),
    )
    samples = read(source)
    if labels is not None:
        return samples.select(is_normal(samples.labels, labels, str(given.source)))
    if (unheeded := all_taken_as_normal(samples)) is not None:
        say_assumed(unheeded, given.strict)
    return samples


def _groups(samples: Samples, rule: Grouping, strict: bool) -> np.ndarray:
    """The number of the group of each normal sample; what was assumed is said."""
    from ama.cli.reading import say_all
    from ama.data.grouping import group_numbers
    from ama.data.samples import Wanted

    wanted = Wanted(strict=strict)
    try:
        labels = rule.labels(samples.ids, samples.group_values, wanted.remark)
        return group_numbers(labels, samples.ids, rule.said, wanted.remark)
    finally:  # what was assumed may be why the groups are refused
        say_all(wanted.remarks)


def _with_anomalies(
    given: Namespace, normal: Samples, alike: Callable[..., Source]
) -> tuple[Samples, np.ndarray]:
    """Normal samples and known anomalies in one, and +1 or -1 for each."""
    import dataclasses

    import numpy as np
    import torch

    from ama.cli.reading import read, say_assumed
    from ama.data.names import clean_name
    from ama.data.normal_labels import label_counts, normal_among_anomalies

    known = read(alike(given.anomalies))
    counts = label_counts(normal.labels), label_counts(known.labels)
    if (mixed := normal_among_anomalies(*counts, str(given.source), given.anomalies)) is not None:
        say_assumed(mixed, given.strict)
    joined = dataclasses.replace(
        normal,
        x=torch.cat([normal.x, known.x]),
        ids=normal.ids + known.ids,
        labels=None,
        group_values=None,
        sizes=None,
        source=clean_name(f"{given.source}, with anomalies of {given.anomalies}"),
    )
    return joined, np.concatenate([np.ones(len(normal)), -np.ones(len(known))])


def _validation(given: Namespace, alike: Callable[..., Source]) -> tuple[Samples, np.ndarray]:
    """Validation samples, and +1 or -1 for each.

    Raises
    ------
    InputError
        If it is unknown which of them are normal.
    """
    import numpy as np

    from ama.cli.inspection_layout import labels_to_validate
    from ama.cli.reading import read
    from ama.data.normal_labels import is_normal
    from ama.errors import InputError

    if (labels := labels_to_validate(given)) is None:
        raise InputError(
            "--validation needs --normal-label, to distinguish its normal samples from its anomalies"
        )
    samples = read(alike(given.validation, label_column=given.label_column))
    return samples, np.where(is_normal(samples.labels, labels, given.validation), 1, -1)


COMMAND = Command(
    "ama fit SOURCE --out MODEL [options]",
    "Learn from normal samples and write a model folder.",
    _add_options,
    _run,
    writes=("out", "checkpoints"),
)
