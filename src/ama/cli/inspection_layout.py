"""Sources in the layouts of MVTec and VisA, as commands take them; each says what it has made of one."""

from __future__ import annotations

from collections.abc import Callable

from jsonargparse import Namespace

from ama.cli.named_files import NamedFiles
from ama.cli.options import normal_labels
from ama.cli.reading import say_assumed
from ama.data.images.inspection_folders import (
    GOOD,
    InspectionFolder,
    holds_good,
    inspection_folder,
)


def normal_source(
    given: Namespace, part: Callable[[str | NamedFiles], tuple[str | NamedFiles, str | None]]
) -> tuple[str | NamedFiles, list[str] | None]:
    """The source of normal samples of a command, and the labels of these, if they are needed.

    Parameters
    ----------
    given
        The options.
    part
        :func:`ama.data.images.inspection_folders.part_to_learn` or ``part_to_calibrate``.

    Raises
    ------
    InputError
        If a layout is recognised and ``strict`` refuses that.
    """
    labels = normal_labels(given)
    if labels not in (None, [_good(inspection_folder(given.source))]):
        return given.source, labels
    source, remark = part(given.source)
    if remark is None:
        return given.source, labels
    say_assumed(remark, given.strict)
    return source, None


def labels_to_validate(given: Namespace) -> list[str] | None:
    """The labels of the normal samples of ``--validation``; None if nothing tells them.

    Raises
    ------
    InputError
        As of :func:`normal_source`.
    """
    labels, parts = normal_labels(given), inspection_folder(given.validation)
    if labels is not None or not (parts or holds_good(given.validation)):
        return labels
    good = _good(parts)
    say_assumed(f"of {given.validation}, {good} is taken as the normal label", given.strict)
    return [good]


def with_layout(given: Namespace, purpose: str, maps: bool = False) -> Namespace:
    """The options of a command for labelled samples with those, the normal label and the masks that a layout tells.

    Parameters
    ----------
    given
        The options.
    purpose
        What the command does with the samples: "evaluating".
    maps
        Whether maps of the detector are to be compared with masks, if there are some.

    Raises
    ------
    InputError
        If a layout is recognised and ``strict`` refuses that.
    """
    parts = inspection_folder(given.source)
    if normal_labels(given) not in (None, [good := _good(parts)]):
        return given
    if given.anomalies is not None:
        if parts is None:
            return given
        normal = str(parts.test / good)
        say_assumed(f"{given.source} {parts.like}: {purpose} {normal} and the anomalies", given.strict)
        return Namespace({**given.as_dict(), "source": normal})
    if parts is not None:
        masks = given.get("masks")
        if masks is None and maps and parts.masks is not None:
            masks = str(parts.masks)
        told = "" if masks is None else f" and the masks in {masks}"
        say_assumed(
            f"{given.source} {parts.like}: {purpose} {parts.test} with {good} as the normal label{told}",
            given.strict,
        )
        if not parts.apart:
            say_assumed(
                f"images that the model learned from may be among those of {parts.train}", given.strict
            )
        return Namespace(
            {**given.as_dict(), "source": str(parts.test), "normal_label": [good], "masks": masks}
        )
    if given.normal_label is None and holds_good(given.source):
        say_assumed(f"{given.source} has a folder {GOOD}, which is taken as the normal label", given.strict)
        return Namespace({**given.as_dict(), "normal_label": [GOOD]})
    return given


def _good(parts: InspectionFolder | None) -> str:
    return GOOD if parts is None else parts.good
