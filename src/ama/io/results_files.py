"""Results files: one JSON line per measurement, with the date, the machine and the versions used."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import platform
from pathlib import Path
from typing import Any

from ama.errors import InputError
from ama.io.versions import versions


def append_result(path: Path, result: dict[str, Any]) -> None:
    """Append a result to a results file, with the date, the machine and the versions; creates missing folders.

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
    }
    try:
        if not path.parent.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
        # Unbuffered, the line is one write in append mode, so lines of concurrent processes do not mix.
        with path.open("ab", buffering=0) as file:
            file.write(json.dumps(record, allow_nan=False).encode() + b"\n")
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from error


def check_appendable(path: Path) -> None:
    """Check, before any work is done, that a line can be appended to a results file.

    Raises
    ------
    InputError
        If the file, or the folder to create it in, cannot be written to.
    """
    if path.is_dir():
        raise InputError(f"cannot write {path}: it is a folder")
    nearest = next(place for place in (path, *path.absolute().parents) if place.exists())
    if not os.access(nearest, os.W_OK) or (nearest != path and not nearest.is_dir()):
        raise InputError(f"cannot write {path}: {nearest} cannot be written to")


def read_results(path: Path) -> list[dict[str, Any]]:
    """The records of a results file, none if it does not exist; incomplete lines are skipped."""
    if not path.exists():
        return []
    records = []
    for line in path.read_bytes().splitlines():
        with contextlib.suppress(ValueError):
            records.append(json.loads(line))
    return records


def machine() -> str:
    """Processor model and number of cores."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        models = [
            line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line
        ]
        name = models[0] if models else name
    return f"{name}, {os.cpu_count()} cores"
