"""``ama benchmark run``: the cells of a grid, one after the other, by any number of processes.

Each process takes the next cell that has no result and that no other process holds, together with those that the same
training serves. A cell is held by a lock that the system lets go of when its process dies, so a killed one is taken up
by the next process, from its last checkpoint; as a resumed training equals an undisturbed one, so does the results
file. A finished cell is one line, written at once.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout
from tqdm.auto import tqdm

from ama.benchmark.tables.cell import measure_all
from ama.benchmark.tables.datasets import available
from ama.benchmark.tables.grid import Cell, cells_of, records_of, results_path, trainings
from ama.io.results_files import append_result

POLL_SECONDS = 0.5


def run(grid: str, data: str | None, results: str | None, jobs: int, only: Sequence[str]) -> Path:
    """Measure every cell of a grid that has no result yet and whose data can be had.

    Parameters
    ----------
    grid
        A name of :data:`ama.benchmark.tables.grid.GRIDS`.
    data
        Folder with NAME/train and NAME/test of the data sets, or None for the hub.
    results
        Results file; by default ``benchmarks/results/GRID.jsonl``.
    jobs
        Processes side by side, which share the cores.
    only
        Only cells whose name holds all of these texts.

    Returns
    -------
    Path
        The results file.

    Raises
    ------
    InputError
        If there is no such grid, or a data set is not as expected.
    """
    path = results_path(grid, results)
    cells = [cell for cell in cells_of(grid) if all(text in cell.name for text in only)]
    ready = [cell for cell in cells if _ready(cell, data)]
    if len(ready) < len(cells):
        print(f"{len(cells) - len(ready)} of {len(cells)} cells need data that is not there; not run")
    if path.exists() and not path.read_bytes().endswith(b"\n"):
        with path.open("ab") as file:
            file.write(b"\n")  # a line cut short by a power failure is no part of the next
    workers = [
        multiprocessing.get_context("spawn").Process(
            target=_worker, args=(ready, data, path, max(1, (os.cpu_count() or 1) // jobs)), daemon=True
        )
        for _ in range(jobs if jobs > 1 else 0)
    ]
    for worker in workers:
        worker.start()
    if not workers:
        work(ready, data, path, None, progress=True)
    else:
        _monitor(ready, path, workers)
    return path


def _worker(cells: Sequence[Cell], data: str | None, path: Path, threads: int) -> None:
    """Work, and end when the command does: one that is killed cannot end its workers itself."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def monitor() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=monitor, daemon=True).start()
    work(cells, data, path, threads)


def work(
    cells: Sequence[Cell], data: str | None, path: Path, threads: int | None, progress: bool = False
) -> None:
    """What one process does: take cells until none is left that is free."""
    if threads is not None:
        torch.set_num_threads(threads)
    folder = path.with_suffix(".work")
    folder.mkdir(parents=True, exist_ok=True)
    bar = _bar(cells, path, progress)
    for group in trainings(cells):
        _refresh(bar, cells, path)
        if set(group) <= finished(path):
            continue
        key = hashlib.sha256(group[0].name.encode()).hexdigest()[:16]
        try:
            with FileLock(folder / f"{key}.lock", timeout=0):
                # Another process may have finished them since.
                done = finished(path)
                left = [cell for cell in group if cell not in done]
                if not left:
                    continue
                bar.set_postfix_str(left[0].name)
                records = measure_all(left, data, folder / key, progress=False)
                for cell, found in zip(left, records, strict=True):
                    append_result(path, {"cell": cell.as_dict(), **found, "commit": _commit()})
                shutil.rmtree(folder / key, ignore_errors=True)
        except Timeout:
            continue
    _refresh(bar, cells, path)
    bar.close()


def finished(path: Path) -> set[Cell]:
    """The cells that a results file holds."""
    return set(records_of(path))


def _ready(cell: Cell, data: str | None) -> bool:
    needed = [(cell.data, "train"), (cell.data, "test")]
    needed += [(cell.against, "test")] if cell.against is not None else []
    return all(available(name, split, data) for name, split in needed)


def _monitor(cells: Sequence[Cell], path: Path, workers: Sequence[Any]) -> None:
    """Show what the workers have done, until they are done; a failure of one is a failure of all."""
    bar = _bar(cells, path, shown=True)
    while any(worker.is_alive() for worker in workers):
        _refresh(bar, cells, path)
        time.sleep(POLL_SECONDS)
    _refresh(bar, cells, path)
    bar.close()
    if any(worker.exitcode for worker in workers):
        raise RuntimeError("a process of the grid failed; its message is above")


def _bar(cells: Sequence[Cell], path: Path, shown: bool) -> Any:
    """What an earlier run did says nothing of this one's pace, so it is not counted into the time left."""
    done = _count(cells, path)
    return tqdm(total=len(cells), initial=done, desc=path.stem, unit="cell", disable=None if shown else True)


def _refresh(bar: Any, cells: Sequence[Cell], path: Path) -> None:
    bar.update(_count(cells, path) - bar.n)


def _count(cells: Sequence[Cell], path: Path) -> int:
    done = finished(path)
    return sum(cell in done for cell in cells)


def _commit() -> str | None:
    """Of the repository that the program runs from, if it does."""
    asked = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
