"""Runs a case in a process of its own, under a limit of time and memory, and judges what it did."""

from __future__ import annotations

import dataclasses
import faulthandler
import json
import os
import re
import resource
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import NamedTuple

import ama
from fuzz.cases import Case
from fuzz.doors import DOORS, Outcome

MOST_MEMORY, KILLED_AT = 2**30, 3 * 2**29  # bytes above those at the start
SECONDS = 5.0  # of a processor, or without using one: the clock says little on a machine that others use
LONGEST_LINE = 300
PACKAGE = str(Path(ama.__file__).parent)
PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")
# Words of a library, which say nothing to a user.
FOREIGN = re.compile(r"encountered in|Warning\b|deprecat|Traceback|object at 0x|Errno|<class '")
PROGRESS_BAR = re.compile(r"\w[\w ]*: +\d+%\|")
OUTCOME, STDERR, STACK = "outcome.json", "stderr.txt", "stack.txt"


@dataclasses.dataclass
class Verdict:
    """The judgement of a case.

    Parameters
    ----------
    kind
        "accepted", "refused", or what is wrong.
    where
        The fault in a few words, the same for all cases with this fault.
    told
        What was said and read.
    seconds, megabytes
        What it took.
    """

    kind: str
    where: str
    told: str
    seconds: float = 0.0
    megabytes: int = 0

    @property
    def failed(self) -> bool:
        """Whether the case shows a fault."""
        return self.kind not in ("accepted", "refused")


class _Ended(NamedTuple):
    """How a process ended: by itself (""), or killed for a reason; its wait status, seconds and bytes."""

    killed: str
    status: int
    seconds: float
    memory: int


def judge(case: Case, folder: Path) -> Verdict:
    """Run a case in ``folder/run``, and judge it."""
    here = folder / "run"
    here.mkdir()
    ended = _watch(case, here)
    stderr = (here / STDERR).read_bytes() if (here / STDERR).exists() else b""
    lines = stderr[:100_000].decode("utf-8", "replace").splitlines()
    verdict = _judged(case, here, ended, lines)
    verdict.seconds, verdict.megabytes = ended.seconds, ended.memory // 2**20
    if not verdict.failed and ended.memory > MOST_MEMORY:
        verdict = dataclasses.replace(
            verdict, kind="MEMORY", where=f"{case.door} ends, but needs more than 1 GiB"
        )
    return verdict


def _judged(case: Case, here: Path, ended: _Ended, lines: list[str]) -> Verdict:
    said = " | ".join(line[:LONGEST_LINE] for line in lines[-8:])
    if ended.killed:
        if case.endless and ended.killed == "HANG":
            return Verdict("accepted", "", f"still reading after {SECONDS:g} s, in bounded memory")
        return Verdict(ended.killed, _stack(here), said)
    if not (here / OUTCOME).exists():
        reason = signal.Signals(ended.status).name if ended.status else "exit without a result"
        return Verdict("CRASH", f"{reason} in {_stack(here)}", said)
    found = json.loads((here / OUTCOME).read_text())
    if "exception" in found:
        return Verdict("TRACEBACK", found["where"], found["exception"])
    outcome = Outcome(**found)
    lines = lines + outcome.lines
    if "'progress'" in case.made:  # it was asked for
        lines = [line for line in lines if line and not PROGRESS_BAR.match(line)]
    if what := fault(lines, outcome.status):
        return Verdict("LINE", what, " | ".join(line[: 2 * LONGEST_LINE] for line in lines[-8:]))
    if outcome.wrong:
        return Verdict("WRONG", f"{case.door}: {outcome.wrong[:100]}", outcome.told)
    if outcome.status:
        return Verdict("refused", "", lines[-1])
    return Verdict("accepted", "", " | ".join([outcome.told, *lines]))


def fault(lines: list[str], status: int) -> str:
    """What is wrong with the lines that were said, or ""."""
    for line in lines:
        if not line.startswith("ama: "):
            return f"not a line of ama: {re.sub(r'[0-9]+', '#', line)[:60]!r}"
        if len(line) > LONGEST_LINE:
            return f"a line of more than {LONGEST_LINE} characters: {line[:40]!r}"
        if not line.isprintable():
            return "a line with characters that are not printable"
        if found := FOREIGN.search(line):
            return f"the words of a library: {found[0]!r} in {re.sub(r'[0-9]+', '#', line)[:60]!r}"
    if status not in (0, 1, 2):
        return f"exit status {status}"
    errors = [line for line in lines if not line.startswith(("ama: note: ", "ama: learning from "))]
    if status and len(errors) != 1:
        return f"{len(errors)} lines of error"
    return ""


def _watch(case: Case, here: Path) -> _Ended:
    """Run a case in a fork, and kill it when it goes beyond a limit."""
    start = active = time.monotonic()
    idle, _ = _memory_and_time(
        os.getpid()
    )  # the fork begins with as much, and may have ended before it is asked
    pid = os.fork()
    if not pid:
        _run(case, here)
    killed, peak, used = "", idle, 0.0
    while True:
        done, status, usage = os.wait4(pid, os.WNOHANG)
        if done:
            break
        memory, seconds = _memory_and_time(pid)
        peak = max(peak, memory)
        if seconds > used:
            used, active = seconds, time.monotonic()
        if not killed and memory - idle > KILLED_AT:
            killed = "MEMORY"
        elif not killed and (seconds > SECONDS or time.monotonic() - active > SECONDS):
            killed = "HANG"
        if killed:
            _kill(pid)
        time.sleep(0.004)
    peak = max(peak, usage.ru_maxrss * 1024)
    return _Ended(killed, status, time.monotonic() - start, max(0, peak - idle))


def _memory_and_time(pid: int) -> tuple[int, float]:
    """Bytes and seconds of a processor of a running process."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (OSError, IndexError):  # it has just ended
        return 0, 0.0
    return pages * PAGE, (int(fields[11]) + int(fields[12])) / TICKS


def _kill(pid: int) -> None:
    """Kill a process, which first writes where it is."""
    os.kill(pid, signal.SIGUSR1)
    time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)


def _run(case: Case, here: Path) -> None:
    """What a fork does: read the case, and write what became of it."""
    stack = (here / STACK).open("w")
    faulthandler.enable(stack)
    faulthandler.register(signal.SIGUSR1, stack)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for number, name in ((1, "stdout.txt"), (2, STDERR)):
        os.dup2(os.open(here / name, os.O_CREAT | os.O_WRONLY), number)
    os.chdir(here)
    try:
        found = dataclasses.asdict(DOORS[case.door](case, here))
    except BaseException as error:
        text = f"{type(error).__name__}: {error}"[:300]
        (here / "traceback.txt").write_text(traceback.format_exc()[-20_000:], errors="backslashreplace")
        found = {"exception": text, "where": f"{type(error).__name__} in {_frame(error)}"}
    sys.stderr.flush()
    (here / OUTCOME).write_text(json.dumps(found))
    os._exit(0)


def _frame(error: BaseException) -> str:
    """The innermost function of the package in a traceback."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(PACKAGE)]
    return f"{frames[-1].filename.removeprefix(PACKAGE)[1:]}:{frames[-1].name}" if frames else "a library"


def _stack(here: Path) -> str:
    """The same, from what faulthandler wrote."""
    found = re.findall(rf'File "{re.escape(PACKAGE)}/([^"]+)", line \d+ in (\w+)', (here / STACK).read_text())
    return ":".join(found[0]) if found else "a library"
