"""``ama benchmark speed``: time the product's training and scoring beside the reference, interleaved in one run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from ama.benchmark.selected_names import selected
from ama.benchmark.speed.peak_rates import peak_rates
from ama.benchmark.speed.preset_speed import SIZES, name_of, preset_row
from ama.benchmark.speed.scoring_speed import scoring_row
from ama.benchmark.speed.speed_cases import CASES
from ama.benchmark.speed.speed_table import speed_table
from ama.benchmark.speed.start_times import start_times
from ama.benchmark.speed.training_speed import training_row
from ama.io.results_files import append_result
from ama.settings import Precision
from ama.training.memory import freed_memory_kept
from ama.utils.progress import progress_bar

PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16")


@freed_memory_kept()
def measure_speed(only: str | None, append_to: str | None) -> list[dict[str, Any]]:
    """Time every case, print the tables, and return their rows.

    Parameters
    ----------
    only
        Time only the cases whose name contains this text.
    append_to
        Results file to which a line per row is appended, or None.

    Raises
    ------
    InputError
        If no name contains ``only``.
    """
    rows = []
    for row in _rows(only):
        rows.append(row)
        if append_to is not None:
            append_result(Path(append_to), {"command": "ama benchmark speed", **row})
    print(speed_table(rows))
    return rows


def _rows(only: str | None) -> Iterator[dict[str, Any]]:
    presets = {name_of(shape, batch_size): (shape, batch_size) for shape, batch_size in SIZES}
    names = selected([*(case.name for case in CASES), *presets], only)
    chosen = [case for case in CASES if case.name in names]
    # They take minutes on a processor without bfloat16.
    peaks = peak_rates(torch.bfloat16, torch.float32) if chosen else {}
    for case in progress_bar(iterable=chosen, desc="speed", unit="case"):
        for typed in map(case.typed, PRECISIONS):
            yield training_row(typed, peaks)
            yield scoring_row(typed, peaks)
    for name in names:
        if name in presets:
            for precision in PRECISIONS:
                yield preset_row(*presets[name], precision)
    yield {"kind": "start", **start_times()}
