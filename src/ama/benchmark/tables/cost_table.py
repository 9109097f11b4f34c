"""The table of what each method's training costs: its sizes, its length and its seconds, and on which processor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ama.baselines.baseline import TrainedBaseline
from ama.benchmark.tables.cell import Cell
from ama.benchmark.tables.compared_methods import AMA, BASELINES, UNTRAINED
from ama.benchmark.tables.table_text import NOT_RUN, head, line
from ama.data.samples import count
from ama.detectors.registry import method as detector_class


def cost_table(cells: Sequence[Cell], records: dict[Cell, Any]) -> str:
    """A line for each method that is trained; seconds are those of a fit, the median over its cells and the range.

    Parameters
    ----------
    cells
        The cells of all methods.
    records
        The records of those that were run.
    """
    lines = head("method", "channels", "batch", "steps", "seconds of a fit", "least to most", "processor")
    for method in dict.fromkeys(cell.method for cell in cells if cell.method not in UNTRAINED):
        found = [records[cell] for cell in cells if cell.method == method and cell in records]
        lines.append(line(method, *(_cost(method, found) if found else [NOT_RUN] * 6)))
    return "\n".join(lines)


def _cost(method: str, records: list[dict[str, Any]]) -> list[str]:
    sizes = [_sizes(method, record["parameters"]) for record in records]
    seconds = [record["fit_seconds"] for record in records if record["fit_seconds"] is not None]
    machines = dict.fromkeys(
        f"{record['machine']}; {count(record['threads'], 'thread')}" for record in records
    )
    return [
        *(_distinct(values) for values in zip(*sizes, strict=True)),
        f"{np.median(seconds):.0f}" if seconds else "cut off",
        f"{min(seconds):.0f} to {max(seconds):.0f}" if seconds else "cut off",
        "; ".join(machines),
    ]


def _sizes(method: str, parameters: dict[str, Any]) -> tuple[int, int, int]:
    """Channels of the widest first layer, samples a step, and steps."""
    if method in AMA:
        return parameters["discriminator_width"], parameters["batch_size"], parameters["max_steps"]
    detector = detector_class(BASELINES[method][0])()
    assert isinstance(detector, TrainedBaseline)
    # Older records hold None where the preset decided.
    sizes = detector.set_params(
        **{name: parameters[name] for name in ("width", "batch_size", "max_steps")}
    ).sizes()
    return sizes.width, sizes.batch_size, sizes.max_steps


def _distinct(values: Sequence[int]) -> str:
    return ", ".join(f"{value:,}" for value in sorted(set(values)))
