"""A fuzzer: odd inputs and odd models, each of which has to be read or refused with one sentence.

    python -m fuzz --count 400 --seed 0 --keep FOLDER

Every case follows from the seed and its index alone. What fails is kept in FOLDER, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import gc
import logging
import multiprocessing
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from PIL import Image

from ama.io.results_files import append_result
from fuzz.cases import make_case
from fuzz.judge import Verdict, judge
from fuzz.model_folders import Good, write_good_models

KINDS = ("accepted", "refused", "TRACEBACK", "HANG", "MEMORY", "CRASH", "LINE", "WRONG")


class Job(NamedTuple):
    """What the worker processes inherit."""

    seed: int
    good: dict[str, Good]
    keep: Path


class Judged(NamedTuple):
    """A case after its judgement."""

    index: int
    door: str
    made: str
    verdict: Verdict


def run_one(job: Job, index: int) -> Judged:
    """Make a case and judge it; its folder stays if it failed."""
    folder = job.keep / f"{job.seed}-{index}"
    subprocess.run(["rm", "-rf", folder], check=True)  # which goes deeper than shutil.rmtree
    try:
        case = make_case(job.seed, index, job.good, folder)
    except Exception as error:  # the other cases go on
        fault = Verdict("CRASH", f"the fuzzer cannot make it: {type(error).__name__}", str(error))
        return Judged(index, "", "", fault)
    (folder / "case.txt").write_text(f"{case}\n", errors="backslashreplace")
    verdict = judge(case, folder)
    if verdict.failed:
        (folder / "verdict.txt").write_text(f"{verdict}\n", errors="backslashreplace")
    else:
        subprocess.run(["rm", "-rf", folder], check=True)
    return Judged(index, case.door, case.made, verdict)


_JOB: Job  # set before the workers are forked


def _run_index(index: int) -> Judged:
    return run_one(_JOB, index)


def run_all(job: Job, indices: list[int], jobs: int) -> Iterator[Judged]:
    """All cases, in any order; the workers are forks of this process, in which everything is imported."""
    global _JOB
    _JOB = job
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        yield from pool.imap_unordered(_run_index, indices)


def run_requests(job: Job, indices: list[int], home: Path) -> Iterator[Judged]:
    """Cases for servers, one after the other."""
    from fuzz.served_cases import Servers, served_folders  # needs the extra "serve"

    with Servers(served_folders(job.good, home), home) as servers:
        for found in servers.cases(job.seed, indices, job.keep):
            yield Judged(*found)


def warmed_up(home: Path) -> dict[str, Good]:
    """The good models; making them imports and initialises what a case needs."""
    torch.set_num_threads(1)  # a fork has none of the other threads
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    Image.init()
    good = write_good_models(home)
    gc.freeze()  # a collection would touch, and so copy, the memory that the forks share
    return good


def show_failures(judged: list[Judged], seed: int) -> None:
    """Each fault once, with how often it was found and an index that reproduces it."""
    faults = defaultdict(list)
    for one in judged:
        if one.verdict.failed:
            faults[one.verdict.kind, one.verdict.where].append(one)
    for (kind, where), cases in sorted(faults.items(), key=lambda item: -len(item[1])):
        print(f"\n{kind} ({len(cases)}) {where}")
        for one in sorted(cases)[:3]:
            print(f"  --seed {seed} --index {one.index}: {one.door}: {_short(one.made)}")
            print(f"    {_short(one.verdict.told)} [{one.verdict.seconds:.1f} s, {one.verdict.megabytes} MB]")


def show_some(judged: list[Judged], kind: str, n: int) -> None:
    """Some cases that were accepted, or refused, for a person to judge."""
    chosen = [one for one in judged if one.verdict.kind == kind]
    for one in sorted(random.Random(0).sample(chosen, min(n, len(chosen)))):
        print(f"\n{kind}, --index {one.index}: {one.door}: {_short(one.made)}\n  {one.verdict.told[:1000]}")


def _short(text: str) -> str:
    return ascii(text)[1:400].rstrip("'\"")


def options() -> argparse.Namespace:
    """Of the command line."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=400, help="number of cases: half inputs, half models")
    parser.add_argument("--seed", type=int, default=None, help="by default a random one, which is printed")
    parser.add_argument("--index", type=int, nargs="+", default=None, help="run these cases alone")
    parser.add_argument("--keep", type=Path, required=True, metavar="FOLDER", help="where failures are kept")
    parser.add_argument("--append-to", type=Path, metavar="FILE", help="results file for the summary")
    parser.add_argument("--only", choices=("serve",), help="requests to real servers, in place of files")
    parser.add_argument("--jobs", type=int, choices=(1, 2, 4), default=2, help="worker processes")
    for kind in KINDS[:2]:
        parser.add_argument(
            f"--show-{kind}", type=int, default=0, metavar="N", help=f"show some {kind} cases"
        )
    given = parser.parse_args()
    given.seed = random.randrange(10**6) if given.seed is None else given.seed
    return given


def main() -> int:
    """Run, show progress and a summary; 1 if a case failed."""
    given = options()
    indices = list(range(given.count)) if given.index is None else given.index
    print(f"{len(indices)} cases of seed {given.seed}", flush=True)
    given.keep.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        job = Job(given.seed, warmed_up(Path(home)), given.keep.resolve())
        judged: list[Judged] = []
        start = shown = time.monotonic()
        served = given.only == "serve"
        cases = run_requests(job, indices, Path(home)) if served else run_all(job, indices, given.jobs)
        for one in cases:
            judged.append(one)
            now = time.monotonic()
            if now - shown > 5:
                shown, left = now, (now - start) / len(judged) * (len(indices) - len(judged))
                failed = sum(one.verdict.failed for one in judged)
                print(
                    f"{len(judged)} of {len(indices)}, {failed} failed, {left:.0f} s left",
                    file=sys.stderr,
                )
    show_some(judged, "accepted", given.show_accepted)
    show_some(judged, "refused", given.show_refused)
    show_failures(judged, given.seed)
    counts = Counter(one.verdict.kind for one in judged)
    print(f"\nseed {given.seed}: " + ", ".join(f"{counts[kind]} {kind}" for kind in KINDS))
    if given.append_to is not None:
        only = {} if given.only is None else {"only": given.only}
        found = {"seed": given.seed, "cases": len(judged), **{k: counts[k] for k in KINDS}}
        append_result(given.append_to, {**only, **found})
    failed = any(one.verdict.failed for one in judged)
    if failed:
        print(f"what failed is in {given.keep}/SEED-INDEX")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
