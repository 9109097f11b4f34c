"""Kills work at random moments, and looks at what is left."""

from __future__ import annotations

import os
import random
import shutil
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import tqdm
from threadpoolctl import threadpool_limits

import ama
from children import Ended, end, start
from kill.works import WORKS, Work


class Undisturbed(NamedTuple):
    """A kind of work, and what it is without a kill."""

    work: Work
    older: Any
    newer: Any
    names: list[str]
    seconds: float


class Outcome(NamedTuple):
    """One piece of work after its kills."""

    index: int
    name: str
    kills: int  # of processes that were still at work
    fault: str  # empty if there is none


def prepare_place(place: Path) -> None:
    """Write what the works share, and import what they need, so that no process waits for it."""
    torch.set_num_threads(1)  # threads do not survive a fork
    threadpool_limits(1)
    tqdm.tqdm.monitor_interval = 0
    # By default it is shared with the forks, and one that is killed while it holds it stops all others.
    tqdm.tqdm.set_lock(threading.RLock())
    place.mkdir()
    rows = np.random.default_rng(0).normal(size=(200, 3))
    np.save(place / "rows.npy", rows)
    small = dict.fromkeys(("latent_dim", "encoder_width", "generator_width", "discriminator_width"), 4)
    for seed, name in enumerate(("older", "newer")):
        detector = ama.AMADetector(**small, max_steps=2, random_state=seed, progress=False, device="cpu")
        detector.fit(rows).save(place / name)


def undisturbed(work: Work, folder: Path) -> Undisturbed:
    """Do the work once, from start to end."""
    folder.mkdir()
    work.prepare(folder)
    older = work.result(folder)
    ended, seconds = run(work, folder)
    if ended.status:
        raise RuntimeError(f"{type(work).__name__} fails by itself: {ended.errors}")
    return Undisturbed(work, older, work.result(folder), names(folder), seconds)


def run(work: Work, folder: Path, delay: float | None = None) -> tuple[Ended, float]:
    """The work in a process of its own, which is killed after a delay; also returns how many seconds it took."""
    written = folder.with_name(folder.name + "-streams")
    written.mkdir(exist_ok=True)
    reading, writing = os.pipe()

    def told() -> int | None:
        os.write(writing, b".")
        return work.run()

    child = start(told, folder, written)
    os.close(writing)
    try:
        os.read(reading, 1)
        started = time.monotonic()
        if delay is not None:
            time.sleep(delay)
            os.kill(child, signal.SIGKILL)
    finally:
        os.close(reading)
        ended = end(child, written)
        seconds = time.monotonic() - started
        shutil.rmtree(written)
    return ended, seconds


def kill_once(known: Undisturbed, folder: Path, index: int, seed: int) -> Outcome:
    """Kill a piece of work one to three times in a row, look at what is left, and let it come to its end."""
    moment, work = random.Random(f"{seed} {index}"), known.work
    name, kills, fault = type(work).__name__, 0, ""
    folder.mkdir()
    work.prepare(folder)
    for _ in range(moment.choice((1, 1, 2, 3))):
        delay = moment.uniform(0, 1.1 * known.seconds)
        ended, _ = run(work, folder, delay)
        kills += ended.status == -signal.SIGKILL
        if ended.status not in (0, -signal.SIGKILL):
            fault = f"exit status {ended.status} after a kill: {ended.errors[-300:]}"
        fault = fault or left(known, folder, f"a kill after {delay:.4f} s")
        if fault:
            return Outcome(index, name, kills, fault)
    ended, _ = run(work, folder)
    if ended.status:
        fault = f"the next run fails with status {ended.status}: {ended.errors[-300:]}"
    else:
        fault = left(known._replace(older=known.newer), folder, "the next run")
        if not fault and (found := names(folder)) != known.names:
            fault = f"the next run leaves {found}, expected {known.names}"
    return Outcome(index, name, kills, fault)


def left(known: Undisturbed, folder: Path, after: str) -> str:
    """What is wrong with the result in a folder, if anything is; a finished one has the newer result alone."""
    try:
        found = known.work.result(folder)
    except Exception as error:
        return f"after {after}: {type(error).__name__}: {error}"
    finished = known.older == known.newer
    whole = found == known.newer if finished else known.work.is_whole(found, known.older, known.newer)
    return "" if whole else f"after {after}: neither the older nor the newer, but {str(found)[:200]}"


def names(folder: Path) -> list[str]:
    """Every file in a folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def kill_all(
    count: int, seed: int, place: Path, kinds: Sequence[type[Work]] = WORKS, first: int = 0
) -> Iterator[Outcome]:
    """Kill pieces of work in turn; the folders of those that fail stay in ``place``.

    Parameters
    ----------
    count, first
        How many pieces of work, and the index of the first; each follows from the seed and its index.
    seed
        Of the moments.
    place
        A folder to create.
    kinds
        The kinds of work.
    """
    prepare_place(place)
    known = [undisturbed(kind(place), place / f"undisturbed-{kind.__name__}") for kind in kinds]
    for index in range(first, first + count):
        folder = place / str(index)
        outcome = kill_once(known[index % len(known)], folder, index, seed)
        if not outcome.fault:
            shutil.rmtree(folder)
        yield outcome
