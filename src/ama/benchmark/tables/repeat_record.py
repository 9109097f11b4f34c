"""``ama benchmark repeat``: measure a record of a grid again, from the fields that it holds."""

from __future__ import annotations

import math
import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ama.benchmark.tables.cell_samples import ready
from ama.benchmark.tables.compared_methods import AMA, BASELINES
from ama.benchmark.tables.grid_results import records_of
from ama.benchmark.tables.inspected_methods import INSPECTED
from ama.benchmark.tables.measure_cell import measure_cell
from ama.benchmark.tables.outside_detectors import OUTSIDE
from ama.errors import InputError
from ama.io.commits import commit
from ama.io.results_files import machine
from ama.io.versions import versions


@dataclass(frozen=True)
class Repeated:
    """AUROC of every score by protocol, as recorded and as measured again, and what was not the same."""

    name: str
    recorded: dict[str, float]
    found: dict[str, float]
    changed: list[str]

    @property
    def equal(self) -> bool:
        """Whether every AUROC is what it was."""
        return self.found == self.recorded

    def __str__(self) -> str:
        lines = [self.name, f"{'AUROC':40}recorded  repeated"]
        for name, value in self.recorded.items():
            lines.append(f"{name:40}{value:.6f}  {self.found.get(name, math.nan):.6f}")
        lines.append("all equal" if self.equal else "not all equal")
        lines += [f"not the same as then: {change}" for change in self.changed]
        return "\n".join(lines)


def repeat_record(results: str, data: str | None, only: Sequence[str], seed: int) -> Repeated:
    """Measure a random record of a grid again.

    Parameters
    ----------
    results
        Results file of a grid.
    data
        Folder of the data sets, or None for the hub.
    only
        Draw from the cells whose name contains all of these texts.
    seed
        Of the draw.

    Raises
    ------
    InputError
        If there is no such file, no such record whose data are available, or its parameters are of another version of
        ama.
    """
    if not Path(results).exists():
        raise InputError(f"there is no results file {results}")
    known = {**AMA, **BASELINES, **OUTSIDE, **INSPECTED}
    records = [
        (cell, record)
        for cell, record in records_of(Path(results)).items()
        if cell.method in known and ready(cell, data) and all(text in cell.name for text in only)
    ]
    if not records:
        raise InputError(f"{results} holds no record of a grid that these data and --only leave")
    cell, record = random.Random(seed).choice(records)
    if record["threads"] is not None:
        torch.set_num_threads(record["threads"])
    with tempfile.TemporaryDirectory() as folder:
        again = measure_cell(cell, data, Path(folder), None, record["parameters"])
    changed = _changed(record, {"commit": commit(), "machine": machine(), **versions()})
    if lacking := again["parameters"].keys() - record["parameters"].keys():
        changed.append(f"parameters that the record lacks: {', '.join(sorted(lacking))}")
    return Repeated(cell.name, _aurocs(record), _aurocs(again), changed)


def _changed(record: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What is no longer as the record says."""
    then = {**record, **record["versions"]}
    return [f"{name} {then.get(name)}, now {value}" for name, value in now.items() if then.get(name) != value]


def _aurocs(record: dict[str, Any]) -> dict[str, float]:
    return {
        f"{protocol}, {name}": metrics["auroc"]["value"]
        for protocol in ("strict", "paper")
        for name, metrics in record.get(protocol, {}).items()
    }
