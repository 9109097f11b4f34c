"""The table of a comparison: a line for each method and for its published numbers, a column for each experiment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ama.benchmark.tables.cell import Cell
from ama.benchmark.tables.compared_methods import FALLING
from ama.benchmark.tables.published import (
    OTHERS_OF_TABLE_1,
    OTHERS_OF_TABLE_2,
    OWN_OF_TABLE_1,
    OWN_OF_TABLE_2,
    TABLE_1,
    TABLE_2,
    TABLE_2_AVERAGE,
)
from ama.benchmark.tables.table_text import NOT_RUN, head, line, published

ALONE = ("likelihood", "r_score")  # scores from which a method's own score is derived, shown for comparison


def method_table(cells: Sequence[Cell], records: dict[Cell, Any], with_published: bool = True) -> str:
    """AUROC under the strict protocol.

    Parameters
    ----------
    cells
        The cells of all methods.
    records
        The records of those that were run.
    with_published
        Whether published numbers have lines of their own.
    """
    one_class = cells[0].against is None
    keys = {cell.experiment: cell.normal if one_class else (cell.data, cell.against) for cell in cells}
    titles = [experiment.split(", ")[1] if one_class else experiment for experiment in keys]
    average = ["average"] if one_class else []
    lines = head("AUROC, strict protocol", *titles, *average)
    for method in dict.fromkeys(cell.method for cell in cells):
        own = {cell.experiment: cell for cell in cells if cell.method == method}
        lines += _measured([own.get(experiment) for experiment in keys], records, one_class)
        for source, numbers in _published(method, cells[0].data, one_class) if with_published else ():
            texts = (published(numbers.get(key)) for key in [*keys.values(), *average])
            lines.append(line(f"{method}, {source}", *texts))
    return "\n".join(lines)


def _measured(cells: list[Cell | None], records: dict[Cell, Any], with_average: bool) -> Iterator[str]:
    """The lines of one method's scores, from its cell in each experiment, None where the grid has none."""
    found = [records[cell]["strict"] if cell in records else {} for cell in cells]
    missing = [published(None) if cell is None else NOT_RUN for cell in cells]
    title = _title(next(cell for cell in cells if cell is not None))
    for name in ("score", *(name for name in ALONE if any(name in scores for scores in found))):
        values = [scores[name]["auroc"]["value"] if scores else None for scores in found]
        texts = [
            text if value is None else f"{value:.3f}" for value, text in zip(values, missing, strict=True)
        ]
        if with_average:
            run = [value for value in values if value is not None]
            texts.append(f"{np.mean(run):.3f}" if len(run) == len(values) else NOT_RUN)
        yield line(title if name == "score" else f"{title}: {name} alone", *texts)


def _published(method: str, data: str, one_class: bool) -> Iterator[tuple[str, dict[Any, float]]]:
    """Where numbers of a method are published, and these numbers."""
    if method == FALLING:
        ours = {**TABLE_2[data], "average": TABLE_2_AVERAGE[data]} if one_class else TABLE_1
        yield "in the AMA paper, its own networks", ours
        return
    for source, tables in (
        ("in the AMA paper", OTHERS_OF_TABLE_2.get(data, {}) if one_class else OTHERS_OF_TABLE_1),
        ("in its own paper", OWN_OF_TABLE_2.get(data, {}) if one_class else OWN_OF_TABLE_1),
    ):
        if method in tables:
            yield source, tables[method]


def _title(cell: Cell) -> str:
    """A method, with the number of test samples or training steps if the cell sets it."""
    if cell.judged is not None:
        return f"{cell.method} ({cell.judged:,} test images)"
    return cell.method if cell.max_steps is None else f"{cell.method} ({cell.max_steps:,} steps)"
