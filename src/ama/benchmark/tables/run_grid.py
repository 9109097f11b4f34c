"""``ama benchmark run``: measure the cells of a grid with any number of processes.

Each process takes the next group of cells that share a training, have no result yet and are not locked by another
process. The operating system releases the lock of a process that dies, so the next process takes over its group and
resumes the training from the last checkpoint. A resumed training equals an uninterrupted one, and so does the results
file. The line of a finished cell is written at once.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import shutil
import signal
import threading
import time
from collections.abc import Sequence
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout

from ama.benchmark.tables.cell import Cell, group_by_training
from ama.benchmark.tables.cell_samples import lacking
from ama.benchmark.tables.datasets import check_folder
from ama.benchmark.tables.grid import cells_of
from ama.benchmark.tables.grid_results import records_of, results_path
from ama.benchmark.tables.measure_cell import measure_cells
from ama.errors import ClusterError, DivergenceError, InputError, sentence
from ama.io.commits import check_committed
from ama.io.results_files import append_result, check_appendable
from ama.utils.progress import progress_bar

POLL_SECONDS = 0.5


def run_grid(grid: str, data: str | None, results: str | None, jobs: int, only: Sequence[str]) -> Path:
    """Measure every cell of a grid that has no result yet and whose data are available.

    Parameters
    ----------
    grid
        A key of :data:`ama.benchmark.tables.grid.GRIDS`.
    data
        Folder with NAME/train and NAME/test of the data sets, or None for the hub.
    results
        Results file; None means ``benchmarks/results/GRID.jsonl``.
    jobs
        Number of processes, which share the cores.
    only
        Measure only cells whose name contains all of these texts.

    Returns
    -------
    Path
        The results file.

    Raises
    ------
    InputError
        If there is no such grid, cell or folder, a data set is not as expected, the results file cannot be written, or
        it is in the repository and the package differs from the last commit.
    """
    check_folder(data)
    path = results_path(grid, results)
    check_appendable(path)
    check_committed(path)
    chosen = _chosen(cells_of(grid, data), grid, only)
    lacks = {cell: lacking(cell, data) for cell in chosen}
    measurable = [cell for cell in chosen if not lacks[cell]]
    if len(measurable) < len(chosen):
        missing = ", ".join(dict.fromkeys(name for names in lacks.values() for name in names))
        n = len(chosen) - len(measurable)
        print(
            f"{n} of {len(chosen)} cells need data or a library that is not there; not run: {sentence(missing)}"
        )
    if path.exists() and not path.read_bytes().endswith(b"\n"):
        with path.open("ab") as file:
            file.write(b"\n")  # ends a line that a power failure cut short
    if jobs > 1:
        _run_workers(measurable, data, path, jobs)
    else:
        work(measurable, data, path, None, progress=True)
    return path


def _chosen(cells: Sequence[Cell], grid: str, only: Sequence[str]) -> list[Cell]:
    """The cells whose name contains all of some texts.

    Raises
    ------
    InputError
        If there is none.
    """
    found = [cell for cell in cells if all(text in cell.name for text in only)]
    if not found:
        texts = " and ".join(map(repr, only))
        raise InputError(
            f"--only: no cell of the grid {grid} has {texts} in its name; the first is {cells[0].name!r}"
        )
    return found


def _run_workers(cells: Sequence[Cell], data: str | None, path: Path, jobs: int) -> None:
    """Run the processes and show their progress until all have ended.

    Raises
    ------
    InputError
        If a process could not use the data, or could not write to the results file.
    DivergenceError
        If a training diverged.
    ClusterError
        If a process failed otherwise.
    """
    threads = max(1, (os.cpu_count() or 1) // jobs)
    spawning = multiprocessing.get_context("spawn")
    failures = spawning.SimpleQueue()
    given = (cells, data, path, threads, failures)
    workers = [spawning.Process(target=_worker, args=given, daemon=True) for _ in range(jobs)]
    for worker in workers:
        worker.start()
    bar = _bar(cells, path, shown=True)
    while any(worker.is_alive() for worker in workers):
        _refresh(bar, cells, path)
        time.sleep(POLL_SECONDS)
    _refresh(bar, cells, path)
    bar.close()
    if not failures.empty():
        raise failures.get()
    if codes := [worker.exitcode for worker in workers if worker.exitcode]:
        reason = f"killed by signal {-codes[0]}" if codes[0] < 0 else "its message is above"
        raise ClusterError(
            f"a process of the grid failed ({reason}); the same command measures what is missing"
        )


def _worker(
    cells: Sequence[Cell], data: str | None, path: Path, threads: int, failures: SimpleQueue[Exception]
) -> None:
    """Work until done or until the parent process dies, which cannot stop its workers if it is killed.

    What the parent can tell in a sentence goes to ``failures``.
    """
    parent = multiprocessing.parent_process()
    assert parent is not None

    def exit_with_parent() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=exit_with_parent, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, too, which speaks for all
    try:
        work(cells, data, path, threads)
    except (InputError, DivergenceError) as error:
        failures.put(error)


def work(
    cells: Sequence[Cell], data: str | None, path: Path, threads: int | None, progress: bool = False
) -> None:
    """Measure groups of cells in this process until none is left that is free."""
    if threads is not None:
        torch.set_num_threads(threads)
    folder = path.with_suffix(".work")
    folder.mkdir(parents=True, exist_ok=True)
    bar = _bar(cells, path, progress)
    for group in group_by_training(cells):
        _refresh(bar, cells, path)
        key = hashlib.sha256(group[0].name.encode()).hexdigest()[:16]
        if set(group) <= finished(path):
            shutil.rmtree(folder / key, ignore_errors=True)  # of a process killed after its last measurement
            continue
        try:
            with FileLock(folder / f"{key}.lock", timeout=0):
                # Another process may have finished them since.
                done = finished(path)
                left = [cell for cell in group if cell not in done]
                if not left:
                    continue
                bar.set_postfix_str(left[0].name)
                records = measure_cells(left, data, folder / key, progress=False)
                for cell, found in zip(left, records, strict=True):
                    append_result(path, {"cell": cell.as_dict(), **found})
                shutil.rmtree(folder / key, ignore_errors=True)
        except Timeout:
            continue
    _refresh(bar, cells, path)
    bar.close()


def finished(path: Path) -> set[Cell]:
    """The cells with a record in a results file."""
    return set(records_of(path))


def _bar(cells: Sequence[Cell], path: Path, shown: bool) -> Any:
    """A progress bar whose estimate of the time left ignores the cells of earlier runs."""
    done = _count(cells, path)
    return progress_bar(None if shown else False, total=len(cells), initial=done, desc=path.stem, unit="cell")


def _refresh(bar: Any, cells: Sequence[Cell], path: Path) -> None:
    bar.update(_count(cells, path) - bar.n)


def _count(cells: Sequence[Cell], path: Path) -> int:
    done = finished(path)
    return sum(cell in done for cell in cells)
