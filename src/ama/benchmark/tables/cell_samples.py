"""The samples of a cell: data sets read and split into the parts of an experiment."""

from __future__ import annotations

from torch import Tensor

from ama.benchmark.tables.cell import ALL_BUT, Cell
from ama.benchmark.tables.datasets import available, images
from ama.benchmark.tables.experiments import Experiment, draw_experiment
from ama.benchmark.tables.inspected_methods import INSPECTED
from ama.benchmark.tables.inspection_sets import set_available
from ama.benchmark.tables.outside_detectors import OUTSIDE
from ama.benchmark.tables.row_samples import rows_of
from ama.benchmark.tables.row_sets import rows_available
from ama.errors import InputError
from ama.features.lite0_weights import lite0_weights


def lacking(cell: Cell, folder: str | None) -> list[str]:
    """What a cell needs and does not find: the library or the weights of its method, and data sets, by name."""
    found = []
    if cell.method in OUTSIDE and not OUTSIDE[cell.method].installed:
        found.append(OUTSIDE[cell.method].library)
    inspected = INSPECTED.get(cell.method)
    if inspected is not None and inspected.needs_weights and lite0_weights() is None:
        found.append("the weights of EfficientNet-Lite0")
    if cell.labelled:
        there = (rows_available if inspected is None else set_available)(cell.data, folder)
        return [*found, *([] if there else [cell.data])]
    needed = [(cell.data, "train"), (cell.data, "test")]
    needed += [(cell.against, "test")] if cell.against is not None else []
    return [*found, *(name for name, split in needed if not available(name, split, folder))]


def ready(cell: Cell, folder: str | None) -> bool:
    """Whether a cell lacks nothing."""
    return not lacking(cell, folder)


def samples_of(cell: Cell, folder: str | None) -> Experiment:
    """The samples of a cell.

    Parameters
    ----------
    cell
        The cell.
    folder
        Folder of the data sets, or None for the hub.

    Raises
    ------
    InputError
        If a data set is missing, has no such class, or holds images of another shape than the normal ones.
    """
    if cell.labelled:
        return rows_of(cell, folder)
    experiment = _one_class(cell, folder) if cell.against is None else _two_sets(cell, cell.against, folder)
    return experiment if cell.judged is None else experiment.judging(cell.judged, cell.seed)


def _one_class(cell: Cell, folder: str | None) -> Experiment:
    assert cell.normal is not None
    train, test = (images(cell.data, split, folder, cell.jpeg) for split in ("train", "test"))
    label = cell.normal.removeprefix(ALL_BUT)
    if label not in train.labels:
        raise InputError(
            f"{cell.data} has no class {label!r}; its classes are {', '.join(sorted(set(train.labels)))}"
        )
    masks = [(part.labels == label) != cell.normal.startswith(ALL_BUT) for part in (train, test)]
    return draw_experiment(
        train.of(masks[0]), test.of(masks[1]), test.of(~masks[1]), train.of(~masks[0]), cell.seed
    )


def _two_sets(cell: Cell, against: str, folder: str | None) -> Experiment:
    train, test = (images(cell.data, split, folder, cell.jpeg).x for split in ("train", "test"))
    anomalies = _in_channels(images(against, "test", folder, cell.jpeg).x, train)
    others = None
    if available(against, "train", folder):
        others = _in_channels(images(against, "train", folder, cell.jpeg).x, train)
    return draw_experiment(train, test, anomalies, others, cell.seed)


def _in_channels(x: Tensor, like: Tensor) -> Tensor:
    """Grey images repeated in three channels if ``like`` has colour; no other difference in shape is accepted."""
    if x.shape[1] == 1 and like.shape[1] == 3:
        x = x.expand(-1, 3, -1, -1)
    if x.shape[1:] != like.shape[1:]:
        raise InputError(
            f"anomalies of shape {tuple(x.shape[1:])} cannot be compared with normal images of shape "
            f"{tuple(like.shape[1:])}"
        )
    return x
