"""SIGKILL at random moments of everything that writes files: the older file or the newer one must be there, whole.

    python -m kill --count 200 --seed 0

The next run must come to the result of an undisturbed one, and leave nothing else. The moments of each piece of work
follow from the seed and its index; ``--first INDEX --count 1`` repeats one. What fails is kept, and the exit
status is 1.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import tempfile
import time
from collections import Counter
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # before torch is imported: threads do not survive a fork

from ama.io.results_files import append_result
from kill.killing import kill_all


def main() -> int:
    """Kill and report; returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=200, help="pieces of work (default: 200)")
    parser.add_argument("--seed", type=int, default=None, help="of the moments; by default a random one")
    parser.add_argument("--first", type=int, default=0, help="index of the first piece (default: 0)")
    parser.add_argument("--append-to", type=Path, metavar="FILE", help="results file for the summary")
    given = parser.parse_args()
    seed = secrets.randbelow(10**6) if given.seed is None else given.seed
    print(f"seed {seed}", flush=True)
    place, started = Path(tempfile.mkdtemp(prefix="ama-kill-")) / "place", time.monotonic()
    pieces, kills, failures = Counter[str](), Counter[str](), []
    for outcome in kill_all(given.count, seed, place, first=given.first):
        pieces[outcome.name] += 1
        kills[outcome.name] += outcome.kills
        if outcome.fault:
            failures.append(outcome)
            print(
                f"FAILED {outcome.name} {outcome.index}: {outcome.fault}; kept in {place / str(outcome.index)}",
                flush=True,
            )
    for name, number in pieces.items():
        print(f"{name:14} {number:5} pieces of work, {kills[name]:5} kills")
    print(
        f"seed {seed}: {sum(pieces.values())} pieces of work, {sum(kills.values())} kills, {len(failures)} failures, "
        f"{time.monotonic() - started:.0f} s"
    )
    if given.append_to is not None:
        done = {name: {"pieces": pieces[name], "kills": kills[name]} for name in pieces}
        append_result(given.append_to, {"seed": seed, "works": done, "failures": len(failures)})
    if not failures:
        shutil.rmtree(place.parent)
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
