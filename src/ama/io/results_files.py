"""Results files: one JSON line per measurement, with the date, the machine, the versions and the commit used."""

from __future__ import annotations

import contextlib
import datetime
import errno
import io
import json
import os
import platform
import stat
from pathlib import Path
from typing import Any

import torch

from ama.errors import InputError
from ama.io.commits import commit
from ama.io.locks import lock
from ama.io.versions import versions
from ama.io.whole_files import check_folder, link_target, naming
from ama.utils.processors import bfloat16_instructions

OF_TABLES = (".csv", ".tsv", ".parquet")  # suffixes of what records are not


def append_result(path: Path, result: dict[str, Any]) -> None:
    """Append a result to a results file, with date, machine, versions and commit; creates missing folders.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    record = {
        **result,
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": versions(),
        "commit": commit(),
    }
    line = json.dumps(record, allow_nan=False).encode() + b"\n"
    with naming(path):
        if not path.parent.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
        # Unbuffered, the line is one write in append mode, so lines of concurrent processes do not mix.
        with path.open("ab", buffering=0) as file:
            lock(file.fileno())
            _write_whole(file, line)


def _write_whole(file: io.FileIO, line: bytes) -> None:
    """Append a line, or nothing if the disk is full."""
    whole = os.fstat(file.fileno()).st_size
    try:
        if (written := file.write(line)) != len(line):
            file.write(line[written:])  # raises the reason
    except OSError:
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            file.truncate(whole)
        raise


def check_appendable(path: Path) -> None:
    """Check, before any work is done, that a line can be appended to a results file.

    Raises
    ------
    InputError
        If the name is that of a table; the file, or the folder to create it in, cannot be written to; or the file
        holds something else, and its name does not end in .jsonl.
    """
    if path.suffix in OF_TABLES:
        raise InputError(f"cannot write {path}: results are lines of JSON, so its name must end in .jsonl")
    with naming(path):
        if path.exists():
            path.open("ab").close()
            if path.suffix != ".jsonl" and path.is_file() and not _may_grow(path):
                raise OSError(errno.EEXIST, "it is no results file: its first line is not a JSON object")
            return
        nearest = next(place for place in path.absolute().parents if place.exists())
        check_folder(nearest)
        link_target(nearest / path.name)


def _may_grow(path: Path) -> bool:
    """Whether a file is empty, or starts with a record, which may be incomplete."""
    with path.open("rb") as file:
        line = file.readline()
    if not line.endswith(b"\n"):
        return line[:1] in (b"", b"{")
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def read_results(path: Path) -> list[dict[str, Any]]:
    """The records of a results file, none if it does not exist; lines that are no complete record are skipped."""
    if not path.exists():
        return []
    records = []
    for line in path.read_bytes().splitlines():
        with contextlib.suppress(ValueError):
            records.append(json.loads(line))
    return [record for record in records if isinstance(record, dict)]


def machine() -> str:
    """Processor model, number of cores, its instructions for bfloat16, and the GPU if there is one."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        models = [
            line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line
        ]
        name = models[0] if models else name
    parts = [name, f"{os.cpu_count()} cores", "+".join(bfloat16_instructions()) or "no bfloat16"]
    if torch.cuda.is_available():
        parts.append(torch.cuda.get_device_name())
    return ", ".join(parts)
